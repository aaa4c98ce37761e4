#include "engine/frame_log.hpp"

#include <pthread.h>

#include <cstring>
#include <utility>

namespace xdpcap::engine {
namespace {

constexpr auto kTimeout = std::chrono::milliseconds{20};

std::size_t room_for(const wire::Frame& frame) noexcept {
  return sizeof(wire::Frame) + (frame.bytes.size() + 15) / 16 * 16;
}

} // namespace

FrameLog::FrameLog(std::size_t blocks)
    : memory_(blocks * kBlockBytes), filled_(blocks), free_(blocks) {
  XDPCAP_CHECK(blocks != 0 && blocks < kNone);
  for (std::size_t i = 0; i < blocks; ++i) give(free_, static_cast<std::uint32_t>(i));
}

void FrameLog::add(const wire::Frame& frame) noexcept {
  const std::size_t need = room_for(frame);
  if (open_ && used_ + need > kBlockBytes) flush();
  if (!open_) {
    const auto next = free_.pop();
    if (!next || need > kBlockBytes) {
      if (next) give(free_, *next);
      counters_.add(FrameLogCount::dropped);
      return;
    }
    current_ = *next;
    used_ = 0;
    open_ = true;
  }
  XDPCAP_CHECK(used_ + need <= kBlockBytes);
  std::byte* at = block(current_) + used_;
  std::memcpy(at, &frame, sizeof frame);
  std::memcpy(at + sizeof frame, frame.bytes.data(), frame.bytes.size());
  used_ += need;
  counters_.add(FrameLogCount::logged);
}

void FrameLog::flush() noexcept {
  if (!open_ || used_ == 0) return;
  give(filled_, Block{current_, static_cast<std::uint32_t>(used_)});
  open_ = false;
}

bool FrameLog::next(std::vector<wire::Frame>& frames) noexcept {
  XDPCAP_CHECK(reading_ == kNone); // the block before is recycled
  const auto filled = filled_.pop();
  if (!filled) return false;
  frames.clear();
  XDPCAP_CHECK(filled->used <= kBlockBytes);
  std::size_t at = 0;
  while (at < filled->used) {
    std::byte* const place = block(filled->index) + at;
    wire::Frame frame;
    std::memcpy(&frame, place, sizeof frame);
    frame.bytes = Bytes{place + sizeof frame, frame.bytes.size()};
    frames.push_back(frame);
    at += room_for(frame);
  }
  XDPCAP_CHECK(at == filled->used);
  reading_ = filled->index;
  return true;
}

void FrameLog::recycle() noexcept {
  XDPCAP_CHECK(reading_ != kNone);
  give(free_, std::exchange(reading_, kNone));
}

FrameLogWriter::FrameLogWriter(capture::PcapngWriter writer, std::size_t workers,
                               std::size_t blocks_per_worker)
    : writer_(std::move(writer)) {
  for (std::size_t i = 0; i < workers; ++i)
    logs_.push_back(std::make_unique<FrameLog>(blocks_per_worker));
}

FrameLogWriter::~FrameLogWriter() {
  if (thread_.joinable()) (void)stop();
}

void FrameLogWriter::start(std::function<void()> confine) {
  XDPCAP_CHECK(!thread_.joinable() && !stopping_);
  thread_ = std::thread([this, confine = std::move(confine)] {
    ::pthread_setname_np(::pthread_self(), "xdpcap-log");
    confine();
    run();
  });
}

bool FrameLogWriter::write_some() noexcept {
  bool wrote = false;
  for (const auto& log : logs_) {
    while (log->next(scratch_)) {
      for (const wire::Frame& frame : scratch_) {
        if (!failed_ && !writer_.write(frame)) ++refused_;
        if (writer_.failed() && !failed_) set_failure();
      }
      read_ += scratch_.size();
      log->recycle();
      count();
      wrote = true;
    }
  }
  return wrote;
}

void FrameLogWriter::set_failure() {
  if (const auto flushed = writer_.flush(); !flushed.ok()) failure_ = flushed.error().message;
  failed_.store(true, std::memory_order_release);
}

void FrameLogWriter::count() {
  XDPCAP_CHECK(writer_.frames_written() + refused_ <= read_);
  written_ = writer_.frames_written();
  lost_ = writer_.failed() ? read_ - writer_.frames_written() : refused_;
}

std::uint64_t FrameLogWriter::dropped() const noexcept {
  std::uint64_t dropped = lost_.load(std::memory_order_relaxed);
  for (const auto& log : logs_) dropped += log->counters().get(FrameLogCount::dropped);
  return dropped;
}

void FrameLogWriter::run() noexcept {
  while (!stopping_) {
    if (!write_some()) std::this_thread::sleep_for(kTimeout);
  }
  write_some();
}

Result<void, Error> FrameLogWriter::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  auto closed = writer_.close();
  count();
  return closed;
}

} // namespace xdpcap::engine
