#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/result.hpp"

struct nlmsghdr;

namespace xdpcap::host {

// An interface with what a person asks about it. Empty, 0: not known, or none.
struct InterfaceFacts {
  std::uint32_t index = 0;
  std::string name;
  std::vector<std::string> ipv4, ipv6; // without their prefix lengths
  bool up = false;
  bool running = false; // up and connected
  std::uint32_t mtu = 0;
  std::uint32_t speed = 0; // Mbit/s
  std::string driver;
  std::string mac;
  std::string xdp; // "native", "generic", "offloaded"
  std::uint32_t xdp_program = 0;
  std::string xdp_name;
};

// What one RTM_NEWLINK or RTM_NEWADDR message says; the second finds its interface by
// the index among `interfaces`.
void read_link(const nlmsghdr& message, std::map<std::uint32_t, InterfaceFacts>& interfaces);
void read_address(const nlmsghdr& message, std::map<std::uint32_t, InterfaceFacts>& interfaces);

// Looks at the interfaces of the network namespace that the thread is in. Needs no
// privilege, but for the names of XDP programs (CAP_SYS_ADMIN), which are kept: those
// of programs that were there when it was allowed. One thread.
class InterfaceWatch {
 public:
  Result<std::vector<InterfaceFacts>, Error> look();

 private:
  const std::string& name_of_program(std::uint32_t id);

  std::map<std::uint32_t, std::string> program_names_;
};

} // namespace xdpcap::host
