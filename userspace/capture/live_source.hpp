#pragma once

#include <poll.h>

#include <cstddef>
#include <vector>

#include "capture/xsk_source.hpp"

namespace xdpcap::capture {

// All the sockets one worker reads, as one FrameSource: in turn, so that a busy
// queue does not starve a quiet one, and with one wait for all of them. Borrows
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
  // The next source that has something, or null.
  [[nodiscard]] XskSource* ready() noexcept;
  // The next one that is not finished; any, when all are.
  [[nodiscard]] XskSource& unfinished() noexcept;

  std::vector<XskSource*> sources_; // never empty
  std::vector<pollfd> events_;
  std::size_t next_ = 0;
};

} // namespace xdpcap::capture
