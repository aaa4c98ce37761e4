#include "capture/file/pcap_source.hpp"

#include <algorithm>
#include <utility>

#include "capture/frame_source.hpp"

namespace xdpcap::capture {

static_assert(FrameSource<PcapSource>);

namespace {
// A full burst of jumbo frames beside the one that may come next.
constexpr std::size_t kRoomBytes = 2 * frame_bytes_max;
} // namespace

Instant RoundClock::of(Instant recorded) noexcept {
  if (!first_) first_ = recorded;
  if (!std::exchange(round_begun_, true) && now_ != Instant{}) shift_ = now_ + pause - *first_;
  const Instant instant = recorded + shift_;
  now_ = std::max(now_, instant);
  return instant;
}

void RoundClock::next_round() noexcept {
  round_begun_ = false;
}

PcapSource::PcapSource(CaptureFile file) : file_(std::move(file)), room_(kRoomBytes) {}

Result<PcapSource, Error> PcapSource::open(const std::string& path) {
  Result<CaptureFile, Error> file = CaptureFile::open(path);
  if (!file.ok()) return std::move(file).error();
  return PcapSource{std::move(file).value()};
}

PcapSource::Burst PcapSource::receive() noexcept {
  std::span<std::byte> room{room_.data(), room_.size()};
  std::size_t count = 0;
  while (count < burst_max && room.size() >= frame_bytes_max && !finished_ &&
         (count == 0 || file_.is_ready())) {
    wire::Frame& frame = frames_[count];
    if (file_.next(room.first(frame_bytes_max), frame) != ReadState::frame) {
      finished_ = true;
      break;
    }
    frame.arrived = clock_.of(frame.arrived);
    room = room.subspan(frame.bytes.size());
    ++count;
  }
  return {{frames_.data(), count}, clock_.now()};
}

bool PcapSource::rewind() {
  if (!file_.rewind().ok()) return false;
  clock_.next_round();
  finished_ = false;
  return true;
}

} // namespace xdpcap::capture
