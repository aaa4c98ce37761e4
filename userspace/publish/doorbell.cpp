#include "publish/doorbell.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace xdpcap::publish {

Doorbell::Doorbell() : event_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (event_fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Doorbell::~Doorbell() {
  ::close(event_fd_);
}

void Doorbell::wake() noexcept {
  const std::uint64_t one = 1;
  // Fails when the counter is full: then it is awake already. Whatever else the kernel refuses,
  // sleep() ends after its time.
  [[maybe_unused]] const auto written = ::write(event_fd_, &one, sizeof one);
}

void Doorbell::sleep(std::chrono::milliseconds timeout) noexcept {
  pollfd waiting{event_fd_, POLLIN, 0};
  ::poll(&waiting, 1, static_cast<int>(timeout.count()));
  std::uint64_t rings = 0;
  [[maybe_unused]] const auto got = ::read(event_fd_, &rings, sizeof rings);
}

} // namespace xdpcap::publish
