#include "host/interfaces.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <system_error>
#include <utility>

#include "core/tap_name.hpp"

namespace xdpcap::host {
namespace {

std::uint32_t mtu_of(const std::string& name) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return 0;
  ifreq request{};
  std::memcpy(request.ifr_name, name.c_str(), std::min(name.size(), sizeof request.ifr_name - 1));
  const bool known = ::ioctl(socket, SIOCGIFMTU, &request) == 0;
  ::close(socket);
  return known ? static_cast<std::uint32_t>(request.ifr_mtu) : 0;
}

std::string text_of(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address.sa_family == AF_INET) {
    bytes = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  } else {
    bytes = &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  }
  return ::inet_ntop(address.sa_family, bytes, text.data(), text.size()) != nullptr ? text.data()
                                                                                    : "";
}

// getifaddrs() answers one entry for the link and one for each address.
void add_entry(const ifaddrs& entry, Interface& interface) {
  interface.name = entry.ifa_name;
  interface.up = (entry.ifa_flags & IFF_UP) != 0;
  interface.running = (entry.ifa_flags & IFF_RUNNING) != 0;
  interface.loopback = (entry.ifa_flags & IFF_LOOPBACK) != 0;
  if (entry.ifa_addr->sa_family == AF_PACKET) {
    const auto& link = reinterpret_cast<const sockaddr_ll&>(*entry.ifa_addr);
    interface.index = static_cast<unsigned>(link.sll_ifindex);
    interface.ethernet = link.sll_hatype == ARPHRD_ETHER || link.sll_hatype == ARPHRD_LOOPBACK;
    interface.mtu = mtu_of(interface.name);
  } else if (entry.ifa_addr->sa_family == AF_INET || entry.ifa_addr->sa_family == AF_INET6) {
    interface.addresses.push_back(text_of(*entry.ifa_addr));
  }
}

} // namespace

Result<std::vector<Interface>, Error> list_interfaces() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    return Error{ExitCode::environment, fmt::format("the interfaces cannot be listed: {}",
                                                    std::generic_category().message(errno))};
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  std::map<std::string, Interface> by_name;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr != nullptr && !is_tap_name(entry->ifa_name))
      add_entry(*entry, by_name[entry->ifa_name]);
  }
  std::map<unsigned, Interface> by_index;
  for (auto& [name, interface] : by_name) by_index[interface.index] = std::move(interface);
  std::vector<Interface> interfaces;
  interfaces.reserve(by_index.size());
  for (auto& [index, interface] : by_index) interfaces.push_back(std::move(interface));
  return interfaces;
}

std::string describe(const Interface& interface) {
  const char* state = !interface.up ? "down" : interface.running ? "up, running" : "up, no link";
  std::string line = fmt::format("{:<15}  {:<11}  mtu {}", interface.name, state, interface.mtu);
  for (const std::string& address : interface.addresses) line += "  " + address;
  if (interface.loopback) line += "  (loopback)";
  if (!interface.ethernet) line += "  (no Ethernet header: cannot be captured)";
  return line;
}

} // namespace xdpcap::host
