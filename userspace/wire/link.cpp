#include "bpf/protocols.h"
#include "wire/cursor.hpp"

namespace xdpcap::wire {
namespace {

bool is_known(std::uint16_t ether_type) noexcept {
  switch (ether_type) {
    case XDPCAP_ETHERTYPE_IPV4:
    case XDPCAP_ETHERTYPE_IPV6:
    case XDPCAP_ETHERTYPE_VLAN:
    case XDPCAP_ETHERTYPE_QINQ:
    case XDPCAP_ETHERTYPE_MPLS:
    case XDPCAP_ETHERTYPE_PPPOE:
    case XDPCAP_ETHERTYPE_ARP:
      return true;
    default:
      return false;
  }
}

// Cooked captures (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html and
// LINKTYPE_LINUX_SLL2.html): the protocol is an ether type or a small number of Linux's own.
NextHeader read_cooked(Cursor& cursor, std::size_t header, std::size_t protocol_at) noexcept {
  if (!cursor.rest.has(header)) return cursor.missing(header);
  const std::uint16_t protocol = load_be16(cursor.rest.at + protocol_at);
  cursor.rest.skip(header);
  constexpr std::uint16_t kLlc = 4;
  return protocol == kLlc ? Layer::llc : after_ether_type(protocol, cursor);
}

// LINKTYPE_NULL and LINKTYPE_LOOP. The family is in an order that the file does
// not tell, and AF_INET6 differs between systems.
NextHeader read_family(Cursor& cursor) noexcept {
  if (!cursor.rest.has(4)) return cursor.missing(4);
  const std::uint32_t big = load_be32(cursor.rest.at);
  const std::uint32_t family = big <= 0xffff ? big : __builtin_bswap32(big);
  cursor.rest.skip(4);
  switch (family) {
    case 2:
      return Layer::ipv4;
    case 10: // Linux
    case 24: // NetBSD, OpenBSD
    case 28: // FreeBSD
    case 30: // macOS
      return Layer::ipv6;
    default:
      return NoSegment::not_ip;
  }
}

NextHeader read_cisco_hdlc(Cursor& cursor) noexcept {
  if (!cursor.rest.has(4)) return cursor.missing(4);
  const std::uint16_t type = load_be16(cursor.rest.at + 2);
  cursor.rest.skip(4);
  return after_ether_type(type, cursor);
}

NextHeader read_radiotap(Cursor& cursor) noexcept {
  if (!cursor.rest.has(8)) return cursor.missing(8);
  const std::size_t header = static_cast<std::size_t>(load_u8(cursor.rest.at + 2)) |
                             std::size_t{load_u8(cursor.rest.at + 3)} << 8;
  if (header < 8) return NoSegment::not_ip;
  if (!cursor.rest.has(header)) return cursor.missing(header);
  cursor.rest.skip(header);
  return Layer::wireless;
}

// A packet of the netfilter log: a family, then attributes in the byte order of
// the host that wrote them; one of them is the packet
// (https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html).
NextHeader read_nflog(Cursor& cursor) noexcept {
  constexpr std::size_t kHeader = 4, kAttribute = 4;
  constexpr unsigned kPayload = 9;
  if (!cursor.rest.has(kHeader)) return cursor.missing(kHeader);
  cursor.rest.skip(kHeader);
  while (cursor.rest.has(kAttribute)) {
    std::size_t length = load_native<std::uint16_t>(cursor.rest.at);
    unsigned type = load_native<std::uint16_t>(cursor.rest.at + 2);
    if (type > 0xff) { // written on a big-endian host
      length = load_be16(cursor.rest.at);
      type = load_be16(cursor.rest.at + 2);
    }
    if (length < kAttribute) return NoSegment::not_ip;
    if (type == kPayload) {
      cursor.rest.limit(length);
      cursor.rest.skip(kAttribute);
      return Layer::ip;
    }
    const std::size_t padded = (length + 3) & ~std::size_t{3};
    if (!cursor.rest.has(padded)) return cursor.missing(padded);
    cursor.rest.skip(padded);
  }
  return cursor.rest.cut() ? NoSegment::cut_by_snaplen : NoSegment::not_ip;
}

} // namespace

NextHeader first_layer(LinkType link, Cursor& cursor) noexcept {
  switch (link) {
    case LinkType::ethernet:
      return Layer::ethernet;
    case LinkType::linux_sll:
      return read_cooked(cursor, 16, 14);
    case LinkType::linux_sll2:
      return read_cooked(cursor, 20, 0);
    case LinkType::raw_ip:
      return Layer::ip;
    case LinkType::null:
    case LinkType::loop:
      return read_family(cursor);
    case LinkType::ppp:
      return Layer::ppp;
    case LinkType::cisco_hdlc:
      return read_cisco_hdlc(cursor);
    case LinkType::pppoe:
      return Layer::pppoe;
    case LinkType::ieee802_11:
      return Layer::wireless;
    case LinkType::radiotap:
      return read_radiotap(cursor);
    case LinkType::nflog:
      return read_nflog(cursor);
    case LinkType::unsupported:
      break;
  }
  return NoSegment::unsupported_link;
}

NextHeader header_of_ether_type(std::uint16_t type, Cursor& cursor) noexcept {
  switch (type) {
    case XDPCAP_ETHERTYPE_IPV4:
      return Layer::ipv4;
    case XDPCAP_ETHERTYPE_IPV6:
      return Layer::ipv6;
    case XDPCAP_ETHERTYPE_VLAN:
    case XDPCAP_ETHERTYPE_QINQ:
    case XDPCAP_ETHERTYPE_QINQ_9100:
    case XDPCAP_ETHERTYPE_QINQ_9200:
    case XDPCAP_ETHERTYPE_QINQ_9300:
      return Layer::vlan;
    case XDPCAP_ETHERTYPE_MPLS:
    case XDPCAP_ETHERTYPE_MPLS_MULTICAST:
      return cursor.enter(Tunnel::mpls, Layer::mpls);
    case XDPCAP_ETHERTYPE_PPPOE:
      return cursor.enter(Tunnel::pppoe, Layer::pppoe);
    case XDPCAP_ETHERTYPE_PBB:
      return cursor.enter(Tunnel::pbb, Layer::pbb);
    case XDPCAP_ETHERTYPE_NSH:
      return cursor.enter(Tunnel::nsh, Layer::nsh);
    case XDPCAP_ETHERTYPE_ETHERNET:
      return Layer::ethernet;
    case XDPCAP_ETHERTYPE_PPP:
      return Layer::ppp;
    default:
      break;
  }
  return type <= XDPCAP_ETHERTYPE_LENGTH_MAX ? NextHeader{Layer::llc}
                                             : NextHeader{NoSegment::not_ip};
}

// IEEE 802.2. Only SNAP (RFC 1042) carries what we look for.
NextHeader read_llc(Cursor& cursor) noexcept {
  constexpr std::size_t kHeader = 8;
  if (!cursor.rest.has(3)) return cursor.missing(3);
  const std::byte* at = cursor.rest.at;
  if (load_u8(at) != 0xaa || load_u8(at + 1) != 0xaa || load_u8(at + 2) != 0x03)
    return NoSegment::not_ip;
  if (!cursor.rest.has(kHeader)) return cursor.missing(kHeader);
  // The organisation: an ether type follows, or (802.1H) did so before the bridge.
  const std::uint32_t organisation = load_be32(at + 2) & 0xffffff;
  if (organisation != XDPCAP_SNAP_ETHERTYPES && organisation != XDPCAP_SNAP_BRIDGED)
    return NoSegment::not_ip;
  const std::uint16_t type = load_be16(at + 6);
  cursor.rest.skip(kHeader);
  return after_ether_type(type, cursor);
}

// RFC 3032. The label stack does not say what is under it; equipment looks at the
// first nibble (RFC 4928), and so do we. An Ethernet pseudowire has a control word
// (RFC 4448) or not: whichever gives a known ether type.
NextHeader read_mpls(Cursor& cursor) noexcept {
  constexpr std::size_t kLabel = 4, kControlWord = 4, kEthernet = 14;
  if (!cursor.rest.has(kLabel)) return cursor.missing(kLabel);
  const bool bottom = (load_u8(cursor.rest.at + 2) & 1) != 0;
  cursor.rest.skip(kLabel);
  if (!bottom) return Layer::mpls;
  if (!cursor.rest.has(1)) return cursor.missing(1);
  const unsigned nibble = static_cast<unsigned>(load_u8(cursor.rest.at)) >> 4;
  const unsigned header = load_u8(cursor.rest.at) & 15U;
  if (nibble == 4 && header >= 5) return Layer::ipv4;
  if (nibble == 6) return Layer::ipv6;
  if (!cursor.rest.has(kEthernet)) return cursor.missing(kEthernet);
  if (is_known(load_be16(cursor.rest.at + kEthernet - 2))) return Layer::ethernet;
  if (nibble != 0) return NoSegment::not_ip;
  if (!cursor.rest.has(kControlWord + kEthernet)) return cursor.missing(kControlWord + kEthernet);
  cursor.rest.skip(kControlWord);
  return is_known(load_be16(cursor.rest.at + kEthernet - 2)) ? NextHeader{Layer::ethernet}
                                                             : NextHeader{NoSegment::not_ip};
}

// RFC 2516, 4.
NextHeader read_pppoe(Cursor& cursor) noexcept {
  constexpr std::size_t kHeader = 6;
  if (!cursor.rest.has(kHeader)) return cursor.missing(kHeader);
  const std::byte* at = cursor.rest.at;
  if (load_u8(at) != 0x11 || load_u8(at + 1) != 0)
    return NoSegment::not_ip; // not a session's packet
  const std::size_t length = load_be16(at + 4);
  cursor.rest.skip(kHeader);
  if (length > cursor.rest.on_wire) return NoSegment::truncated;
  cursor.rest.limit(length);
  return Layer::ppp;
}

// RFC 1661, 2 with the HDLC-like framing of RFC 1662 in front, or without. Address and control, and
// the first byte of the protocol, may be compressed away.
NextHeader read_ppp(Cursor& cursor) noexcept {
  if (!cursor.rest.has(2)) return cursor.missing(2);
  if (load_be16(cursor.rest.at) == 0xff03) cursor.rest.skip(2);
  if (!cursor.rest.has(1)) return cursor.missing(1);
  unsigned protocol = load_u8(cursor.rest.at);
  const bool compressed = (protocol & 1) != 0;
  if (!compressed) {
    if (!cursor.rest.has(2)) return cursor.missing(2);
    protocol = load_be16(cursor.rest.at);
  }
  cursor.rest.skip(compressed ? 1 : 2);
  switch (protocol) {
    case 0x0021:
      return Layer::ipv4;
    case 0x0057:
      return Layer::ipv6;
    case 0x0281:
    case 0x0283:
      return cursor.enter(Tunnel::mpls, Layer::mpls);
    default:
      return NoSegment::not_ip;
  }
}

// IEEE 802.1ah: a service tag, then the customer's frame.
NextHeader read_pbb(Cursor& cursor) noexcept {
  constexpr std::size_t kTag = 4;
  if (!cursor.rest.has(kTag)) return cursor.missing(kTag);
  cursor.rest.skip(kTag);
  return Layer::ethernet;
}

// RFC 8300, 2.2.
NextHeader read_nsh(Cursor& cursor) noexcept {
  constexpr std::size_t kHeaderMin = 8;
  if (!cursor.rest.has(kHeaderMin)) return cursor.missing(kHeaderMin);
  const std::byte* at = cursor.rest.at;
  const std::size_t header = static_cast<std::size_t>(load_u8(at + 1) & 0x3fU) * 4;
  const std::uint8_t next = load_u8(at + 3);
  if (load_u8(at) >> 6 != 0 || header < kHeaderMin) return NoSegment::bad_tunnel;
  if (!cursor.rest.has(header)) return cursor.missing(header);
  cursor.rest.skip(header);
  switch (next) {
    case 1:
      return Layer::ipv4;
    case 2:
      return Layer::ipv6;
    case 3:
      return Layer::ethernet;
    case 4:
      return Layer::nsh;
    case 5:
      return cursor.enter(Tunnel::mpls, Layer::mpls);
    default:
      return NoSegment::not_ip;
  }
}

// IEEE 802.11: data frames that are not encrypted, one LLC packet in each.
NextHeader read_wireless(Cursor& cursor) noexcept {
  constexpr std::size_t kHeaderMin = 24, kFourthAddress = 6, kQuality = 2, kHighThroughput = 4;
  if (!cursor.rest.has(2)) return cursor.missing(2);
  const unsigned control = load_u8(cursor.rest.at);
  const unsigned flags = load_u8(cursor.rest.at + 1);
  const bool is_data = (control & 0x0c) == 0x08 && (control & 0x40) == 0; // 0x40: without data
  const bool is_encrypted = (flags & 0x40) != 0;
  if (!is_data || is_encrypted) return NoSegment::not_ip;
  std::size_t header = kHeaderMin;
  if ((flags & 3) == 3) header += kFourthAddress; // from one access point to another
  if ((control & 0x80) != 0) {
    header += kQuality;
    if ((flags & 0x80) != 0) header += kHighThroughput;
  }
  if (!cursor.rest.has(header)) return cursor.missing(header);
  cursor.rest.skip(header);
  return Layer::llc;
}

} // namespace xdpcap::wire
