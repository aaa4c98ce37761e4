#include "wire/walk.hpp"

namespace xdpcap::wire {
namespace {

// IP protocol numbers (https://www.iana.org/assignments/protocol-numbers).
enum : std::uint8_t {
  kHopByHop = 0,
  kIpv4 = 4,
  kTcp = 6,
  kUdp = 17,
  kIpv6 = 41,
  kRouting = 43,
  kFragment = 44,
  kGre = 47,
  kAuthentication = 51,
  kDestination = 60,
  kEtherIp = 97,
  kMobility = 135,
  kMpls = 137,
  kHostIdentity = 139,
  kShim6 = 140,
};

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
    case kTcp:
      return Layer::tcp;
    case kUdp:
      return Layer::udp;
    case kGre:
      return Layer::gre;
    case kIpv4:
      return walk.enter(Tunnel::ipip, Layer::ipv4);
    case kIpv6:
      return walk.enter(Tunnel::ip6in4, Layer::ipv6);
    case kMpls:
      return walk.enter(Tunnel::mpls, Layer::mpls);
    case kEtherIp:
      return walk.enter(Tunnel::etherip, Layer::etherip);
    case kAuthentication:
      return Layer::extension;
    case kHopByHop:
    case kRouting:
    case kFragment:
    case kDestination:
    case kMobility:
    case kHostIdentity:
    case kShim6:
      return walk.is_v6 ? Step{Layer::extension} : Step{NotASegment::other_protocol};
    default:
      return NotASegment::other_protocol;
  }
}

// RFC 8200, 4. Extension headers begin with the next protocol and their length
// in units of 8 octets beyond the first; the authentication header (RFC 4302),
// which IPv4 has as well, counts in 4 octets beyond the second.
Step read_extension(Walk& walk) noexcept {
  if (walk.protocol == kFragment) return read_fragment_header(walk);
  if (!walk.rest.has(8)) return walk.missing(8);
  const std::byte* at = walk.rest.at;
  const std::size_t units = load_u8(at + 1);
  const std::size_t header = walk.protocol == kAuthentication ? (units + 2) * 4 : (units + 1) * 8;
  if (!walk.rest.has(header)) return walk.missing(header);
  // On the way, the destination is not the last one, which the sender summed.
  if (walk.protocol == kRouting && load_u8(at + 3) != 0) walk.verifiable = false;
  walk.protocol = load_u8(at);
  walk.rest.skip(header);
  return after_protocol(walk);
}

} // namespace xdpcap::wire
