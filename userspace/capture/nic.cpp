#include "capture/nic.hpp"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <ifaddrs.h>
#include <net/if_arp.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <memory>

#include "capture/ethtool.hpp"
#include "capture/routes.hpp"
#include "capture/sentence.hpp"
#include "core/owned_fd.hpp"

namespace xdpcap::capture {
namespace {

// The address as text, unless it says nothing about who uses the interface.
std::optional<std::string> telling_address(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address == nullptr) return std::nullopt;
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return ::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
  if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)) return std::nullopt;
  return ::inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
}

std::vector<std::string> addresses_of(const std::vector<Link>& family) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  std::vector<std::string> addresses;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const bool ours =
        std::any_of(family.begin(), family.end(), [&](const Link& l) { return l.name == entry->ifa_name; });
    if (!ours) continue;
    if (auto text = telling_address(entry->ifa_addr)) addresses.push_back(*std::move(text));
  }
  return addresses;
}

bool contains(const std::vector<Link>& family, unsigned index) {
  return std::any_of(family.begin(), family.end(), [&](const Link& link) { return link.index == index; });
}

std::string names_of(const std::vector<Link>& links) {
  std::string names;
  for (const Link& link : links) names += (names.empty() ? "" : ", ") + link.name;
  return names;
}

} // namespace

std::optional<AttachedProgram> attached_xdp_program(unsigned ifindex) {
  bpf_xdp_query_opts query{};
  query.sz = sizeof query;
  if (::bpf_xdp_query(static_cast<int>(ifindex), 0, &query) != 0) return std::nullopt;
  AttachedProgram program;
  for (const std::uint32_t id : {query.prog_id, query.drv_prog_id, query.skb_prog_id, query.hw_prog_id}) {
    if (program.id == 0) program.id = id;
  }
  if (program.id == 0) return std::nullopt;
  const OwnedFd fd(::bpf_prog_get_fd_by_id(program.id));
  bpf_prog_info info{};
  std::uint32_t length = sizeof info;
  if (fd && ::bpf_obj_get_info_by_fd(fd.get(), &info, &length) == 0) program.name = info.name;
  return program;
}

Result<Nic, Error> inspect_nic(const std::string& name) {
  auto links = all_links();
  if (!links) return std::move(links).error();
  const auto link = find_link(*links, name);
  if (!link) return environment("there is no interface {}; this host has: {}", name, names_of(*links));

  const std::vector<Link> family = with_everything_above(*links, *link);
  const Ethtool ethtool(name);
  Nic nic;
  nic.link = *link;
  nic.driver = ethtool.driver();
  nic.queues = ethtool.receive_queues();
  nic.addresses = addresses_of(family);
  nic.carries_other_interfaces = family.size() > 1;
  for (const unsigned index : default_route_interfaces()) nic.carries_default_route |= contains(family, index);
  if (const auto peer = ssh_peer()) {
    const auto outgoing = interface_towards(*peer);
    nic.carries_ssh_session = outgoing && contains(family, *outgoing);
  }
  nic.xdp_program = attached_xdp_program(link->index);
  return nic;
}

} // namespace xdpcap::capture
