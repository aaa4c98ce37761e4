#pragma once

#include <linux/netlink.h>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>

#include "core/error.hpp"
#include "core/result.hpp"

struct mnl_socket;

namespace xdpcap::os {

// Room for one netlink request; messages are built in it with libmnl.
struct NetlinkMessage {
  alignas(NLMSG_ALIGNTO) std::array<char, 4096> bytes{};

  // Begins a request; NLM_F_REQUEST and NLM_F_ACK are added to `flags`.
  nlmsghdr* begin(std::uint16_t type, std::uint16_t flags) noexcept;
};

// Calls `visit` for each attribute of a message whose own header takes `header_bytes`,
// or for each attribute inside another one.
using AttributeVisitor = std::function<void(const nlattr&)>;
void each_attribute(const nlmsghdr& message, std::size_t header_bytes,
                    const AttributeVisitor& visit);
void each_nested(const nlattr& attribute, const AttributeVisitor& visit);

// A netlink socket of the network namespace the calling thread is in when it
// opens it. Cold path, one thread.
class Netlink {
 public:
  using Visitor = std::function<void(const nlmsghdr&)>;

  static Result<Netlink, Error> open(int protocol = NETLINK_ROUTE);

  // Sends and waits for the whole answer; `visit` sees each message of it.
  // Answers 0 or the kernel's errno.
  int request(nlmsghdr& message, const Visitor& visit = {});

 private:
  struct Close {
    void operator()(mnl_socket* socket) const noexcept;
  };
  explicit Netlink(mnl_socket* socket) noexcept : socket_(socket) {}

  std::unique_ptr<mnl_socket, Close> socket_;
  unsigned sequence_ = 0;
};

} // namespace xdpcap::os
