#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/links.hpp"
#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::capture {

// An XDP program that somebody else attached.
struct AttachedProgram {
  std::uint32_t id = 0;
  std::string name; // empty where looking needs more privilege
};

// What the choice of a capture mode depends on, for one interface, at one moment.
struct Nic {
  Link link;
  std::string driver;
  std::uint32_t queues = 1; // receive queues
  // Addresses of this host on the interface or on anything above it (bridge,
  // bond, VLAN), text; IPv6 link-local addresses come by themselves and do not count.
  std::vector<std::string> addresses;
  bool carries_other_interfaces = false; // a port of a bridge or bond, or the base of a VLAN
  bool carries_default_route = false;
  bool carries_ssh_session = false; // the one this program was started from
  std::optional<AttachedProgram> xdp_program;
};

// Looks at one interface of this network namespace. An unknown name is an error
// that lists the ones there are.
Result<Nic, Error> inspect_nic(const std::string& name);

// The program on the interface now, native or generic.
std::optional<AttachedProgram> attached_xdp_program(unsigned ifindex);

} // namespace xdpcap::capture
