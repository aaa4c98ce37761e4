#include "bpf/protocols.h"
#include "wire/cursor.hpp"

namespace xdpcap::wire {
namespace {

NextHeader read_fragment_header(Cursor& cursor) noexcept {
  constexpr std::size_t kHeader = 8;
  if (!cursor.rest.has(kHeader)) return cursor.missing(kHeader);
  const std::byte* at = cursor.rest.at;
  const std::uint16_t field = load_be16(at + 2);
  cursor.protocol = load_u8(at);
  cursor.fragment = {.offset = field & 0xfff8U, .id = load_be32(at + 4), .more = (field & 1) != 0};
  cursor.rest.skip(kHeader);
  // A fragment that is the whole datagram stands for itself (RFC 6946).
  if (cursor.fragment.offset == 0 && !cursor.fragment.more) return after_protocol(cursor);
  return Layer::fragment;
}

} // namespace

NextHeader read_ip(Cursor& cursor) noexcept {
  if (!cursor.rest.has(1)) return cursor.missing(1);
  switch (load_u8(cursor.rest.at) >> 4) {
    case 4:
      return Layer::ipv4;
    case 6:
      return Layer::ipv6;
    default:
      return NoSegment::not_ip;
  }
}

NextHeader read_ip_payload(Cursor& cursor) noexcept {
  switch (cursor.protocol) {
    case XDPCAP_PROTOCOL_TCP:
      return Layer::tcp;
    case XDPCAP_PROTOCOL_UDP:
      return Layer::udp;
    case XDPCAP_PROTOCOL_GRE:
      return Layer::gre;
    case XDPCAP_PROTOCOL_IPV4:
      return cursor.enter(Tunnel::ipip, Layer::ipv4);
    case XDPCAP_PROTOCOL_IPV6:
      return cursor.enter(Tunnel::ip6in4, Layer::ipv6);
    case XDPCAP_PROTOCOL_MPLS:
      return cursor.enter(Tunnel::mpls, Layer::mpls);
    case XDPCAP_PROTOCOL_ETHERIP:
      return cursor.enter(Tunnel::etherip, Layer::etherip);
    case XDPCAP_PROTOCOL_AUTHENTICATION:
      return Layer::extension;
    case XDPCAP_PROTOCOL_HOP_BY_HOP:
    case XDPCAP_PROTOCOL_ROUTING:
    case XDPCAP_PROTOCOL_FRAGMENT:
    case XDPCAP_PROTOCOL_DESTINATION:
    case XDPCAP_PROTOCOL_MOBILITY:
    case XDPCAP_PROTOCOL_HOST_IDENTITY:
    case XDPCAP_PROTOCOL_SHIM6:
      return cursor.is_v6 ? NextHeader{Layer::extension} : NextHeader{NoSegment::other_protocol};
    default:
      return NoSegment::other_protocol;
  }
}

// RFC 8200, 4. Extension headers begin with the next protocol and their length
// in units of 8 bytes beyond the first; the authentication header (RFC 4302),
// which IPv4 has as well, counts in 4 bytes beyond the second.
NextHeader read_extension(Cursor& cursor) noexcept {
  if (cursor.protocol == XDPCAP_PROTOCOL_FRAGMENT) return read_fragment_header(cursor);
  if (!cursor.rest.has(8)) return cursor.missing(8);
  const std::byte* at = cursor.rest.at;
  const std::size_t units = load_u8(at + 1);
  const std::size_t header =
      cursor.protocol == XDPCAP_PROTOCOL_AUTHENTICATION ? (units + 2) * 4 : (units + 1) * 8;
  if (!cursor.rest.has(header)) return cursor.missing(header);
  // On the way, the destination is not the last one, which the sender summed.
  if (cursor.protocol == XDPCAP_PROTOCOL_ROUTING && load_u8(at + 3) != 0) cursor.verifiable = false;
  cursor.protocol = load_u8(at);
  cursor.has_options = true;
  cursor.rest.skip(header);
  return after_protocol(cursor);
}

} // namespace xdpcap::wire
