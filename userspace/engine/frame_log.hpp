#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "capture/file/pcapng_writer.hpp"
#include "core/block_lane.hpp"
#include "core/check.hpp"
#include "core/counters.hpp"
#include "wire/frame.hpp"

namespace xdpcap::engine {

enum class FrameLogCount : std::uint8_t {
  logged,  // on their way to the file
  dropped, // the disk was slower than the wire
  count_,
};

// The frames of one worker on their way to the file of -w. The worker copies
// them into blocks and never waits; a full lane drops and counts. One writing
// thread (the worker), one reading thread (the FrameLogWriter's).
class FrameLog {
 public:
  explicit FrameLog(std::size_t blocks);

  // Worker.
  void add(const wire::Frame& frame) noexcept;
  // At the end of each burst, and at the end of the capture.
  void offer() noexcept { blocks_.offer(); }
  void flush() noexcept { blocks_.flush(); }

  // Writer: the frames of the next block, oldest first, or nothing. They live
  // until recycle().
  [[nodiscard]] bool next(std::vector<wire::Frame>& frames) noexcept;
  void recycle() noexcept { blocks_.recycle(); }

  [[nodiscard]] const Counters<FrameLogCount>& counters() const noexcept { return counters_; }

 private:
  static constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

  BlockLane blocks_;
  Counters<FrameLogCount> counters_;
};

// The thread that writes what all workers logged to a pcapng file. The first
// failure (a full disk) ends the writing, is kept, and returned by stop(); frames
// are thrown away from then on, and counted as such.
class FrameLogWriter {
 public:
  FrameLogWriter(capture::PcapngWriter writer, std::size_t workers, std::size_t blocks_per_worker);
  ~FrameLogWriter();

  [[nodiscard]] FrameLog& log(std::size_t worker) noexcept {
    XDPCAP_CHECK(worker < logs_.size());
    return *logs_[worker];
  }
  // `confine` is called first, on the thread that writes.
  void start(std::function<void()> confine);
  // Frames that are in the file, and those that are not: there was no room on their way, the disk
  // was full, or the file does not know their interface. The rest is under way, until stop(). Any
  // thread.
  [[nodiscard]] std::uint64_t written() const noexcept {
    return written_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t dropped() const noexcept;
  // Writes what is left and closes the file. After the workers have ended.
  Result<void, Error> stop();
  [[nodiscard]] bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }
  // Why, once it has.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

 private:
  void run() noexcept;
  bool write_some() noexcept;
  void set_failure();
  void count();

  capture::PcapngWriter writer_;
  std::vector<std::unique_ptr<FrameLog>> logs_;
  std::vector<wire::Frame> scratch_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> failed_{false};
  std::uint64_t read_ = 0, refused_ = 0; // frames, by the thread that writes
  std::atomic<std::uint64_t> written_{0}, lost_{0};
  std::string failure_;
  std::thread thread_;
};

} // namespace xdpcap::engine
