#include "capture/nic/nic.hpp"

#include <algorithm>

#include "capture/nic/host_use.hpp"
#include "capture/nic/routes.hpp"
#include "core/errors.hpp"
#include "core/tap_name.hpp"
#include "os/ethtool.hpp"

namespace xdpcap::capture {
namespace {

bool contains(const std::vector<Link>& family, unsigned index) {
  return std::any_of(family.begin(), family.end(),
                     [&](const Link& link) { return link.index == index; });
}

std::string names_of(const std::vector<Link>& links) {
  std::string names;
  for (const Link& link : links) {
    if (!is_tap_name(link.name)) names += (names.empty() ? "" : ", ") + link.name;
  }
  return names;
}

} // namespace

Result<Nic, Error> inspect_nic(const std::string& name) {
  auto links = all_links();
  if (!links) return std::move(links).error();
  const auto link = find_link(*links, name);
  if (!link)
    return environment("there is no interface {}; this host has: {}", name, names_of(*links));

  const HostPicture host = look_at_host(link->index);
  const std::vector<Link> family = with_everything_above(*links, *link);
  const os::Ethtool ethtool(name);
  Nic nic;
  nic.link = *link;
  nic.driver = ethtool.driver();
  nic.queues = ethtool.receive_queues();
  nic.uses = uses_of(host, *link);
  nic.has_address =
      std::any_of(host.addresses.begin(), host.addresses.end(), [&](const auto& address) {
        return !address.is_link_local && contains(family, address.ifindex);
      });
  nic.carries_default_route =
      std::any_of(host.routes.begin(), host.routes.end(), [&](const auto& route) {
        return route.text == "default" && contains(family, route.ifindex);
      });
  if (const auto peer = ssh_peer()) {
    const auto outgoing = interface_towards(*peer);
    nic.carries_ssh_session = outgoing && contains(family, *outgoing);
  }
  nic.xdp_program = attached_xdp_program(link->index);
  return nic;
}

} // namespace xdpcap::capture
