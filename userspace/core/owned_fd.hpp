#pragma once

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/check.hpp"

namespace xdpcap {

// A file descriptor that is closed with its owner; -1 is none.
class OwnedFd {
 public:
  OwnedFd() noexcept = default;
  explicit OwnedFd(int fd) noexcept : fd_(fd) { XDPCAP_DCHECK(fd >= -1); }
  ~OwnedFd() { reset(); }

  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;

  [[nodiscard]] int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  // Gives it out of hand: the caller closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void reset() noexcept {
    if (fd_ < 0) return;
    const bool closed = ::close(std::exchange(fd_, -1)) == 0 || errno != EBADF;
    XDPCAP_CHECK(closed); // else it was closed before: next time it may be another's by then
  }

 private:
  int fd_ = -1;
};

} // namespace xdpcap
