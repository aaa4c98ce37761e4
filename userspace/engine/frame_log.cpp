#include "engine/frame_log.hpp"

#include <pthread.h>

#include <cstring>
#include <utility>

namespace xdpcap::engine {
namespace {

constexpr auto kRetryAfter = std::chrono::milliseconds{20};

} // namespace

FrameLog::FrameLog(std::size_t blocks) : blocks_(blocks, kBlockBytes) {}

void FrameLog::add(const wire::Frame& frame) noexcept {
  std::byte* const at = blocks_.append(sizeof frame + frame.bytes.size());
  if (at == nullptr) return counters_.add(FrameLogCount::dropped);
  std::memcpy(at, &frame, sizeof frame);
  if (!frame.bytes.empty()) std::memcpy(at + sizeof frame, frame.bytes.data(), frame.bytes.size());
  counters_.add(FrameLogCount::logged);
}

bool FrameLog::next(std::vector<wire::Frame>& frames) noexcept {
  const std::span<std::byte> block = blocks_.next();
  if (block.empty()) return false;
  frames.clear();
  std::size_t at = 0;
  while (at < block.size()) {
    std::byte* const place = block.data() + at;
    wire::Frame frame;
    std::memcpy(&frame, place, sizeof frame);
    frame.bytes = Bytes{place + sizeof frame, frame.bytes.size()};
    frames.push_back(frame);
    at += BlockLane::round_up(sizeof frame + frame.bytes.size());
  }
  XDPCAP_CHECK(at == block.size());
  return true;
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
    if (!write_some()) std::this_thread::sleep_for(kRetryAfter);
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
