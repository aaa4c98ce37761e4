#pragma once

#include <functional>
#include <optional>

#include "host/socket.hpp"

struct nlmsghdr;

namespace xdpcap::host {

// The socket that one message of NETLINK_SOCK_DIAG is about (struct inet_diag_msg and
// its attributes); nothing where it is too short for one. Older kernels send less of
// what they know, newer ones more.
std::optional<Socket> parse_socket(const nlmsghdr& message, SocketProtocol protocol);

// Hands on every TCP and UDP socket of the network namespace that the calling thread
// is in, in all states; needs no privilege. `at`, namespace and process are the
// caller's to fill in. Answers 0 or the kernel's errno; what was handed on then stays true.
using SocketVisitor = std::function<void(Socket&&)>;
int dump_sockets(const SocketVisitor& visit);

} // namespace xdpcap::host
