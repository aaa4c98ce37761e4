#pragma once

#include <optional>
#include <string>
#include <vector>

struct nlmsghdr;

namespace xdpcap::capture {

// The interfaces that the route in an RTM_NEWROUTE message leads out of.
std::vector<unsigned> outgoing_interfaces(const nlmsghdr& message);

// The interface that packets to `address` (text, IPv4 or IPv6) leave by.
std::optional<unsigned> interface_towards(const std::string& address);

// The other end of the SSH session this process was started from, if any: sshd
// says so in SSH_CONNECTION, which sudo removes, so the ancestors are asked too.
std::optional<std::string> ssh_peer();

} // namespace xdpcap::capture
