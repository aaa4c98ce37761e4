#include "capture/nic/mode_choice.hpp"

#include <net/if_arp.h>

#include "core/errors.hpp"
#include "core/tap_name.hpp"

namespace xdpcap::capture {
namespace {

bool has_ethernet_header(const Link& link) {
  return link.hardware_type == ARPHRD_ETHER || link.hardware_type == ARPHRD_LOOPBACK;
}

Result<ChosenMode, Error> mirror(const Nic& nic, bool steal, std::string reason) {
  const std::string& name = nic.link.name;
  if (nic.xdp_program) {
    const AttachedProgram& other = *nic.xdp_program;
    return environment(
        "{} already carries an XDP program ({}, id {}), and an interface takes one: stop what "
        "attached it, or "
        "sudo ip link set dev {} xdp off, or use --mode tap, which needs none on {}",
        name, other.name.empty() ? "name not readable" : other.name, other.id, name, name);
  }
  if (!steal && (nic.carries_ssh_session || nic.carries_default_route)) {
    return environment(
        "mirror mode takes every TCP frame away from the host, and {} of this host: it would be "
        "cut off; use --mode "
        "tap, or --steal if that is what you want",
        nic.carries_ssh_session ? fmt::format("{} carries the SSH session", name)
                                : fmt::format("{} carries the default route", name));
  }
  return ChosenMode{CaptureMode::mirror, std::move(reason)};
}

} // namespace

Result<ChosenMode, Error> choose_mode(const Nic& nic, CaptureMode wanted, bool steal) {
  const std::string& name = nic.link.name;
  if (is_tap_name(name) && nic.link.kind == "veth") {
    return environment(
        "{} is the tap of a running capture: capture the interface that it copies instead", name);
  }
  if (!has_ethernet_header(nic.link)) {
    return environment(
        "{} has no Ethernet header (it is a tunnel or a radio interface), which capture needs: "
        "capture "
        "the interface it runs over instead",
        name);
  }
  std::string use = nic.uses.empty() ? "" : nic.uses.front();
  switch (wanted) {
    case CaptureMode::mirror:
      return mirror(
          nic, steal,
          use.empty()
              ? fmt::format("{}: mirror mode; its TCP frames go to xdpcap only", name)
              : fmt::format("{}: mirror mode; its TCP frames go to xdpcap only, although {}", name,
                            use));
    case CaptureMode::tap:
      return ChosenMode{
          CaptureMode::tap,
          fmt::format("{}: tap mode; its traffic is copied and goes on as before", name)};
    case CaptureMode::automatic:
      break;
  }
  if (use.empty() && !nic.link.kind.empty()) {
    use = fmt::format("it is a {} device, whose other end may be in use", nic.link.kind);
  }
  if (use.empty()) {
    auto chosen = mirror(
        nic, steal,
        fmt::format(
            "{}: mirror mode, as nothing of this host uses it; its TCP frames go to xdpcap only",
            name));
    if (chosen) chosen->by_itself = true;
    return chosen;
  }
  // A mirror port may look used: an address that came by itself, a host that forwards.
  const std::string hint =
      nic.has_address || nic.carries_default_route ? "" : " (for a mirror port: --mode mirror)";
  return ChosenMode{
      CaptureMode::tap,
      fmt::format("{}: tap mode, as {}; its traffic is copied and goes on as before{}", name, use,
                  hint)};
}

} // namespace xdpcap::capture
