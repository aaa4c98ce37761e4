#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/bytes.hpp"
#include "wire/checksum_policy.hpp"
#include "wire/decode_count.hpp"
#include "wire/frame.hpp"
#include "wire/segment.hpp"
#include "wire/tunnel.hpp"

// Inside of the decoder: a walk from header to header of one frame. Each header
// has one function; it checks that the header is there, steps over it and
// answers what comes next. Nobody else includes this.
namespace xdpcap::wire {

// What is left of a frame.
struct Rest {
  const std::byte* at = nullptr;
  std::size_t captured = 0;
  std::size_t on_wire = 0; // at least `captured`; more where the snap length cut

  [[nodiscard]] bool has(std::size_t octets) const noexcept { return captured >= octets; }
  [[nodiscard]] bool cut() const noexcept { return captured < on_wire; }
  // The caller has asked has().
  void skip(std::size_t octets) noexcept {
    at += octets;
    captured -= octets;
    on_wire -= octets;
  }
  // A header said how many octets follow: what is behind them is padding.
  void limit(std::size_t octets) noexcept {
    on_wire = std::min(on_wire, octets);
    captured = std::min(captured, octets);
  }
};

enum class Layer : std::uint8_t {
  refused,
  ethernet,
  vlan,
  llc,
  mpls,
  pppoe,
  ppp,
  pbb,
  nsh,
  ip, // the version tells
  ipv4,
  ipv6,
  fragment,   // what Walk::fragment says is a piece of a datagram
  ip_payload, // Walk::protocol tells
  extension,  // of IPv6; Walk::protocol tells which
  tcp,
  udp,
  gre,
  erspan, // type II or III
  etherip,
  vxlan,
  vxlan_gpe,
  geneve,
  gtp_u,
  teredo,
  wireless, // IEEE 802.11
};

struct Step {
  Layer layer = Layer::refused;
  NotASegment why = NotASegment::not_ip; // where refused

  Step(Layer next) noexcept : layer(next) {}         // NOLINT(google-explicit-constructor)
  Step(NotASegment reason) noexcept : why(reason) {} // NOLINT(google-explicit-constructor)
};

struct Walk {
  Rest rest;
  TunnelSet tunnels = TunnelSet::all();
  ChecksumPolicy* checksums = nullptr;

  // Of the innermost IP header so far.
  Address source, destination;
  std::uint8_t protocol = 0;
  bool is_v6 = false;
  // False where the addresses are not those that the sender summed.
  bool verifiable = true;

  ChecksumState checksum_state = ChecksumState::trusted; // of the IP headers so far
  bool tagged = false;                                   // a VLAN tag was seen since the last Ethernet header
  bool from_tunnel = false;
  bool has_options = false; // the innermost IPv4 header so far has some
  bool from_fragments = false;

  struct {
    std::uint32_t offset = 0; // in octets
    std::uint32_t id = 0;
    bool more = false;
  } fragment;

  // The innermost UDP header so far and what of its datagram was captured.
  struct {
    const std::byte* header = nullptr;
    std::size_t payload = 0;
  } udp;

