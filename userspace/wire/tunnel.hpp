#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace xdpcap::wire {

// What may lie between the link and the innermost IP header. Each can be turned
// off by name: frames that carry it are then refused as `tunnel_off`.
enum class Tunnel : std::uint8_t {
  vlan,      // one 802.1Q or 802.1ad tag
  qinq,      // more than one
  mpls,      // ether types 0x8847 and 0x8848, IP protocol 137, UDP port 6635; IP or an Ethernet
             // pseudowire inside
  pppoe,     // RFC 2516, sessions only
  pbb,       // 802.1ah, MAC in MAC
  nsh,       // RFC 8300
  gre,       // RFC 2784 and 2890, IP or Ethernet inside; also over UDP port 4754
  pptp,      // PPP in GRE version 1, RFC 2637
  erspan,    // types I, II and III
  ipip,      // IPv4 in IPv4, and IPv4 in IPv6
  ip6in4,    // IPv6 in IPv4, and IPv6 in IPv6
  etherip,   // RFC 3378
  vxlan,     // RFC 7348, UDP ports 4789 and 8472
  vxlan_gpe, // UDP port 4790
  geneve,    // RFC 8926, UDP port 6081
  gtp_u,     // 3GPP TS 29.281, UDP port 2152
  teredo,    // RFC 4380, UDP port 3544
  count_,
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(Tunnel::count_)>
    tunnel_names{"vlan",  "qinq",      "mpls",   "pppoe", "pbb",    "nsh",
                 "gre",   "pptp",      "erspan", "ipip",  "ip6in4", "etherip",
                 "vxlan", "vxlan-gpe", "geneve", "gtp-u", "teredo"};

constexpr std::string_view name_of(Tunnel tunnel) noexcept {
  return tunnel_names[static_cast<std::size_t>(tunnel)];
}

constexpr std::optional<Tunnel> tunnel_named(std::string_view name) noexcept {
  for (std::size_t i = 0; i < tunnel_names.size(); ++i) {
    if (tunnel_names[i] == name) return static_cast<Tunnel>(i);
  }
  return std::nullopt;
}

// Which tunnels are opened.
class TunnelSet {
 public:
  static constexpr TunnelSet all() noexcept {
    return TunnelSet{(1U << static_cast<unsigned>(Tunnel::count_)) - 1};
  }
  static constexpr TunnelSet none() noexcept { return TunnelSet{0}; }

  [[nodiscard]] constexpr bool has(Tunnel tunnel) const noexcept {
    return (bits_ & bit(tunnel)) != 0;
  }
  [[nodiscard]] constexpr TunnelSet with(Tunnel tunnel) const noexcept {
    return TunnelSet{bits_ | bit(tunnel)};
  }
  [[nodiscard]] constexpr TunnelSet without(Tunnel tunnel) const noexcept {
    return TunnelSet{bits_ & ~bit(tunnel)};
  }
  friend constexpr bool operator==(TunnelSet, TunnelSet) noexcept = default;

 private:
  constexpr explicit TunnelSet(std::uint32_t bits) noexcept : bits_(bits) {}
  static constexpr std::uint32_t bit(Tunnel tunnel) noexcept {
    return 1U << static_cast<unsigned>(tunnel);
  }

  std::uint32_t bits_;
};
static_assert(static_cast<unsigned>(Tunnel::count_) < 32);

} // namespace xdpcap::wire
