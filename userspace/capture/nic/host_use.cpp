#include "capture/nic/host_use.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/mpls.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <functional>

#include "capture/nic/attached_programs.hpp"
#include "capture/nic/routes.hpp"
#include "core/errors.hpp"
#include "os/netlink.hpp"

namespace xdpcap::capture {
namespace {

std::string text_of(int family, const nlattr& attribute) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const std::size_t bytes = family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
  if (bytes == 0 || mnl_attr_get_payload_len(&attribute) < bytes) return "";
  return ::inet_ntop(family, mnl_attr_get_payload(&attribute), text.data(), text.size()) != nullptr
             ? text.data()
             : "";
}

// Lists everything of one kind; `head` is the request's header behind that of netlink.
template <class Head, class Visit>
void list(HostPicture& host, const char* what, std::uint16_t type, const Head& head,
          const Visit& visit) {
  auto netlink = os::Netlink::open();
  int error = EIO;
  if (netlink) {
    os::NetlinkMessage message;
    nlmsghdr* request = message.begin(type, NLM_F_DUMP);
    *static_cast<Head*>(mnl_nlmsg_put_extra_header(request, sizeof(Head))) = head;
    error = netlink->request(*request, visit);
  }
  // A kernel without the family or the object has none of it.
  if (error != 0 && error != EOPNOTSUPP && error != EAFNOSUPPORT)
    host.unreadable.emplace_back(what);
}

void read_addresses(HostPicture& host) {
  const auto read = [&](const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWADDR) return;
    const auto* about = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(&message));
    std::string local, address;
    os::each_attribute(message, sizeof *about, [&](const nlattr& attribute) {
      if (mnl_attr_get_type(&attribute) == IFA_LOCAL) local = text_of(about->ifa_family, attribute);
      if (mnl_attr_get_type(&attribute) == IFA_ADDRESS)
        address = text_of(about->ifa_family, attribute);
    });
    const bool is_link_local = about->ifa_family == AF_INET6 && about->ifa_scope == RT_SCOPE_LINK;
    host.addresses.push_back({about->ifa_index, local.empty() ? address : local, is_link_local});
  };
  list(host, "addresses", RTM_GETADDR, ifaddrmsg{}, read);
}

void read_routes_of(HostPicture& host, unsigned char family) {
  const auto read = [&](const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWROUTE) return;
    const auto* route = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
    // Every interface that is up and knows IPv6 has this one by itself.
    if (route->rtm_family == AF_INET6 && route->rtm_type == RTN_MULTICAST) return;
    const bool is_default = route->rtm_dst_len == 0 && route->rtm_type == RTN_UNICAST;
    std::string destination = is_default                ? "default"
                              : route->rtm_dst_len == 0 ? "everything local"
                                                        : "";
    os::each_attribute(message, sizeof *route, [&](const nlattr& attribute) {
      if (mnl_attr_get_type(&attribute) == RTA_DST)
        destination = text_of(route->rtm_family, attribute);
    });
    const bool is_host = route->rtm_dst_len == (route->rtm_family == AF_INET ? 32 : 128);
    if (destination.empty()) {
      destination = "a label or group";
    } else if (route->rtm_dst_len != 0 && !is_host) {
      destination += fmt::format("/{}", route->rtm_dst_len);
    }
    for (const unsigned ifindex : outgoing_interfaces(message))
      host.routes.push_back({ifindex, destination});
  };
  rtmsg head{};
  head.rtm_family = family;
  list(host, "routes", RTM_GETROUTE, head, read);
}

void read_next_hops(HostPicture& host) {
  const auto read = [&](const nlmsghdr& message) {
    os::each_attribute(message, sizeof(nhmsg), [&](const nlattr& attribute) {
      if (mnl_attr_get_type(&attribute) == NHA_OIF)
        host.next_hops.push_back(mnl_attr_get_u32(&attribute));
    });
  };
  list(host, "next hops", RTM_GETNEXTHOP, nhmsg{}, read);
}

void read_neighbours(HostPicture& host) {
  const auto read = [&](const nlmsghdr& message) {
    const auto* about = static_cast<const ndmsg*>(mnl_nlmsg_get_payload(&message));
    if ((about->ndm_state & NUD_NOARP) != 0 ||
        (about->ndm_family != AF_INET && about->ndm_family != AF_INET6))
      return;
    std::string address;
    os::each_attribute(message, sizeof *about, [&](const nlattr& attribute) {
      if (mnl_attr_get_type(&attribute) == NDA_DST) address = text_of(about->ndm_family, attribute);
    });
    host.neighbours.push_back({static_cast<unsigned>(about->ndm_ifindex), address});
  };
  ndmsg head{};
  list(host, "neighbours", RTM_GETNEIGH, head, read);
  head.ndm_flags = NTF_PROXY;
  list(host, "neighbours", RTM_GETNEIGH, head, read);
}

