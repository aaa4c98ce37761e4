#pragma once

#include <linux/netlink.h>

#include <functional>
#include <memory>

struct mnl_socket;

namespace xdpcap::host {

// A netlink socket of the network namespace that the calling thread is in when it
// opens it. One thread.
class Netlink {
 public:
  // Not open where the kernel refused; error() says why.
  explicit Netlink(int protocol);

  [[nodiscard]] bool is_open() const noexcept { return socket_ != nullptr; }
  [[nodiscard]] int error() const noexcept { return error_; }

  // Sends a request for a dump and hands on each message of the answer. Answers 0 or
  // the kernel's errno; after an error the socket is of no more use.
  using Visitor = std::function<void(const nlmsghdr&)>;
  int dump(nlmsghdr& request, const Visitor& visit);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const noexcept;
  };
  std::unique_ptr<mnl_socket, Close> socket_;
  int error_ = 0;
  unsigned sequence_ = 0;
};

} // namespace xdpcap::host
