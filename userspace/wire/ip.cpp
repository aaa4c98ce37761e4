#include "bpf/protocols.h"
#include "wire/walk.hpp"

namespace xdpcap::wire {
namespace {

Step read_fragment_header(Walk& walk) noexcept {
  constexpr std::size_t kHeader = 8;
  if (!walk.rest.has(kHeader)) return walk.missing(kHeader);
  const std::byte* at = walk.rest.at;
  const std::uint16_t field = load_be16(at + 2);
  walk.protocol = load_u8(at);
  walk.fragment = {.offset = field & 0xfff8U, .id = load_be32(at + 4), .more = (field & 1) != 0};
  walk.rest.skip(kHeader);
  // A fragment that is the whole datagram stands for itself (RFC 6946).
  if (walk.fragment.offset == 0 && !walk.fragment.more) return after_protocol(walk);
  return Layer::fragment;
}

} // namespace

Step read_ip(Walk& walk) noexcept {
  if (!walk.rest.has(1)) return walk.missing(1);
  switch (load_u8(walk.rest.at) >> 4) {
    case 4:
      return Layer::ipv4;
    case 6:
      return Layer::ipv6;
    default:
      return NotASegment::not_ip;
  }
}

Step read_ip_payload(Walk& walk) noexcept {
  switch (walk.protocol) {
    case XDPCAP_PROTOCOL_TCP:
      return Layer::tcp;
    case XDPCAP_PROTOCOL_UDP:
      return Layer::udp;
    case XDPCAP_PROTOCOL_GRE:
      return Layer::gre;
    case XDPCAP_PROTOCOL_IPV4:
      return walk.enter(Tunnel::ipip, Layer::ipv4);
    case XDPCAP_PROTOCOL_IPV6:
      return walk.enter(Tunnel::ip6in4, Layer::ipv6);
    case XDPCAP_PROTOCOL_MPLS:
      return walk.enter(Tunnel::mpls, Layer::mpls);
    case XDPCAP_PROTOCOL_ETHERIP:
      return walk.enter(Tunnel::etherip, Layer::etherip);
    case XDPCAP_PROTOCOL_AUTHENTICATION:
      return Layer::extension;
    case XDPCAP_PROTOCOL_HOP_BY_HOP:
    case XDPCAP_PROTOCOL_ROUTING:
    case XDPCAP_PROTOCOL_FRAGMENT:
    case XDPCAP_PROTOCOL_DESTINATION:
    case XDPCAP_PROTOCOL_MOBILITY:
    case XDPCAP_PROTOCOL_HOST_IDENTITY:
    case XDPCAP_PROTOCOL_SHIM6:
      return walk.is_v6 ? Step{Layer::extension} : Step{NotASegment::other_protocol};
    default:
      return NotASegment::other_protocol;
  }
}

// RFC 8200, 4. Extension headers begin with the next protocol and their length
// in units of 8 octets beyond the first; the authentication header (RFC 4302),
// which IPv4 has as well, counts in 4 octets beyond the second.
Step read_extension(Walk& walk) noexcept {
  if (walk.protocol == XDPCAP_PROTOCOL_FRAGMENT) return read_fragment_header(walk);
  if (!walk.rest.has(8)) return walk.missing(8);
  const std::byte* at = walk.rest.at;
  const std::size_t units = load_u8(at + 1);
  const std::size_t header = walk.protocol == XDPCAP_PROTOCOL_AUTHENTICATION ? (units + 2) * 4 : (units + 1) * 8;
  if (!walk.rest.has(header)) return walk.missing(header);
  // On the way, the destination is not the last one, which the sender summed.
  if (walk.protocol == XDPCAP_PROTOCOL_ROUTING && load_u8(at + 3) != 0) walk.verifiable = false;
  walk.protocol = load_u8(at);
  walk.rest.skip(header);
  return after_protocol(walk);
}

} // namespace xdpcap::wire
