#include "capture/nic/routes.hpp"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "core/errors.hpp"
#include "os/netlink.hpp"

namespace xdpcap::capture {
namespace {

constexpr std::string_view kSshVariable = "SSH_CONNECTION=";
constexpr int kAncestorsMax = 64;

// The variable in /proc/PID/environ, whose entries end in NUL.
std::optional<std::string> ssh_connection_of(int pid) {
  std::ifstream file(fmt::format("/proc/{}/environ", pid), std::ios::binary);
  for (std::string entry; std::getline(file, entry, '\0');) {
    if (entry.starts_with(kSshVariable)) return entry.substr(kSshVariable.size());
  }
  return std::nullopt;
}

int parent_of(int pid) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("PPid:")) return std::atoi(line.c_str() + 5);
  }
  return 0;
}

} // namespace

std::vector<unsigned> outgoing_interfaces(const nlmsghdr& message) {
  std::vector<unsigned> interfaces;
  os::each_attribute(message, sizeof(rtmsg), [&](const nlattr& attribute) {
    if (mnl_attr_get_type(&attribute) == RTA_OIF)
      interfaces.push_back(mnl_attr_get_u32(&attribute));
    if (mnl_attr_get_type(&attribute) != RTA_MULTIPATH) return;
    const auto* hop = static_cast<const rtnexthop*>(mnl_attr_get_payload(&attribute));
    std::size_t left = mnl_attr_get_payload_len(&attribute);
    while (left >= sizeof *hop && hop->rtnh_len >= sizeof *hop && hop->rtnh_len <= left) {
      interfaces.push_back(static_cast<unsigned>(hop->rtnh_ifindex));
      const std::size_t step = std::min<std::size_t>(RTNH_ALIGN(hop->rtnh_len), left);
      left -= step;
      hop = reinterpret_cast<const rtnexthop*>(reinterpret_cast<const std::byte*>(hop) + step);
    }
  });
  return interfaces;
}

std::optional<unsigned> interface_towards(const std::string& address) {
  std::array<std::byte, 16> bytes{};
  const bool is_v6 = address.find(':') != std::string::npos;
  if (::inet_pton(is_v6 ? AF_INET6 : AF_INET, address.c_str(), bytes.data()) != 1)
    return std::nullopt;
  auto netlink = os::Netlink::open();
  if (!netlink) return std::nullopt;
  os::NetlinkMessage message;
  nlmsghdr* request = message.begin(RTM_GETROUTE, 0);
  auto* route = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(rtmsg)));
  route->rtm_family = is_v6 ? AF_INET6 : AF_INET;
  route->rtm_dst_len = is_v6 ? 128 : 32;
  mnl_attr_put(request, RTA_DST, is_v6 ? 16 : 4, bytes.data());
  std::vector<unsigned> interfaces;
  netlink->request(*request,
                   [&](const nlmsghdr& answer) { interfaces = outgoing_interfaces(answer); });
  return interfaces.empty() ? std::nullopt : std::optional(interfaces.front());
}

std::optional<std::string> ssh_peer() {
  int pid = static_cast<int>(::getpid());
  for (int generation = 0; pid > 1 && generation < kAncestorsMax;
       ++generation, pid = parent_of(pid)) {
    if (const auto connection = ssh_connection_of(pid))
      return connection->substr(0, connection->find(' '));
  }
  return std::nullopt;
}

} // namespace xdpcap::capture
