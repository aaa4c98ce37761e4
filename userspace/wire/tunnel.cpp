#include "wire/tunnel.hpp"

#include "bpf/protocols.h"
#include "wire/cursor.hpp"

namespace xdpcap::wire {
namespace {

NextHeader step_of_port(std::uint16_t port, Cursor& cursor) noexcept {
  switch (port) {
    case XDPCAP_PORT_VXLAN:
    case XDPCAP_PORT_VXLAN_LINUX:
      return cursor.enter(Tunnel::vxlan, Layer::vxlan);
    case XDPCAP_PORT_VXLAN_GPE:
      return cursor.enter(Tunnel::vxlan_gpe, Layer::vxlan_gpe);
    case XDPCAP_PORT_GENEVE:
      return cursor.enter(Tunnel::geneve, Layer::geneve);
    case XDPCAP_PORT_GTP_U:
      return cursor.enter(Tunnel::gtp_u, Layer::gtp_u);
    case XDPCAP_PORT_TEREDO:
      return cursor.enter(Tunnel::teredo, Layer::teredo);
    case XDPCAP_PORT_MPLS:
      return cursor.enter(Tunnel::mpls, Layer::mpls);
    case XDPCAP_PORT_GRE:
      return cursor.enter(Tunnel::gre, Layer::gre);
    default:
      return NoSegment::udp;
  }
}

// Steps over a shim header and answers what is inside, or that this is UDP of
// another kind.
NextHeader inside(Cursor& cursor, std::size_t header, Layer layer) noexcept {
  if (!cursor.rest.has(header)) return cursor.missing(header);
  cursor.rest.skip(header);
  return layer;
}

// Too short for the tunnel of its port: UDP of another kind, or cut.
NoSegment not_all_of(const Cursor& cursor, std::size_t header) noexcept {
  return cursor.rest.on_wire >= header ? NoSegment::cut_by_snaplen : NoSegment::udp;
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
NextHeader read_gre_version_1(Cursor& cursor, unsigned flags) noexcept {
  constexpr unsigned kSequence = 0x1000, kAcknowledgement = 0x0080;
  std::size_t header = 8;
  if ((flags & kSequence) != 0) header += 4;
  if ((flags & kAcknowledgement) != 0) header += 4;
  if (!cursor.rest.has(header)) return cursor.missing(header);
  const std::size_t length = load_be16(cursor.rest.at + 4);
  cursor.rest.skip(header);
  if (length > cursor.rest.on_wire) return NoSegment::truncated;
  cursor.rest.limit(length);
  if (length == 0) return NoSegment::other_protocol; // it only acknowledges
  return cursor.enter(Tunnel::pptp, Layer::ppp);
}

} // namespace

// RFC 768. A port of a tunnel makes no tunnel: each reader looks at the bytes.
NextHeader read_udp(Cursor& cursor) noexcept {
  constexpr std::size_t kHeader = 8;
  if (!cursor.rest.has(kHeader)) return cursor.missing(kHeader);
  const std::byte* at = cursor.rest.at;
  const std::uint16_t source = load_be16(at), destination = load_be16(at + 2);
  const std::size_t length = load_be16(at + 4);
  cursor.rest.skip(kHeader);
  if (length >= kHeader) cursor.rest.limit(length - kHeader);
  cursor.udp = {at, cursor.rest.captured};
  const NextHeader by_destination = step_of_port(destination, cursor);
  if (by_destination.layer != Layer::refused || by_destination.why != NoSegment::udp)
    return by_destination;
  // These two answer from their own port.
  if (source == XDPCAP_PORT_GTP_U || source == XDPCAP_PORT_TEREDO)
    return step_of_port(source, cursor);
  return NoSegment::udp;
}

// RFC 2784 with the key and sequence number of RFC 2890. Source routing (RFC
// 1701) is gone since the former.
NextHeader read_gre(Cursor& cursor) noexcept {
  constexpr unsigned kChecksum = 0x8000, kRouting = 0x4000, kKey = 0x2000, kSequence = 0x1000,
                     kVersion = 7;
  constexpr std::uint16_t kErspan12 = 0x88be, kErspan3 = 0x22eb;
  if (!cursor.rest.has(4)) return cursor.missing(4);
  const unsigned flags = load_be16(cursor.rest.at);
  const std::uint16_t type = load_be16(cursor.rest.at + 2);
  if ((flags & kVersion) == 1) return read_gre_version_1(cursor, flags);
  if ((flags & (kVersion | kRouting)) != 0) return NoSegment::bad_tunnel;
  std::size_t header = 4;
  for (const unsigned field : {kChecksum, kKey, kSequence}) {
    if ((flags & field) != 0) header += 4;
  }
  if (!cursor.rest.has(header)) return cursor.missing(header);
  cursor.rest.skip(header);
  if (type == kErspan12) {
    // Only type II has a header of its own, and a sequence number.
    return cursor.enter(Tunnel::erspan, (flags & kSequence) != 0 ? Layer::erspan : Layer::ethernet);
  }
  if (type == kErspan3) return cursor.enter(Tunnel::erspan, Layer::erspan);
  if (!cursor.tunnels.has(Tunnel::gre)) return NoSegment::tunnel_off;
  cursor.from_tunnel = true;
  return after_ether_type(type, cursor);
}

// Encapsulated remote SPAN (draft-foschiano-erspan-03).
NextHeader read_erspan(Cursor& cursor) noexcept {
  constexpr std::size_t kType2 = 8, kType3 = 12, kPlatformHeader = 8, kFrameMax = 65535;
  if (!cursor.rest.has(kType2)) return cursor.missing(kType2);
  const std::byte* at = cursor.rest.at;
  const unsigned version = static_cast<unsigned>(load_u8(at)) >> 4;
  const bool truncated = (load_u8(at + 2) & 0x04) != 0;
  std::size_t header = kType2;
  if (version == 2) {
    if (!cursor.rest.has(kType3)) return cursor.missing(kType3);
    header = (load_u8(at + 11) & 1) != 0 ? kType3 + kPlatformHeader : kType3;
  } else if (version != 1) {
    return NoSegment::bad_tunnel;
  }
  if (!cursor.rest.has(header)) return cursor.missing(header);
  cursor.rest.skip(header);
  // The switch cut the frame it mirrors; only the headers inside know its length.
  if (truncated) cursor.rest.on_wire += kFrameMax;
  return Layer::ethernet;
}

// RFC 3378.
NextHeader read_etherip(Cursor& cursor) noexcept {
  constexpr std::size_t kHeader = 2;
  if (!cursor.rest.has(kHeader)) return cursor.missing(kHeader);
  if (load_u8(cursor.rest.at) >> 4 != 3) return NoSegment::bad_tunnel;
  return inside(cursor, kHeader, Layer::ethernet);
}

// RFC 7348, 5. Reserved bits carry extensions that do not concern us (group
// policy), and are to be ignored on receipt.
NextHeader read_vxlan(Cursor& cursor) noexcept {
  constexpr std::size_t kHeader = 8, kEthernet = 14;
  if (!cursor.rest.has(kHeader)) return not_all_of(cursor, kHeader);
  const bool has_network = (load_u8(cursor.rest.at) & 0x08) != 0;
  if (!has_network || cursor.rest.on_wire < kHeader + kEthernet) return NoSegment::udp;
  return inside(cursor, kHeader, Layer::ethernet);
}

// draft-ietf-nvo3-vxlan-gpe, 3.
NextHeader read_vxlan_gpe(Cursor& cursor) noexcept {
  constexpr std::size_t kHeader = 8;
  if (!cursor.rest.has(kHeader)) return not_all_of(cursor, kHeader);
  const unsigned flags = load_u8(cursor.rest.at);
  const std::uint8_t next = load_u8(cursor.rest.at + 3);
  const bool has_network = (flags & 0x08) != 0, has_protocol = (flags & 0x04) != 0;
  if (!has_network || flags >> 6 != 0) return NoSegment::udp;
  if (!has_protocol) return inside(cursor, kHeader, Layer::ethernet);
  switch (next) {
    case 1:
      return inside(cursor, kHeader, Layer::ipv4);
    case 2:
      return inside(cursor, kHeader, Layer::ipv6);
    case 3:
      return inside(cursor, kHeader, Layer::ethernet);
    case 4:
      cursor.rest.skip(kHeader);
      return cursor.enter(Tunnel::nsh, Layer::nsh);
    case 5:
      cursor.rest.skip(kHeader);
      return cursor.enter(Tunnel::mpls, Layer::mpls);
    default:
      return NoSegment::udp;
  }
}

// RFC 8926, 3.4.
NextHeader read_geneve(Cursor& cursor) noexcept {
  constexpr std::size_t kHeaderMin = 8;
  if (!cursor.rest.has(kHeaderMin)) return not_all_of(cursor, kHeaderMin);
  const unsigned version = static_cast<unsigned>(load_u8(cursor.rest.at)) >> 6;
  if (version != 0) return NoSegment::udp;
  const std::size_t header =
      kHeaderMin + static_cast<std::size_t>(load_u8(cursor.rest.at) & 0x3fU) * 4;
  const std::uint16_t type = load_be16(cursor.rest.at + 2);
  if (!cursor.rest.has(header)) return cursor.missing(header);
  cursor.rest.skip(header);
  return after_ether_type(type, cursor);
}

// 3GPP TS 29.281, 5: version 1, a user packet, maybe with extension headers whose
// chain ends with type 0.
NextHeader read_gtp_u(Cursor& cursor) noexcept {
  constexpr std::size_t kHeader = 8, kOptional = 4;
  if (!cursor.rest.has(kHeader)) return not_all_of(cursor, kHeader);
  const std::byte* at = cursor.rest.at;
  const unsigned flags = load_u8(at);
  const bool is_user_packet = flags >> 4 == 3 && load_u8(at + 1) == 0xff;
  const std::size_t length = load_be16(at + 2);
  if (!is_user_packet || length > cursor.rest.on_wire - kHeader) return NoSegment::udp;
  cursor.rest.skip(kHeader);
  cursor.rest.limit(length);
  if ((flags & 7) != 0) {
    if (!cursor.rest.has(kOptional)) return cursor.missing(kOptional);
    unsigned next = (flags & 4) != 0 ? load_u8(cursor.rest.at + 3) : 0U;
    cursor.rest.skip(kOptional);
    while (next != 0) {
      if (!cursor.rest.has(4)) return cursor.missing(4);
      const std::size_t extension = static_cast<std::size_t>(load_u8(cursor.rest.at)) * 4;
      if (extension == 0) return NoSegment::udp;
      if (!cursor.rest.has(extension)) return cursor.missing(extension);
      next = load_u8(cursor.rest.at + extension - 1);
      cursor.rest.skip(extension);
    }
  }
  if (!cursor.rest.has(1)) return cursor.missing(1);
  const Layer layer = ip_at(cursor.rest.at);
  return layer == Layer::refused ? NextHeader{NoSegment::udp} : NextHeader{layer};
}

// RFC 4380, 5.1.1: an authentication and an origin indication may stand in front
// of the IPv6 packet, in this order.
NextHeader read_teredo(Cursor& cursor) noexcept {
  constexpr std::size_t kAuthentication = 13, kOrigin = 8, kIpv6 = 40;
  if (!cursor.rest.has(4)) return not_all_of(cursor, 4);
  if (load_be16(cursor.rest.at) == 0x0001) {
    const std::size_t header =
        kAuthentication + load_u8(cursor.rest.at + 2) + load_u8(cursor.rest.at + 3);
    if (!cursor.rest.has(header)) return cursor.missing(header);
    cursor.rest.skip(header);
  }
  if (cursor.rest.has(kOrigin) && load_be16(cursor.rest.at) == 0x0000) cursor.rest.skip(kOrigin);
  if (!cursor.rest.has(kIpv6)) return not_all_of(cursor, kIpv6);
  const bool is_whole = ip_at(cursor.rest.at) == Layer::ipv6 &&
                        load_be16(cursor.rest.at + 4) == cursor.rest.on_wire - kIpv6;
  return is_whole ? NextHeader{Layer::ipv6} : NextHeader{NoSegment::udp};
}

} // namespace xdpcap::wire
