#include "wire/tunnel.hpp"

#include "bpf/protocols.h"
#include "wire/walk.hpp"

namespace xdpcap::wire {
namespace {

Step step_of_port(std::uint16_t port, Walk& walk) noexcept {
  switch (port) {
    case XDPCAP_PORT_VXLAN:
    case XDPCAP_PORT_VXLAN_LINUX:
      return walk.enter(Tunnel::vxlan, Layer::vxlan);
    case XDPCAP_PORT_VXLAN_GPE:
      return walk.enter(Tunnel::vxlan_gpe, Layer::vxlan_gpe);
    case XDPCAP_PORT_GENEVE:
      return walk.enter(Tunnel::geneve, Layer::geneve);
    case XDPCAP_PORT_GTP_U:
      return walk.enter(Tunnel::gtp_u, Layer::gtp_u);
    case XDPCAP_PORT_TEREDO:
      return walk.enter(Tunnel::teredo, Layer::teredo);
    case XDPCAP_PORT_MPLS:
      return walk.enter(Tunnel::mpls, Layer::mpls);
    case XDPCAP_PORT_GRE:
      return walk.enter(Tunnel::gre, Layer::gre);
    default:
      return NotASegment::udp;
  }
}

// Steps over a shim header and answers what is inside, or that this is UDP of
// another kind.
Step inside(Walk& walk, std::size_t header, Layer layer) noexcept {
  if (!walk.rest.has(header)) return walk.missing(header);
  walk.rest.skip(header);
  return layer;
}

// Too short for the tunnel of its port: UDP of another kind, or cut.
NotASegment not_all_of(const Walk& walk, std::size_t header) noexcept {
  return walk.rest.on_wire >= header ? NotASegment::snapped : NotASegment::udp;
}

// The version nibble at `at`, where an IP packet is expected.
Layer ip_at(const std::byte* at) noexcept {
  switch (load_u8(at) >> 4) {
    case 4:
      return Layer::ipv4;
    case 6:
      return Layer::ipv6;
    default:
      return Layer::refused;
  }
}

// Point-to-point tunnelling (RFC 2637, 4.1): an acknowledgement, data, or both.
Step read_gre_version_1(Walk& walk, unsigned flags) noexcept {
  constexpr unsigned kSequence = 0x1000, kAcknowledgement = 0x0080;
  std::size_t header = 8;
  if ((flags & kSequence) != 0) header += 4;
  if ((flags & kAcknowledgement) != 0) header += 4;
  if (!walk.rest.has(header)) return walk.missing(header);
  const std::size_t length = load_be16(walk.rest.at + 4);
  walk.rest.skip(header);
  if (length > walk.rest.on_wire) return NotASegment::truncated;
  walk.rest.limit(length);
  if (length == 0) return NotASegment::other_protocol; // it only acknowledges
  return walk.enter(Tunnel::pptp, Layer::ppp);
}

} // namespace

// RFC 768. A port of a tunnel makes no tunnel: each reader looks at the octets.
Step read_udp(Walk& walk) noexcept {
  constexpr std::size_t kHeader = 8;
  if (!walk.rest.has(kHeader)) return walk.missing(kHeader);
  const std::byte* at = walk.rest.at;
  const std::uint16_t source = load_be16(at), destination = load_be16(at + 2);
  const std::size_t length = load_be16(at + 4);
  walk.rest.skip(kHeader);
  if (length >= kHeader) walk.rest.limit(length - kHeader);
  walk.udp = {at, walk.rest.captured};
  const Step by_destination = step_of_port(destination, walk);
  if (by_destination.layer != Layer::refused || by_destination.why != NotASegment::udp) return by_destination;
  // These two answer from their own port.
  if (source == XDPCAP_PORT_GTP_U || source == XDPCAP_PORT_TEREDO) return step_of_port(source, walk);
  return NotASegment::udp;
}

// RFC 2784 with the key and sequence number of RFC 2890. Source routing (RFC
// 1701) is gone since the former.
Step read_gre(Walk& walk) noexcept {
  constexpr unsigned kChecksum = 0x8000, kRouting = 0x4000, kKey = 0x2000, kSequence = 0x1000, kVersion = 7;
  constexpr std::uint16_t kErspan12 = 0x88be, kErspan3 = 0x22eb;
  if (!walk.rest.has(4)) return walk.missing(4);
  const unsigned flags = load_be16(walk.rest.at);
  const std::uint16_t type = load_be16(walk.rest.at + 2);
  if ((flags & kVersion) == 1) return read_gre_version_1(walk, flags);
  if ((flags & (kVersion | kRouting)) != 0) return NotASegment::bad_tunnel;
  std::size_t header = 4;
  for (const unsigned field : {kChecksum, kKey, kSequence}) {
    if ((flags & field) != 0) header += 4;
  }
  if (!walk.rest.has(header)) return walk.missing(header);
  walk.rest.skip(header);
  if (type == kErspan12) {
    // Only type II has a header of its own, and a sequence number.
    return walk.enter(Tunnel::erspan, (flags & kSequence) != 0 ? Layer::erspan : Layer::ethernet);
  }
  if (type == kErspan3) return walk.enter(Tunnel::erspan, Layer::erspan);
  if (!walk.tunnels.has(Tunnel::gre)) return NotASegment::tunnel_off;
  walk.from_tunnel = true;
  return after_ether_type(type, walk);
}

// Encapsulated remote SPAN (draft-foschiano-erspan-03).
Step read_erspan(Walk& walk) noexcept {
  constexpr std::size_t kType2 = 8, kType3 = 12, kPlatformHeader = 8, kFrameMax = 65535;
  if (!walk.rest.has(kType2)) return walk.missing(kType2);
  const std::byte* at = walk.rest.at;
  const unsigned version = static_cast<unsigned>(load_u8(at)) >> 4;
  const bool truncated = (load_u8(at + 2) & 0x04) != 0;
  std::size_t header = kType2;
  if (version == 2) {
    if (!walk.rest.has(kType3)) return walk.missing(kType3);
    header = (load_u8(at + 11) & 1) != 0 ? kType3 + kPlatformHeader : kType3;
  } else if (version != 1) {
    return NotASegment::bad_tunnel;
  }
  if (!walk.rest.has(header)) return walk.missing(header);
  walk.rest.skip(header);
  // The switch cut the frame it mirrors; only the headers inside know its length.
  if (truncated) walk.rest.on_wire += kFrameMax;
  return Layer::ethernet;
}

// RFC 3378.
Step read_etherip(Walk& walk) noexcept {
  constexpr std::size_t kHeader = 2;
  if (!walk.rest.has(kHeader)) return walk.missing(kHeader);
  if (load_u8(walk.rest.at) >> 4 != 3) return NotASegment::bad_tunnel;
  return inside(walk, kHeader, Layer::ethernet);
}

// RFC 7348, 5. Reserved bits carry extensions that do not concern us (group
// policy), and are to be ignored on receipt.
Step read_vxlan(Walk& walk) noexcept {
  constexpr std::size_t kHeader = 8, kEthernet = 14;
  if (!walk.rest.has(kHeader)) return not_all_of(walk, kHeader);
  const bool has_network = (load_u8(walk.rest.at) & 0x08) != 0;
  if (!has_network || walk.rest.on_wire < kHeader + kEthernet) return NotASegment::udp;
  return inside(walk, kHeader, Layer::ethernet);
}

// draft-ietf-nvo3-vxlan-gpe, 3.
Step read_vxlan_gpe(Walk& walk) noexcept {
  constexpr std::size_t kHeader = 8;
  if (!walk.rest.has(kHeader)) return not_all_of(walk, kHeader);
  const unsigned flags = load_u8(walk.rest.at);
  const std::uint8_t next = load_u8(walk.rest.at + 3);
  const bool has_network = (flags & 0x08) != 0, has_protocol = (flags & 0x04) != 0;
  if (!has_network || flags >> 6 != 0) return NotASegment::udp;
  if (!has_protocol) return inside(walk, kHeader, Layer::ethernet);
  switch (next) {
    case 1:
      return inside(walk, kHeader, Layer::ipv4);
    case 2:
      return inside(walk, kHeader, Layer::ipv6);
    case 3:
      return inside(walk, kHeader, Layer::ethernet);
    case 4:
      walk.rest.skip(kHeader);
      return walk.enter(Tunnel::nsh, Layer::nsh);
    case 5:
      walk.rest.skip(kHeader);
      return walk.enter(Tunnel::mpls, Layer::mpls);
    default:
      return NotASegment::udp;
  }
}

// RFC 8926, 3.4.
Step read_geneve(Walk& walk) noexcept {
  constexpr std::size_t kHeaderMin = 8;
  if (!walk.rest.has(kHeaderMin)) return not_all_of(walk, kHeaderMin);
  const unsigned version = static_cast<unsigned>(load_u8(walk.rest.at)) >> 6;
  if (version != 0) return NotASegment::udp;
  const std::size_t header = kHeaderMin + static_cast<std::size_t>(load_u8(walk.rest.at) & 0x3fU) * 4;
  const std::uint16_t type = load_be16(walk.rest.at + 2);
  if (!walk.rest.has(header)) return walk.missing(header);
  walk.rest.skip(header);
  return after_ether_type(type, walk);
}

// 3GPP TS 29.281, 5: version 1, a user packet, maybe with extension headers whose
// chain ends with type 0.
Step read_gtp_u(Walk& walk) noexcept {
  constexpr std::size_t kHeader = 8, kOptional = 4;
  if (!walk.rest.has(kHeader)) return not_all_of(walk, kHeader);
  const std::byte* at = walk.rest.at;
  const unsigned flags = load_u8(at);
  const bool is_user_packet = flags >> 4 == 3 && load_u8(at + 1) == 0xff;
  const std::size_t length = load_be16(at + 2);
  if (!is_user_packet || length > walk.rest.on_wire - kHeader) return NotASegment::udp;
  walk.rest.skip(kHeader);
  walk.rest.limit(length);
  if ((flags & 7) != 0) {
    if (!walk.rest.has(kOptional)) return walk.missing(kOptional);
    unsigned next = (flags & 4) != 0 ? load_u8(walk.rest.at + 3) : 0U;
    walk.rest.skip(kOptional);
    while (next != 0) {
      if (!walk.rest.has(4)) return walk.missing(4);
      const std::size_t extension = static_cast<std::size_t>(load_u8(walk.rest.at)) * 4;
      if (extension == 0) return NotASegment::udp;
      if (!walk.rest.has(extension)) return walk.missing(extension);
      next = load_u8(walk.rest.at + extension - 1);
      walk.rest.skip(extension);
    }
  }
  if (!walk.rest.has(1)) return walk.missing(1);
  const Layer layer = ip_at(walk.rest.at);
  return layer == Layer::refused ? Step{NotASegment::udp} : Step{layer};
}

// RFC 4380, 5.1.1: an authentication and an origin indication may stand in front
// of the IPv6 packet, in this order.
Step read_teredo(Walk& walk) noexcept {
  constexpr std::size_t kAuthentication = 13, kOrigin = 8, kIpv6 = 40;
  if (!walk.rest.has(4)) return not_all_of(walk, 4);
  if (load_be16(walk.rest.at) == 0x0001) {
    const std::size_t header = kAuthentication + load_u8(walk.rest.at + 2) + load_u8(walk.rest.at + 3);
    if (!walk.rest.has(header)) return walk.missing(header);
    walk.rest.skip(header);
  }
  if (walk.rest.has(kOrigin) && load_be16(walk.rest.at) == 0x0000) walk.rest.skip(kOrigin);
  if (!walk.rest.has(kIpv6)) return not_all_of(walk, kIpv6);
  const bool is_whole = ip_at(walk.rest.at) == Layer::ipv6 && load_be16(walk.rest.at + 4) == walk.rest.on_wire - kIpv6;
  return is_whole ? Step{Layer::ipv6} : Step{NotASegment::udp};
}

} // namespace xdpcap::wire
