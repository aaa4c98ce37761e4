#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "apps/xdpcap_web/host/host_view.hpp"
#include "schemas/xdpcap_generated.h"

namespace xdpcap::web {

// Whose port it is: the processes that listen (TCP) or have bound a socket (UDP), by what the
// kernels reported. It finds the server's process of a connection whose own socket was never
// reported, and both ends of a datagram.
//
// A socket bound to one address is found by it; one bound to all addresses by the addresses that
// other sockets of the same host and network namespace have had. An address is looked for at home
// first: in the namespace where the packet was seen, then in the others of that host, then in the
// only one of another host. Where several qualify and do not agree there is no answer. Bounded;
// what was reported longest ago goes first. Not locked.
class SocketOwners {
 public:
  void add(const schema::SocketRecord& record, const ProcessPointer& process,
           std::string_view sensor, std::uint64_t now_ns);
  // Nothing where nobody is known.
  [[nodiscard]] ProcessPointer find(schema::SocketProtocol protocol, const schema::Endpoint& end,
                                    const SeenBy& by) const;
  // Whether a TCP socket listens there, also one whose process is not known.
  [[nodiscard]] bool listens(const schema::Endpoint& end, const SeenBy& by) const;
  void expire(std::uint64_t now_ns);

  [[nodiscard]] std::size_t size() const noexcept { return owners_.size(); }

  // The kernel is asked again and again, so an older one is gone.
  static constexpr std::uint64_t kKeptNs = std::uint64_t{180} * 1'000'000'000;

 private:
  static constexpr std::size_t kOwnersMax = 16'384, kHomesMax = 16'384, kSameAddressMax = 32;
  static constexpr std::size_t kSensorsMax = 256, kNamespacesMax = 1024; // of each sensor

  struct Owner {
    ProcessPointer process;
    std::uint64_t cookie = 0, last_seen_ns = 0;
  };
  struct Home {
    std::string sensor;
    std::uint32_t network_namespace = 0;
    std::uint64_t last_seen_ns = 0;
  };
  struct Homes { // of an address: two hosts, or two containers, may have the same
    std::vector<Home> all;
    std::uint64_t last_seen_ns = 0;
  };
  struct Address {
    std::uint64_t high = 0, low = 0;
    friend bool operator==(const Address&, const Address&) = default;
  };
  struct Place { // of a socket
    std::string sensor;
    std::uint32_t network_namespace = 0;
    schema::SocketProtocol protocol = schema::SocketProtocol::tcp;
    Address address;
    std::uint16_t port = 0;
    friend bool operator==(const Place&, const Place&) = default;
  };
  struct Hash {
    std::size_t operator()(const Address& address) const noexcept;
    std::size_t operator()(const Place& place) const noexcept;
  };

  void add_home(const Address& address, std::string_view sensor, std::uint32_t network_namespace,
                std::uint64_t now_ns);
  void add_namespace(std::string_view sensor, std::uint32_t network_namespace,
                     std::uint64_t now_ns);
  [[nodiscard]] const Owner* find_owner(schema::SocketProtocol protocol,
                                        const schema::Endpoint& end, const SeenBy& by) const;
  [[nodiscard]] const Owner* at(Place place) const;

  std::unordered_map<Place, Owner, Hash> owners_;
  std::unordered_map<Address, Homes, Hash> homes_;
  // Namespaces of a sensor, for loopback; few.
  std::unordered_map<std::string, std::unordered_map<std::uint32_t, std::uint64_t>> namespaces_;
};

} // namespace xdpcap::web
