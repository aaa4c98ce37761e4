#include "os/network_namespace.hpp"

#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <thread>

#include "core/errors.hpp"

namespace xdpcap::os {

Result<NetworkNamespace, Error> NetworkNamespace::create() {
  OwnedFd fd;
  int error = 0;
  // A namespace belongs to a thread: this one makes it and goes, the descriptor stays.
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) != 0) {
      error = errno;
      return;
    }
    fd = OwnedFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!fd) error = errno;
  }).join();
  if (error == EPERM) {
    return privilege(
        "tap mode needs CAP_SYS_ADMIN at start, for the private network namespace that makes its "
        "clean-up safe; "
        "run it with sudo, or use --mode mirror on a port that is all yours");
  }
  if (error != 0) return environment("no network namespace can be made: {}", errno_text(error));
  return NetworkNamespace(std::move(fd));
}

Result<void, Error> NetworkNamespace::run(const std::function<void()>& work) const {
  int error = 0;
  std::thread([&] {
    if (::setns(fd_.get(), CLONE_NEWNET) != 0) {
      error = errno;
      return;
    }
    work();
  }).join();
  if (error != 0)
    return environment("the tap's network namespace cannot be entered: {}", errno_text(error));
  return {};
}

} // namespace xdpcap::os