  // `layer`, if `tunnel` is to be opened.
  [[nodiscard]] Step enter(Tunnel tunnel, Layer layer) noexcept {
    if (!tunnels.has(tunnel)) return NotASegment::tunnel_off;
    from_tunnel = true;
    return layer;
  }
  // Why `octets` of header are not there.
  [[nodiscard]] NotASegment missing(std::size_t octets) const noexcept {
    return rest.on_wire >= octets ? NotASegment::snapped : NotASegment::truncated;
  }
  [[nodiscard]] bool accept_ip_checksum(std::size_t header) noexcept {
    const ChecksumState state = checksums->judge_ip(rest.at, header);
    if (state == ChecksumState::wrong) return false;
    if (state == ChecksumState::offloaded) checksum_state = state;
    return true;
  }
};

// link.cpp
Step first_layer(LinkType link, Walk& walk) noexcept;
Step read_llc(Walk& walk) noexcept;
Step read_mpls(Walk& walk) noexcept;
Step read_pppoe(Walk& walk) noexcept;
Step read_ppp(Walk& walk) noexcept;
Step read_pbb(Walk& walk) noexcept;
Step read_nsh(Walk& walk) noexcept;
Step read_wireless(Walk& walk) noexcept;
Step step_of_ether_type(std::uint16_t type, Walk& walk) noexcept;

// ip.cpp
Step read_ip(Walk& walk) noexcept;
Step read_ip_payload(Walk& walk) noexcept;
Step read_extension(Walk& walk) noexcept;

// tunnel.cpp
Step read_udp(Walk& walk) noexcept;
Step read_gre(Walk& walk) noexcept;
Step read_erspan(Walk& walk) noexcept;
Step read_etherip(Walk& walk) noexcept;
Step read_vxlan(Walk& walk) noexcept;
Step read_vxlan_gpe(Walk& walk) noexcept;
Step read_geneve(Walk& walk) noexcept;
Step read_gtp_u(Walk& walk) noexcept;
Step read_teredo(Walk& walk) noexcept;

// The headers that nearly every frame has, inline.

inline Step after_ether_type(std::uint16_t type, Walk& walk) noexcept {
  if (type == 0x0800) [[likely]] {
    return Layer::ipv4;
  }
  return step_of_ether_type(type, walk);
}

inline Step read_ethernet(Walk& walk) noexcept {
  constexpr std::size_t kHeader = 14;
  if (!walk.rest.has(kHeader)) [[unlikely]] {
    return walk.missing(kHeader);
  }
  const std::uint16_t type = load_be16(walk.rest.at + 12);
  walk.rest.skip(kHeader);
  walk.tagged = false;
  return after_ether_type(type, walk);
}

inline Step read_vlan(Walk& walk) noexcept {
  constexpr std::size_t kTag = 4;
  if (!walk.tunnels.has(walk.tagged ? Tunnel::qinq : Tunnel::vlan)) return NotASegment::tunnel_off;
  walk.tagged = true;
  if (!walk.rest.has(kTag)) [[unlikely]] {
    return walk.missing(kTag);
  }
  const std::uint16_t type = load_be16(walk.rest.at + 2);
  walk.rest.skip(kTag);
  return after_ether_type(type, walk);
}

inline void set_v4(Address& address, const std::byte* octets) noexcept {
  address = Address::from_v4(octets);
}

inline Step after_protocol(Walk& walk) noexcept {
  constexpr std::uint8_t kTcp = 6;
  return walk.protocol == kTcp ? Layer::tcp : Layer::ip_payload;
}

// RFC 791.
inline Step read_ipv4(Walk& walk) noexcept {
  constexpr std::size_t kHeaderMin = 20;
  const std::byte* at = walk.rest.at;
  if (!walk.rest.has(kHeaderMin)) [[unlikely]] {
    return walk.missing(kHeaderMin);
  }
  const std::size_t header = static_cast<std::size_t>(load_u8(at) & 15U) * 4;
  if (load_u8(at) >> 4 != 4 || header < kHeaderMin) [[unlikely]] {
    return NotASegment::bad_ip;
  }
  std::size_t total = load_be16(at + 2);
  // A super-packet that segmentation offload has yet to cut is longer than the
  // field can say, and says nothing.
  if (total == 0) [[unlikely]] {
    total = walk.rest.on_wire;
  }
  if (total < header) [[unlikely]] {
    return NotASegment::bad_ip;
  }
  if (total > walk.rest.on_wire) [[unlikely]] {
    return NotASegment::truncated;
  }
  if (!walk.rest.has(header)) [[unlikely]] {
    return NotASegment::snapped;
  }
  if (walk.checksums->verifying() && !walk.accept_ip_checksum(header)) [[unlikely]] {
    return NotASegment::bad_ip_checksum;
  }

  walk.rest.limit(total);
  walk.rest.skip(header);
  set_v4(walk.source, at + 12);
  set_v4(walk.destination, at + 16);
  walk.protocol = load_u8(at + 9);
  walk.is_v6 = false;
  walk.verifiable = true;
  walk.has_options = header > kHeaderMin;
  const std::uint16_t fragment = load_be16(at + 6);
  if ((fragment & 0x3fff) != 0) [[unlikely]] {
    walk.fragment = {.offset = (fragment & 0x1fffU) * 8, .id = load_be16(at + 4), .more = (fragment & 0x2000) != 0};
    return Layer::fragment;
  }
  return after_protocol(walk);
}

// RFC 8200.
inline Step read_ipv6(Walk& walk) noexcept {
  constexpr std::size_t kHeader = 40;
  const std::byte* at = walk.rest.at;
  if (!walk.rest.has(kHeader)) [[unlikely]] {
    return walk.missing(kHeader);
  }
  if (load_u8(at) >> 4 != 6) [[unlikely]] {
    return NotASegment::bad_ip;
  }
  const std::size_t length = load_be16(at + 4);
  walk.rest.skip(kHeader);
  if (length > walk.rest.on_wire) [[unlikely]] {
    return NotASegment::truncated;
  }
  // Zero: a jumbogram (RFC 2675) or a super-packet. It has no padding behind it.
  if (length != 0) walk.rest.limit(length);
  std::memcpy(walk.source.octets.data(), at + 8, 16);
  std::memcpy(walk.destination.octets.data(), at + 24, 16);
  walk.protocol = load_u8(at + 6);
  walk.is_v6 = true;
  walk.verifiable = true;
  return after_protocol(walk);
}

} // namespace xdpcap::wire
