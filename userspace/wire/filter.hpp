#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/result.hpp"
#include "wire/segment.hpp"
#include "wire/udp_datagram.hpp"

namespace xdpcap::wire {

// A block of addresses ("10.0.0.0/8", "2001:db8::/32"). The prefix counts from
// the front of the 128 bits of Address: an IPv4 prefix has 96 added.
struct Network {
  Address address; // bits behind the prefix are zero
  std::uint8_t prefix = 128;

  [[nodiscard]] bool contains(const Address& candidate) const noexcept;
  friend bool operator==(const Network&, const Network&) noexcept = default;
};

// "10.0.0.1", "10.0.0.0/8", "2001:db8::/32".
Result<Network, Error> parse_network(std::string_view text);

// Which segments and datagrams are wanted. Without hosts every host is, without ports every
// port; one of the two endpoints has to be in each list that is there. Built at
// start; asking is const and may happen in any thread.
class Filter {
 public:
  void add_host(const Network& network) { hosts_.push_back(network); }
  void add_port(std::uint16_t port);

  [[nodiscard]] bool wants(const Segment& segment) const noexcept {
    if (hosts_.empty() && ports_.empty()) [[likely]] {
      return true;
    }
    return wants(segment.key);
  }
  [[nodiscard]] bool wants(const UdpDatagram& datagram) const noexcept {
    return wants(FlowKey{datagram.source, datagram.destination}); // either end counts alike
  }
  [[nodiscard]] bool wants(const FlowKey& key) const noexcept;

  [[nodiscard]] std::span<const Network> hosts() const noexcept { return hosts_; }
  [[nodiscard]] std::span<const std::uint16_t> ports() const noexcept { return ports_; }

 private:
  [[nodiscard]] bool has_port(std::uint16_t port) const noexcept {
    return (port_bits_[port / 64] >> (port % 64) & 1U) != 0;
  }
  [[nodiscard]] bool has_host(const Address& address) const noexcept;

  std::vector<Network> hosts_;
  std::vector<std::uint16_t> ports_;
  std::array<std::uint64_t, 65536 / 64> port_bits_{}; // one look for any number of ports
};

} // namespace xdpcap::wire