// A macvlan in another namespace cannot be seen from here, but the device below
// it was asked to receive for its MAC address.
void read_extra_macs(HostPicture& host) {
  const auto read = [&](const nlmsghdr& message) {
    const auto* about = static_cast<const ndmsg*>(mnl_nlmsg_get_payload(&message));
    os::each_attribute(message, sizeof *about, [&](const nlattr& attribute) {
      if (mnl_attr_get_type(&attribute) != NDA_LLADDR || (about->ndm_flags & NTF_SELF) == 0) return;
      const auto* mac = static_cast<const unsigned char*>(mnl_attr_get_payload(&attribute));
      const bool is_group = mnl_attr_get_payload_len(&attribute) == 0 || (mac[0] & 1U) != 0;
      if (!is_group) host.extra_macs.push_back(static_cast<unsigned>(about->ndm_ifindex));
    });
  };
  ifinfomsg head{}; // the kernel wants this header for the family of bridges
  head.ifi_family = AF_BRIDGE;
  list(host, "MAC addresses", RTM_GETNEIGH, head, read);
}

void read_rules_of(HostPicture& host, unsigned char family) {
  const auto read = [&](const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWRULE) return;
    os::each_attribute(message, sizeof(fib_rule_hdr), [&](const nlattr& attribute) {
      const unsigned type = mnl_attr_get_type(&attribute);
      if (type == FRA_IIFNAME || type == FRA_OIFNAME)
        host.ruled.emplace_back(mnl_attr_get_str(&attribute));
    });
  };
  fib_rule_hdr head{};
  head.family = family;
  list(host, "policy rules", RTM_GETRULE, head, read);
}

// IPVLAN and VLAN devices of containers sit on an interface of this namespace, and
// are in theirs. A namespace to which a device was moved has a number here.
void read_links_elsewhere(HostPicture& host) {
  std::vector<std::uint32_t> numbers;
  const auto read = [&](const nlmsghdr& message) {
    os::each_attribute(message, sizeof(rtgenmsg), [&](const nlattr& attribute) {
      if (mnl_attr_get_type(&attribute) == NETNSA_NSID)
        numbers.push_back(mnl_attr_get_u32(&attribute));
    });
  };
  list(host, "namespaces", RTM_GETNSID, rtgenmsg{}, read);
  for (const std::uint32_t number : numbers) {
    auto netlink = os::Netlink::open();
    if (!netlink) return;
    os::NetlinkMessage message;
    nlmsghdr* request = message.begin(RTM_GETLINK, NLM_F_DUMP);
    mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg));
    mnl_attr_put_u32(request, IFLA_TARGET_NETNSID, number);
    // Without CAP_NET_ADMIN there, or a kernel that can: as if there were none.
    netlink->request(*request, [&](const nlmsghdr& answer) {
      if (const Link link = parse_link(answer); link.below_is_elsewhere)
        host.elsewhere.push_back(link);
    });
  }
}

// The last word of each line is the device (drivers/net/ppp/pppoe.c).
void read_pppoe(HostPicture& host) {
  std::ifstream file("/proc/self/net/pppoe");
  std::string line;
  for (std::getline(file, line); std::getline(file, line);) {
    if (const auto blank = line.find_last_of(' '); blank != std::string::npos) {
      host.pppoe.push_back(line.substr(blank + 1));
    }
  }
}

bool is_on(const std::string& path) {
  std::ifstream file(path);
  return file.get() == '1';
}

void read_settings(HostPicture& host, unsigned ifindex) {
  const auto about = std::find_if(host.links.begin(), host.links.end(),
                                  [&](const Link& link) { return link.index == ifindex; });
  if (about == host.links.end()) return;
  for (const Link& link : with_everything_above(host.links, *about)) {
    const auto setting = [&](const char* family, const char* name) {
      return is_on(fmt::format("/proc/sys/net/{}/conf/{}/{}", family, link.name, name));
    };
    if (setting("ipv4", "forwarding") || setting("ipv6", "forwarding") ||
        setting("ipv4", "proxy_arp")) {
      host.forwarding.push_back(link.name);
    }
    if (!programs_of_others(link.index).empty()) host.programmed.push_back(link.index);
  }
}

