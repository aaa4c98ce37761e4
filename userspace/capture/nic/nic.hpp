#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/nic/attached_programs.hpp"
#include "capture/nic/links.hpp"
#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::capture {

// What the choice of a capture mode depends on, for one interface, at one moment.
struct Nic {
  Link link;
  std::string driver;
  std::uint32_t queues = 1;      // receive queues
  std::vector<std::string> uses; // of this host, see uses_of(); empty: nothing points there
  bool has_address = false;      // more than one that comes by itself (IPv6, link-local)
  bool carries_default_route = false;
  bool carries_ssh_session = false; // the one this program was started from
  std::optional<AttachedProgram> xdp_program;
};

// Looks at one interface of this network namespace. An unknown name is an error
// that lists the ones there are, without the taps of captures.
Result<Nic, Error> inspect_nic(const std::string& name);

} // namespace xdpcap::capture
