#pragma once

#include <string>
#include <vector>

#include "capture/nic/links.hpp"

namespace xdpcap::capture {

// Everything in this network namespace that may point at an interface. What the
// kernel would not list is named in `unreadable`: then nobody knows.
struct HostPicture {
  struct Address {
    unsigned ifindex = 0;
    std::string text;
    bool is_link_local = false;
  };
  struct Target { // a route or a next hop that leads out of an interface, a neighbour behind it
    unsigned ifindex = 0;
    std::string text;
  };
  std::vector<Link> links;
  std::vector<Link> elsewhere; // of other namespaces, as far as this one has numbers for them
  std::vector<Address> addresses;
  std::vector<Target> routes; // text: "default", or the destination
  std::vector<unsigned> next_hops;
  std::vector<Target> neighbours;
  std::vector<unsigned> extra_macs; // asked to receive for more MAC addresses than their own
  std::vector<std::string> ruled;   // named by a policy rule
  std::vector<std::string> pppoe;   // a PPPoE session runs over them
  std::vector<std::string> forwarding;
  std::vector<unsigned> programmed; // a tc program or an XDP program of somebody sits there
  std::vector<std::string> unreadable;
};

// Why the host needs what arrives at `link`, a clause each, the most telling first.
// Empty: nothing points there. What sits above it (bridge, bond, VLAN) counts as well.
std::vector<std::string> uses_of(const HostPicture& host, const Link& link);

// Asks the kernel; settings and programs only of the interface and what sits above it.
// No privilege is needed; some things are only seen with CAP_NET_ADMIN.
HostPicture look_at_host(unsigned ifindex);

} // namespace xdpcap::capture
