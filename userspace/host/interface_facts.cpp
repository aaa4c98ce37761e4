#include "host/interface_facts.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fmt/core.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "core/errors.hpp"
#include "core/owned_fd.hpp"
#include "os/ethtool.hpp"
#include "os/netlink.hpp"

namespace xdpcap::host {
namespace {

std::string text_of(const nlattr& attribute) {
  const auto* text = static_cast<const char*>(mnl_attr_get_payload(&attribute));
  return {text, ::strnlen(text, mnl_attr_get_payload_len(&attribute))};
}

std::uint32_t number_of(const nlattr& attribute) {
  return mnl_attr_get_payload_len(&attribute) >= sizeof(std::uint32_t)
             ? mnl_attr_get_u32(&attribute)
             : 0;
}

std::string mac_of(const nlattr& attribute) {
  const auto* bytes = static_cast<const unsigned char*>(mnl_attr_get_payload(&attribute));
  std::string text;
  for (std::size_t i = 0; i < mnl_attr_get_payload_len(&attribute); ++i) {
    text += fmt::format("{}{:02x}", i == 0 ? "" : ":", bytes[i]);
  }
  return text;
}

// Several programs may be attached at once, one of each mode; the one nearest to the wire is
// reported.
void read_xdp(const nlattr& attribute, InterfaceRecord& interface) {
  std::uint32_t generic = 0, native = 0, offloaded = 0, only = 0;
  unsigned mode = XDP_ATTACHED_NONE;
  os::each_nested(attribute, [&](const nlattr& inner) {
    switch (mnl_attr_get_type(&inner)) {
      case IFLA_XDP_ATTACHED:
        mode = mnl_attr_get_payload_len(&inner) == 0 ? mode : mnl_attr_get_u8(&inner);
        break;
      case IFLA_XDP_PROG_ID:
        only = number_of(inner);
        break;
      case IFLA_XDP_SKB_PROG_ID:
        generic = number_of(inner);
        break;
      case IFLA_XDP_DRV_PROG_ID:
        native = number_of(inner);
        break;
      case IFLA_XDP_HW_PROG_ID:
        offloaded = number_of(inner);
        break;
      default:
        break;
    }
  });
  if (mode == XDP_ATTACHED_HW || offloaded != 0) {
    interface.xdp = "offloaded";
    interface.xdp_program = offloaded != 0 ? offloaded : only;
  } else if (mode == XDP_ATTACHED_DRV || native != 0) {
    interface.xdp = "native";
    interface.xdp_program = native != 0 ? native : only;
  } else if (mode == XDP_ATTACHED_SKB || generic != 0) {
    interface.xdp = "generic";
    interface.xdp_program = generic != 0 ? generic : only;
  }
}

Result<void, Error> dump(std::uint16_t type, const os::Netlink::Visitor& visit) {
  auto netlink = os::Netlink::open();
  if (!netlink) return std::move(netlink).error();
  os::NetlinkMessage message;
  nlmsghdr* request = message.begin(type, NLM_F_DUMP);
  mnl_nlmsg_put_extra_header(
      request, type == RTM_GETLINK ? sizeof(ifinfomsg) : sizeof(ifaddrmsg)); // zeroes: all
  if (const int error = netlink->request(*request, visit); error != 0)
    return environment("the interfaces cannot be listed: {}", errno_text(error));
  return {};
}

} // namespace

void read_link(const nlmsghdr& message, std::map<std::uint32_t, InterfaceRecord>& interfaces) {
  if (message.nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(&message) < sizeof(ifinfomsg))
    return;
  ifinfomsg about{};
  std::memcpy(&about, mnl_nlmsg_get_payload(&message), sizeof about);
  InterfaceRecord& interface = interfaces[static_cast<std::uint32_t>(about.ifi_index)];
  interface.index = static_cast<std::uint32_t>(about.ifi_index);
  interface.up = (about.ifi_flags & IFF_UP) != 0;
  interface.running = (about.ifi_flags & IFF_RUNNING) != 0;
  os::each_attribute(message, sizeof about, [&](const nlattr& attribute) {
    switch (mnl_attr_get_type(&attribute)) {
      case IFLA_IFNAME:
        interface.name = text_of(attribute);
        break;
      case IFLA_MTU:
        interface.mtu = number_of(attribute);
        break;
      case IFLA_ADDRESS:
        interface.mac = mac_of(attribute);
        break;
      case IFLA_XDP:
        read_xdp(attribute, interface);
        break;
      default:
        break;
    }
  });
}

void read_address(const nlmsghdr& message, std::map<std::uint32_t, InterfaceRecord>& interfaces) {
  if (message.nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(&message) < sizeof(ifaddrmsg))
    return;
  ifaddrmsg about{};
  std::memcpy(&about, mnl_nlmsg_get_payload(&message), sizeof about);
  const auto interface = interfaces.find(about.ifa_index);
  if (interface == interfaces.end()) return;
  const std::size_t bytes = about.ifa_family == AF_INET ? 4 : 16;
  // On a point-to-point link ADDRESS is the other end's; LOCAL is ours wherever it is given.
  std::string local, address;
  os::each_attribute(message, sizeof about, [&](const nlattr& attribute) {
    const unsigned type = mnl_attr_get_type(&attribute);
    if ((type != IFA_LOCAL && type != IFA_ADDRESS) || mnl_attr_get_payload_len(&attribute) < bytes)
      return;
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(about.ifa_family, mnl_attr_get_payload(&attribute), text.data(), text.size());
    (type == IFA_LOCAL ? local : address) = text.data();
  });
  const std::string& own = local.empty() ? address : local;
  if (!own.empty())
    (about.ifa_family == AF_INET ? interface->second.ipv4 : interface->second.ipv6).push_back(own);
}

Result<std::vector<InterfaceRecord>, Error> InterfaceWatch::look() {
  std::map<std::uint32_t, InterfaceRecord> by_index;
  auto read = dump(RTM_GETLINK, [&](const nlmsghdr& message) { read_link(message, by_index); });
  if (read)
    read = dump(RTM_GETADDR, [&](const nlmsghdr& message) { read_address(message, by_index); });
  if (!read) return std::move(read).error();
  std::vector<InterfaceRecord> interfaces;
  for (auto& [index, interface] : by_index) {
    const os::Ethtool ethtool(interface.name);
    interface.driver = ethtool.driver();
    interface.speed = ethtool.speed().value_or(interface.speed);
    if (interface.xdp_program != 0) interface.xdp_name = name_of_program(interface.xdp_program);
    interfaces.push_back(std::move(interface));
  }
  return interfaces;
}

const std::string& InterfaceWatch::name_of_program(std::uint32_t id) {
  const auto [place, is_new] = program_names_.try_emplace(id);
  if (!is_new && !place->second.empty()) return place->second;
  const OwnedFd program(::bpf_prog_get_fd_by_id(id));
  bpf_prog_info info{};
  std::uint32_t bytes = sizeof info;
  if (program && ::bpf_obj_get_info_by_fd(program.get(), &info, &bytes) == 0) {
    place->second.assign(info.name, ::strnlen(info.name, sizeof info.name));
  }
  return place->second;
}

} // namespace xdpcap::host
