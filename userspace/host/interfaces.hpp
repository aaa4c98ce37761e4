#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::host {

// An interface of this network namespace, as `-D` lists it.
struct Interface {
  unsigned index = 0;
  std::string name;
  bool up = false;
  bool running = false; // up and connected
  bool loopback = false;
  bool ethernet = false; // frames begin with an Ethernet header: can be captured
  std::uint32_t mtu = 0;
  std::vector<std::string> addresses; // text, IPv4 and IPv6
};

// All of them by index, but the taps of captures; needs no privilege.
Result<std::vector<Interface>, Error> list_interfaces();

// One line for a person: "eth0  up, running  mtu 1500  192.0.2.1 2001:db8::1".
std::string describe(const Interface& interface);

} // namespace xdpcap::host
