#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/result.hpp"

struct nlmsghdr;

namespace xdpcap::capture {

// Counters every driver keeps (rtnl_link_stats64), since the device was made.
struct LinkStatistics {
  std::uint64_t rx_packets = 0, rx_dropped = 0, rx_missed = 0, tx_packets = 0, tx_dropped = 0;
};

// One interface as rtnetlink shows it.
struct Link {
  unsigned index = 0;
  std::string name;
  std::string kind;                // "veth", "vlan", "bridge", ...; empty for hardware
  std::uint16_t hardware_type = 0; // ARPHRD_*
  std::uint32_t mtu = 0;
  bool up = false;
  bool running = false;
  unsigned master = 0;             // the bridge or bond it is a port of
  unsigned below = 0;              // the interface it sits on (VLAN, macvlan); for a veth its peer
  bool below_is_elsewhere = false; // `below` is a number of another network namespace
  LinkStatistics statistics;
};

// All interfaces of this network namespace.
Result<std::vector<Link>, Error> all_links();
// One of them, by a message of its own; ENODEV: it is gone, or was never here.
Result<Link, int> link_now(unsigned ifindex);
std::optional<Link> find_link(const std::vector<Link>& links, std::string_view name);

// The link an RTM_NEWLINK or RTM_DELLINK message is about.
Link parse_link(const nlmsghdr& message);

// The root of an interface's queueing disciplines. Each level of a tree counts what its children
// dropped, so the drops of the root are those of all.
struct RootQdisc {
  std::string kind;
  std::uint32_t handle = 0;
  std::uint64_t drops = 0;
};
RootQdisc root_qdisc(unsigned ifindex);

// Names of interfaces that carry traffic of `link`: itself, the bridge or bond it
// is a port of, the VLANs on it, and what sits on these.
std::vector<Link> with_everything_above(const std::vector<Link>& links, const Link& link);

} // namespace xdpcap::capture
