#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <vector>

#include "capture/afxdp/xsk_source.hpp"

namespace xdpcap::capture {

// All the sockets one worker reads, as one FrameSource: in turn, so that a busy
// queue does not starve a quiet one, and with one wait for all of them. Under load
// it moderates wake-ups as network cards do: frames of some ten microseconds
// become one burst, one wake-up and one batch. Borrows
// the sources from the LiveCapture that made it. One thread.
class LiveSource {
 public:
  using Burst = XskSource::Burst;

  explicit LiveSource(std::vector<XskSource*> sources);

  [[nodiscard]] Burst receive() noexcept;
  [[nodiscard]] bool is_ready() const noexcept;

  // Each of them is: a worker goes on while something is left.
  [[nodiscard]] bool finished() const noexcept;

  [[nodiscard]] const std::vector<XskSource*>& sources() const noexcept { return sources_; }

 private:
  // Waits until it is time to look for frames again.
  void moderate() noexcept;
  // The next source that has something, or null.
  [[nodiscard]] XskSource* ready() noexcept;
  // The next one that is not finished; any, when all are.
  [[nodiscard]] XskSource& unfinished() noexcept;

  std::vector<XskSource*> sources_; // never empty
  std::vector<pollfd> events_;
  std::size_t next_ = 0;
  std::chrono::steady_clock::time_point next_look_{};
};

} // namespace xdpcap::capture
