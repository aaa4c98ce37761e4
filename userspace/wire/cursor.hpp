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
struct Remaining {
  const std::byte* at = nullptr;
  std::size_t captured = 0;
  std::size_t on_wire = 0; // at least `captured`; more where the snap length cut

  [[nodiscard]] bool has(std::size_t bytes) const noexcept { return captured >= bytes; }
  [[nodiscard]] bool cut() const noexcept { return captured < on_wire; }
  // The caller has asked has().
  void skip(std::size_t bytes) noexcept {
    at += bytes;
    captured -= bytes;
    on_wire -= bytes;
  }
  // A header said how many bytes follow: what is behind them is padding.
  void limit(std::size_t bytes) noexcept {
    on_wire = std::min(on_wire, bytes);
    captured = std::min(captured, bytes);
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

struct NextHeader {
  Layer layer = Layer::refused;
  NoSegment why = NoSegment::not_ip; // where refused

  NextHeader(Layer next) noexcept : layer(next) {}       // NOLINT(google-explicit-constructor)
  NextHeader(NoSegment reason) noexcept : why(reason) {} // NOLINT(google-explicit-constructor)
};

struct Cursor {
  Remaining rest;
  TunnelSet tunnels = TunnelSet::all();
  ChecksumPolicy* checksums = nullptr;

  // Of the innermost IP header so far.
  Address source, destination;
  std::uint8_t protocol = 0;
  bool is_v6 = false;
  // False where the addresses are not those that the sender summed.
  bool verifiable = true;

  ChecksumResult checksum_result = ChecksumResult::valid; // of the IP headers so far
  bool tagged = false; // a VLAN tag was seen since the last Ethernet header
  bool from_tunnel = false;
  bool has_options = false; // of the innermost IP header so far, in it or in extension headers
  bool from_fragments = false;
  bool overlapped = false; // these fragments

  struct {
    std::uint32_t offset = 0; // in bytes
    std::uint32_t id = 0;
    bool more = false;
  } fragment;

  // The innermost UDP header so far and what of its datagram was captured.
  struct {
    const std::byte* header = nullptr;
    std::size_t payload = 0;
  } udp;

  // `layer`, if `tunnel` is to be opened.
  [[nodiscard]] NextHeader enter(Tunnel tunnel, Layer layer) noexcept {
    if (!tunnels.has(tunnel)) return NoSegment::tunnel_off;
    from_tunnel = true;
    return layer;
  }
  // Why `bytes` of header are not there.
  [[nodiscard]] NoSegment missing(std::size_t bytes) const noexcept {
    return rest.on_wire >= bytes ? NoSegment::cut_by_snaplen : NoSegment::truncated;
  }
  [[nodiscard]] bool accept_ip_checksum(std::size_t header) noexcept {
    const ChecksumResult state = checksums->judge_ip(rest.at, header);
    if (state == ChecksumResult::bad) return false;
    if (state == ChecksumResult::offloaded) checksum_result = state;
    return true;
  }
};

// link.cpp
NextHeader first_layer(LinkType link, Cursor& cursor) noexcept;
NextHeader read_llc(Cursor& cursor) noexcept;
NextHeader read_mpls(Cursor& cursor) noexcept;
NextHeader read_pppoe(Cursor& cursor) noexcept;
NextHeader read_ppp(Cursor& cursor) noexcept;
NextHeader read_pbb(Cursor& cursor) noexcept;
NextHeader read_nsh(Cursor& cursor) noexcept;
NextHeader read_wireless(Cursor& cursor) noexcept;
NextHeader header_of_ether_type(std::uint16_t type, Cursor& cursor) noexcept;

// ip.cpp
NextHeader read_ip(Cursor& cursor) noexcept;
NextHeader read_ip_payload(Cursor& cursor) noexcept;
NextHeader read_extension(Cursor& cursor) noexcept;

// tunnel.cpp
NextHeader read_udp(Cursor& cursor) noexcept;
NextHeader read_gre(Cursor& cursor) noexcept;
NextHeader read_erspan(Cursor& cursor) noexcept;
NextHeader read_etherip(Cursor& cursor) noexcept;
NextHeader read_vxlan(Cursor& cursor) noexcept;
NextHeader read_vxlan_gpe(Cursor& cursor) noexcept;
NextHeader read_geneve(Cursor& cursor) noexcept;
NextHeader read_gtp_u(Cursor& cursor) noexcept;
NextHeader read_teredo(Cursor& cursor) noexcept;

// The headers that nearly every frame has, inline.

inline NextHeader after_ether_type(std::uint16_t type, Cursor& cursor) noexcept {
  if (type == 0x0800) [[likely]] {
    return Layer::ipv4;
  }
  return header_of_ether_type(type, cursor);
}

inline NextHeader read_ethernet(Cursor& cursor) noexcept {
  constexpr std::size_t kHeader = 14;
  if (!cursor.rest.has(kHeader)) [[unlikely]] {
    return cursor.missing(kHeader);
  }
  const std::uint16_t type = load_be16(cursor.rest.at + 12);
  cursor.rest.skip(kHeader);
  cursor.tagged = false;
  return after_ether_type(type, cursor);
}

inline NextHeader read_vlan(Cursor& cursor) noexcept {
  constexpr std::size_t kTag = 4;
  if (!cursor.tunnels.has(cursor.tagged ? Tunnel::qinq : Tunnel::vlan))
    return NoSegment::tunnel_off;
  cursor.tagged = true;
  if (!cursor.rest.has(kTag)) [[unlikely]] {
    return cursor.missing(kTag);
  }
  const std::uint16_t type = load_be16(cursor.rest.at + 2);
  cursor.rest.skip(kTag);
  return after_ether_type(type, cursor);
}

inline void set_v4(Address& address, const std::byte* bytes) noexcept {
  address = Address::from_v4(bytes);
}

inline NextHeader after_protocol(Cursor& cursor) noexcept {
  constexpr std::uint8_t kTcp = 6;
  return cursor.protocol == kTcp ? Layer::tcp : Layer::ip_payload;
}

// RFC 791.
inline NextHeader read_ipv4(Cursor& cursor) noexcept {
  constexpr std::size_t kHeaderMin = 20;
  const std::byte* at = cursor.rest.at;
  if (!cursor.rest.has(kHeaderMin)) [[unlikely]] {
    return cursor.missing(kHeaderMin);
  }
  const std::size_t header = static_cast<std::size_t>(load_u8(at) & 15U) * 4;
  if (load_u8(at) >> 4 != 4 || header < kHeaderMin) [[unlikely]] {
    return NoSegment::bad_ip;
  }
  std::size_t total = load_be16(at + 2);
  // A super-packet that segmentation offload has yet to cut is longer than the
  // field can say, and says nothing.
  if (total == 0) [[unlikely]] {
    total = cursor.rest.on_wire;
  }
  if (total < header) [[unlikely]] {
    return NoSegment::bad_ip;
  }
  if (total > cursor.rest.on_wire) [[unlikely]] {
    return NoSegment::truncated;
  }
  if (!cursor.rest.has(header)) [[unlikely]] {
    return NoSegment::cut_by_snaplen;
  }
  if (cursor.checksums->verifying() && !cursor.accept_ip_checksum(header)) [[unlikely]] {
    return NoSegment::bad_ip_checksum;
  }

  cursor.rest.limit(total);
  cursor.rest.skip(header);
  set_v4(cursor.source, at + 12);
  set_v4(cursor.destination, at + 16);
  cursor.protocol = load_u8(at + 9);
  cursor.is_v6 = false;
  cursor.verifiable = true;
  cursor.has_options = header > kHeaderMin;
  const std::uint16_t fragment = load_be16(at + 6);
  if ((fragment & 0x3fff) != 0) [[unlikely]] {
    cursor.fragment = {.offset = (fragment & 0x1fffU) * 8,
                       .id = load_be16(at + 4),
                       .more = (fragment & 0x2000) != 0};
    return Layer::fragment;
  }
  return after_protocol(cursor);
}

// RFC 8200.
inline NextHeader read_ipv6(Cursor& cursor) noexcept {
  constexpr std::size_t kHeader = 40;
  const std::byte* at = cursor.rest.at;
  if (!cursor.rest.has(kHeader)) [[unlikely]] {
    return cursor.missing(kHeader);
  }
  if (load_u8(at) >> 4 != 6) [[unlikely]] {
    return NoSegment::bad_ip;
  }
  const std::size_t length = load_be16(at + 4);
  cursor.rest.skip(kHeader);
  if (length > cursor.rest.on_wire) [[unlikely]] {
    return NoSegment::truncated;
  }
  // Zero: a jumbogram (RFC 2675) or a super-packet. It has no padding behind it.
  if (length != 0) cursor.rest.limit(length);
  std::memcpy(cursor.source.bytes.data(), at + 8, 16);
  std::memcpy(cursor.destination.bytes.data(), at + 24, 16);
  cursor.protocol = load_u8(at + 6);
  cursor.is_v6 = true;
  cursor.verifiable = true;
  cursor.has_options = false;
  return after_protocol(cursor);
}

} // namespace xdpcap::wire