template <class Range, class Value>
bool holds(const Range& range, const Value& value) {
  return std::find(range.begin(), range.end(), value) != range.end();
}

// What is said of the interface itself; `family` is it and everything above.
class Clauses {
 public:
  Clauses(const HostPicture& host, const Link& link)
      : host_(host), link_(link), family_(with_everything_above(host.links, link)) {}

  std::vector<std::string> all() && {
    add_addresses();
    add_routes();
    add_neighbours();
    add_links();
    add_rest();
    return std::move(clauses_);
  }

 private:
  [[nodiscard]] bool in_family(unsigned ifindex) const {
    return std::any_of(family_.begin(), family_.end(),
                       [&](const Link& one) { return one.index == ifindex; });
  }
  [[nodiscard]] bool names_family(const std::vector<std::string>& names) const {
    return std::any_of(family_.begin(), family_.end(),
                       [&](const Link& one) { return holds(names, one.name); });
  }
  void add(std::string clause) {
    if (!holds(clauses_, clause)) clauses_.push_back(std::move(clause));
  }

  void add_addresses() {
    for (const bool link_local : {false, true}) {
      for (const HostPicture::Address& address : host_.addresses) {
        if (address.is_link_local != link_local || !in_family(address.ifindex)) continue;
        add(fmt::format("it carries this host's {}address {}", link_local ? "link-local " : "",
                        address.text));
      }
    }
  }
  void add_routes() {
    for (const HostPicture::Target& route : host_.routes) {
      if (!in_family(route.ifindex)) continue;
      add(route.text == "default" ? "the default route leads through it"
                                  : fmt::format("{} is routed through it", route.text));
    }
    for (const unsigned ifindex : host_.next_hops) {
      if (in_family(ifindex)) add("a next hop of this host's routes is behind it");
    }
  }
  void add_neighbours() {
    for (const HostPicture::Target& neighbour : host_.neighbours) {
      if (in_family(neighbour.ifindex))
        add(fmt::format("this host knows {} as its neighbour there", neighbour.text));
    }
  }
  void add_links() {
    for (const Link& one : family_) {
      if (one.index == link_.index) continue;
      add(link_.master == one.index ? fmt::format("it is a port of {}", one.name)
                                    : fmt::format("{} sits on it", one.name));
    }
    for (const Link& one : host_.elsewhere) {
      if (one.below == link_.index && one.kind != "veth") {
        add(fmt::format("{} of another network namespace sits on it", one.name));
      }
    }
    if (holds(host_.extra_macs, link_.index))
      add("it receives for further MAC addresses, as under a macvlan");
  }
  void add_rest() {
    if (names_family(host_.ruled)) add("a policy rule names it");
    if (names_family(host_.pppoe)) add("a PPPoE session runs over it");
    if (holds(host_.programmed, link_.index))
      add("a program of another (XDP or tc) is attached to it");
    if (names_family(host_.forwarding)) add("this host forwards what comes in there");
    if (link_.hardware_type == ARPHRD_LOOPBACK) add("it is the loopback");
    for (const std::string& what : host_.unreadable)
      add(fmt::format("the kernel does not list this host's {}", what));
  }

  const HostPicture& host_;
  const Link& link_;
  std::vector<Link> family_;
  std::vector<std::string> clauses_;
};

} // namespace

std::vector<std::string> uses_of(const HostPicture& host, const Link& link) {
  return Clauses(host, link).all();
}

HostPicture look_at_host(unsigned ifindex) {
  constexpr unsigned char kIpmr = 128, kIp6mr = 129; // RTNL_FAMILY_*: multicast forwarding
  HostPicture host;
  if (auto links = all_links()) {
    host.links = std::move(*links);
  } else {
    host.unreadable.emplace_back("interfaces");
  }
  read_addresses(host);
  for (const unsigned char family :
       {static_cast<unsigned char>(AF_INET), static_cast<unsigned char>(AF_INET6),
        static_cast<unsigned char>(AF_MPLS), kIpmr, kIp6mr}) {
    read_routes_of(host, family);
  }
  read_next_hops(host);
  read_neighbours(host);
  read_extra_macs(host);
  read_rules_of(host, AF_INET);
  read_rules_of(host, AF_INET6);
  read_links_elsewhere(host);
  read_pppoe(host);
  read_settings(host, ifindex);
  return host;
}

} // namespace xdpcap::capture
