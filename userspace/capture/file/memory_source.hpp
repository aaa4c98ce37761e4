#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "capture/file/pcap_source.hpp"
#include "core/error.hpp"
#include "core/result.hpp"
#include "wire/frame.hpp"

namespace xdpcap::capture {

// Frames in memory as a FrameSource, played a number of times: what a file costs
// to read is paid before, so that only the stages behind are measured. One thread.
class MemorySource {
 public:
  using Burst = FileBurst;
  static constexpr std::size_t burst_max = 64;

  // Copies `frames`.
  explicit MemorySource(std::span<const wire::Frame> frames, std::size_t repeat_count = 1);
  // The whole of a capture file (see CaptureFile::open()), whose end must be in order.
  static Result<MemorySource, Error> load(const std::string& path, std::size_t repeat_count = 1);

  [[nodiscard]] Burst receive() noexcept;
  [[nodiscard]] bool is_ready() const noexcept { return !finished(); }
  [[nodiscard]] bool finished() const noexcept { return repeats_left_ == 0; }

  // Of one round.
  [[nodiscard]] std::size_t size() const noexcept { return frames_.size(); }

 private:
  MemorySource() = default;
  void add(const wire::Frame& frame);
  void rewind() noexcept;

  std::vector<std::byte> bytes_;
  std::vector<wire::Frame> frames_; // their bytes lie in bytes_ one after the other
  std::size_t next_ = 0;
  std::size_t repeats_left_ = 0;
  std::array<wire::Frame, burst_max> burst_;
  RoundClock clock_;
};

} // namespace xdpcap::capture
