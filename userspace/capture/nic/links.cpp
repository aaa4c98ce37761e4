#include "capture/nic/links.hpp"

#include <libmnl/libmnl.h>
#include <linux/gen_stats.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/errors.hpp"
#include "os/netlink.hpp"

namespace xdpcap::capture {
namespace {

std::string kind_of(const nlattr& info) {
  std::string kind;
  os::each_nested(info, [&](const nlattr& attribute) {
    if (mnl_attr_get_type(&attribute) == IFLA_INFO_KIND) kind = mnl_attr_get_str(&attribute);
  });
  return kind;
}

// Newer kernels append fields to their structs, older ones lack some: what both know.
template <class Struct>
Struct common_part(const nlattr& attribute) {
  Struct value{};
  std::memcpy(&value, mnl_attr_get_payload(&attribute),
              std::min<std::size_t>(sizeof value, mnl_attr_get_payload_len(&attribute)));
  return value;
}

LinkStatistics statistics_of(const nlattr& attribute) {
  const auto kernel = common_part<rtnl_link_stats64>(attribute);
  return {kernel.rx_packets, kernel.rx_dropped, kernel.rx_missed_errors, kernel.tx_packets,
          kernel.tx_dropped};
}

std::uint64_t drops_of(const nlattr& statistics) {
  std::uint64_t drops = 0;
  os::each_nested(statistics, [&](const nlattr& attribute) {
    if (mnl_attr_get_type(&attribute) == TCA_STATS_QUEUE)
      drops = common_part<gnet_stats_queue>(attribute).drops;
  });
  return drops;
}

} // namespace

Link parse_link(const nlmsghdr& message) {
  const auto* info = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&message));
  Link link;
  link.index = static_cast<unsigned>(info->ifi_index);
  link.hardware_type = info->ifi_type;
  link.up = (info->ifi_flags & IFF_UP) != 0;
  link.running = (info->ifi_flags & IFF_RUNNING) != 0;
  os::each_attribute(message, sizeof(ifinfomsg), [&](const nlattr& attribute) {
    switch (mnl_attr_get_type(&attribute)) {
      case IFLA_IFNAME:
        link.name = mnl_attr_get_str(&attribute);
        break;
      case IFLA_MTU:
        link.mtu = mnl_attr_get_u32(&attribute);
        break;
      case IFLA_MASTER:
        link.master = mnl_attr_get_u32(&attribute);
        break;
      case IFLA_LINK:
        link.below = mnl_attr_get_u32(&attribute);
        break;
      case IFLA_LINK_NETNSID:
        link.below_is_elsewhere = true;
        break;
      case IFLA_LINKINFO:
        link.kind = kind_of(attribute);
        break;
      case IFLA_STATS64:
        link.statistics = statistics_of(attribute);
        break;
      default:
        break;
    }
  });
  return link;
}

Result<std::vector<Link>, Error> all_links() {
  auto netlink = os::Netlink::open();
  if (!netlink) return std::move(netlink).error();
  os::NetlinkMessage message;
  nlmsghdr* request = message.begin(RTM_GETLINK, NLM_F_DUMP);
  mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg));
  std::vector<Link> links;
  const int error = netlink->request(
      *request, [&](const nlmsghdr& answer) { links.push_back(parse_link(answer)); });
  if (error != 0)
    return environment("the kernel does not list its interfaces: {}", errno_text(error));
  return links;
}

Result<Link, int> link_now(unsigned ifindex) {
  auto netlink = os::Netlink::open();
  if (!netlink) return EIO;
  os::NetlinkMessage message;
  nlmsghdr* request = message.begin(RTM_GETLINK, 0);
  static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg)))->ifi_index =
      static_cast<int>(ifindex);
  Link link;
  const int error =
      netlink->request(*request, [&](const nlmsghdr& answer) { link = parse_link(answer); });
  if (error != 0) return error;
  return link;
}

std::optional<Link> find_link(const std::vector<Link>& links, std::string_view name) {
  const auto found =
      std::find_if(links.begin(), links.end(), [&](const Link& link) { return link.name == name; });
  return found == links.end() ? std::nullopt : std::optional(*found);
}

RootQdisc root_qdisc(unsigned ifindex) {
  auto netlink = os::Netlink::open();
  if (!netlink) return {};
  os::NetlinkMessage message;
  nlmsghdr* request = message.begin(RTM_GETQDISC, NLM_F_DUMP);
  auto* about = static_cast<tcmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(tcmsg)));
  about->tcm_ifindex = static_cast<int>(ifindex);
  RootQdisc root;
  netlink->request(*request, [&](const nlmsghdr& answer) {
    const auto* qdisc = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(&answer));
    if (qdisc->tcm_ifindex != static_cast<int>(ifindex) || qdisc->tcm_parent != TC_H_ROOT) return;
    root.handle = qdisc->tcm_handle;
    os::each_attribute(answer, sizeof(tcmsg), [&](const nlattr& attribute) {
      if (mnl_attr_get_type(&attribute) == TCA_KIND) root.kind = mnl_attr_get_str(&attribute);
      if (mnl_attr_get_type(&attribute) == TCA_STATS2) root.drops = drops_of(attribute);
    });
  });
  return root;
}

std::vector<Link> with_everything_above(const std::vector<Link>& links, const Link& link) {
  std::vector<Link> family{link};
  for (std::size_t i = 0; i < family.size(); ++i) {
    for (const Link& other : links) {
      // A veth names its peer as the link below it, and nothing sits on a peer.
      const bool sits_on_it = other.below == family[i].index && !other.below_is_elsewhere &&
                              other.kind != "veth" && other.index != family[i].index;
      const bool is_its_master = family[i].master != 0 && other.index == family[i].master;
      const bool known = std::any_of(family.begin(), family.end(),
                                     [&](const Link& l) { return l.index == other.index; });
      if ((sits_on_it || is_its_master) && !known) family.push_back(other);
    }
  }
  return family;
}

} // namespace xdpcap::capture
