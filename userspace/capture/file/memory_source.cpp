#include "capture/file/memory_source.hpp"

#include <algorithm>

#include "capture/frame_source.hpp"

namespace xdpcap::capture {

static_assert(FrameSource<MemorySource>);

MemorySource::MemorySource(std::span<const wire::Frame> frames, std::size_t repeat_count)
    : repeats_left_(frames.empty() ? 0 : repeat_count) {
  for (const wire::Frame& frame : frames) add(frame);
  rewind();
}

Result<MemorySource, Error> MemorySource::load(const std::string& path, std::size_t repeat_count) {
  Result<CaptureFile, Error> file = CaptureFile::open(path);
  if (!file.ok()) return std::move(file).error();
  MemorySource source;
  std::vector<std::byte> room(frame_bytes_max);
  for (wire::Frame frame; file->next(room, frame) == ReadState::frame;) source.add(frame);
  if (std::optional<Error> trouble = file->trouble()) return *std::move(trouble);
  source.repeats_left_ = source.frames_.empty() ? 0 : repeat_count;
  source.rewind();
  return source;
}

void MemorySource::add(const wire::Frame& frame) {
  bytes_.insert(bytes_.end(), frame.bytes.begin(), frame.bytes.end());
  frames_.push_back(frame);
}

// Only now does bytes_ stay where it is.
void MemorySource::rewind() noexcept {
  std::size_t at = 0;
  for (wire::Frame& frame : frames_) {
    frame.bytes = {bytes_.data() + at, frame.bytes.size()};
    at += frame.bytes.size();
  }
}

MemorySource::Burst MemorySource::receive() noexcept {
  const std::size_t count = finished() ? 0 : std::min(burst_max, frames_.size() - next_);
  for (std::size_t i = 0; i < count; ++i) {
    burst_[i] = frames_[next_ + i];
    burst_[i].arrived = clock_.of(burst_[i].arrived);
  }
  next_ += count;
  if (count != 0 && next_ == frames_.size()) {
    next_ = 0;
    --repeats_left_;
    clock_.next_round();
  }
  return {{burst_.data(), count}, clock_.now()};
}

} // namespace xdpcap::capture
