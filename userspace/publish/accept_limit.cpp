#include "publish/accept_limit.hpp"

#include <fmt/core.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>

namespace xdpcap::publish {
namespace {

// For threads that open something for a moment, and for ZeroMQ's own.
constexpr std::size_t kForOthers = 48;
constexpr std::size_t kConnectionsLeast = 8;

std::atomic<int> largest_descriptor{INT_MAX}; // of a connection
std::atomic<int> reserve{-1}; // given up to accept, and close, one that waits when all are in use
std::atomic<std::uint64_t> refused{0};

int refuse(int fd) noexcept {
  if (fd >= 0) ::close(fd);
  refused.fetch_add(1, std::memory_order_relaxed);
  errno = ECONNABORTED;
  return -1;
}

int accept_within_limit(int listener, sockaddr* address, socklen_t* size, int flags) noexcept {
  const auto kernel_accept = [&] {
    return static_cast<int>(::syscall(SYS_accept4, listener, address, size, flags));
  };
  const int limit = largest_descriptor.load(std::memory_order_relaxed);
  const int fd = kernel_accept();
  if (limit == INT_MAX || (fd >= 0 && fd <= limit)) return fd;
  if (fd >= 0) return refuse(fd);
  if (errno != EMFILE) return fd;
  // Left in the queue it would wake the thread for ever.
  ::close(reserve.exchange(-1));
  const int taken = kernel_accept();
  if (taken >= 0) ::close(taken);
  reserve = ::eventfd(0, EFD_CLOEXEC);
  return refuse(-1);
}

} // namespace

Result<void, Error> limit_connections(std::size_t connections_max) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = 1024;
  const int next = ::eventfd(0, EFD_CLOEXEC); // the lowest number that is free
  const auto in_use = static_cast<std::size_t>(std::max(next, 0));
  const std::size_t room = std::min<rlim_t>(limit.rlim_cur, INT_MAX);
  if (next < 0 || room < in_use + 2 * kForOthers + kConnectionsLeast) {
    if (next >= 0) ::close(next);
    return Error{ExitCode::environment,
                 fmt::format("{} descriptors are too few to publish: {} are in use, {} more are "
                             "needed; raise the limit "
                             "(ulimit -n, or LimitNOFILE= of a service)",
                             room, in_use, 2 * kForOthers + kConnectionsLeast)};
  }
  const int before = reserve.exchange(next);
  if (before >= 0) ::close(before);
  const std::size_t connections = std::min(connections_max, room - in_use - 2 * kForOthers);
  largest_descriptor = static_cast<int>(in_use + kForOthers + connections);
  return {};
}

std::uint64_t connections_refused() noexcept {
  return refused.load(std::memory_order_relaxed);
}

} // namespace xdpcap::publish

extern "C" {

int accept4(int listener, sockaddr* address, socklen_t* size, int flags) {
  return xdpcap::publish::accept_within_limit(listener, address, size, flags);
}

int accept(int listener, sockaddr* address, socklen_t* size) {
  return xdpcap::publish::accept_within_limit(listener, address, size, 0);
}
}
