#pragma once

#include <functional>

#include "core/error.hpp"
#include "core/owned_fd.hpp"
#include "core/result.hpp"

namespace xdpcap::os {

// A network namespace without a name, held by this process alone: a descriptor
// here, and whatever sockets were opened inside. When the process ends, by any
// signal, the kernel removes the namespace and every device in it.
class NetworkNamespace {
 public:
  // Needs CAP_SYS_ADMIN.
  static Result<NetworkNamespace, Error> create();

  // Runs `work` on a thread of its own that lives in the namespace, and waits for
  // it. Sockets opened there stay in the namespace.
  Result<void, Error> run(const std::function<void()>& work) const;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  explicit NetworkNamespace(OwnedFd fd) noexcept : fd_(std::move(fd)) {}

  OwnedFd fd_;
};

} // namespace xdpcap::os
