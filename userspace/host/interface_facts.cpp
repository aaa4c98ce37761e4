#include "host/interface_facts.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <functional>
#include <system_error>

#include "core/owned_fd.hpp"
#include "host/netlink.hpp"

namespace xdpcap::host {
namespace {

using Visit = std::function<void(const nlattr&)>;

int visit_one(const nlattr* attribute, void* visit) {
  (*static_cast<const Visit*>(visit))(*attribute);
  return MNL_CB_OK;
}
void each_attribute(const nlmsghdr& message, std::size_t header, const Visit& visit) {
  mnl_attr_parse(&message, static_cast<unsigned>(header), visit_one, const_cast<Visit*>(&visit));
}

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

// Several programs may be attached at once, one of each mode; the one nearest to the wire is told.
void read_xdp(const nlattr& attribute, InterfaceRecord& interface) {
  std::uint32_t generic = 0, native = 0, offloaded = 0, only = 0;
  unsigned mode = XDP_ATTACHED_NONE;
  const Visit visit = [&](const nlattr& inner) {
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
  };
  mnl_attr_parse_nested(&attribute, visit_one, const_cast<Visit*>(&visit));
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

int ask_ethtool(int socket, const std::string& name, void* question) {
  ifreq request{};
  std::memcpy(request.ifr_name, name.c_str(), std::min(name.size(), sizeof request.ifr_name - 1));
  request.ifr_data = static_cast<char*>(question);
  return ::ioctl(socket, SIOCETHTOOL, &request);
}

void ask_driver(int socket, InterfaceRecord& interface) {
  ethtool_drvinfo driver{};
  driver.cmd = ETHTOOL_GDRVINFO;
  if (ask_ethtool(socket, interface.name, &driver) == 0) {
    interface.driver.assign(driver.driver, ::strnlen(driver.driver, sizeof driver.driver));
  }
  // The kernel says first how many words its masks of modes take, then answers.
  alignas(ethtool_link_settings)
      std::array<std::byte, sizeof(ethtool_link_settings) + std::size_t{3} * 128 * 4>
          room{};
  auto& link = *reinterpret_cast<ethtool_link_settings*>(room.data());
  link.cmd = ETHTOOL_GLINKSETTINGS;
  if (ask_ethtool(socket, interface.name, &link) != 0 || link.link_mode_masks_nwords >= 0) return;
  link.link_mode_masks_nwords = static_cast<std::int8_t>(-link.link_mode_masks_nwords);
  link.cmd = ETHTOOL_GLINKSETTINGS;
  if (ask_ethtool(socket, interface.name, &link) != 0) return;
  constexpr std::uint32_t kUnknown = UINT32_MAX; // SPEED_UNKNOWN
  if (link.speed != kUnknown) interface.speed = link.speed;
}

int dump(std::uint16_t type, const Netlink::Visitor& visit) {
  Netlink netlink(NETLINK_ROUTE);
  alignas(NLMSG_ALIGNTO) std::array<char, 256> room{};
  nlmsghdr* request = mnl_nlmsg_put_header(room.data());
  request->nlmsg_type = type;
  mnl_nlmsg_put_extra_header(
      request, type == RTM_GETLINK ? sizeof(ifinfomsg) : sizeof(ifaddrmsg)); // zeroes: all
  return netlink.dump(*request, visit);
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
  each_attribute(message, sizeof about, [&](const nlattr& attribute) {
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
  each_attribute(message, sizeof about, [&](const nlattr& attribute) {
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
  int error = dump(RTM_GETLINK, [&](const nlmsghdr& message) { read_link(message, by_index); });
  if (error == 0)
    error = dump(RTM_GETADDR, [&](const nlmsghdr& message) { read_address(message, by_index); });
  if (error != 0) {
    return Error{ExitCode::environment, fmt::format("the interfaces cannot be listed: {}",
                                                    std::generic_category().message(error))};
  }
  const OwnedFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  std::vector<InterfaceRecord> interfaces;
  for (auto& [index, interface] : by_index) {
    if (socket) ask_driver(socket.get(), interface);
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
