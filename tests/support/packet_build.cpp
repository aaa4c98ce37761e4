#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>

#include "support/packet.hpp"
#include "support/packet_bytes.hpp"

// From the words to bytes: protocol numbers, lengths, checksums.
namespace xdpcap::test {
namespace {

constexpr std::size_t kIpv6Header = 40;

} // namespace

std::uint16_t Packet::ether_type_of(const Header& header, wire::LinkType link) {
  switch (header.kind) {
    case Kind::vlan:
      return header.number;
    case Kind::ipv4:
      return link == wire::LinkType::null || link == wire::LinkType::loop ? AF_INET : 0x0800;
    case Kind::ipv6:
      return link == wire::LinkType::null || link == wire::LinkType::loop ? 30 : 0x86dd;
    case Kind::mpls:
      return 0x8847;
    case Kind::pppoe:
      return 0x8864;
    case Kind::nsh:
      return 0x894f;
    case Kind::eth:
      return 0x6558;
    case Kind::erspan1:
    case Kind::erspan2:
      return 0x88be;
    case Kind::erspan3:
      return 0x22eb;
    case Kind::snap:
    case Kind::extension:
    case Kind::authentication:
    case Kind::fragment:
    case Kind::tcp:
    case Kind::udp:
    case Kind::gre:
    case Kind::vxlan:
    case Kind::vxlan_gpe:
    case Kind::geneve:
    case Kind::gtp_u:
    case Kind::link:
    case Kind::other:
      break;
  }
  return 0;
}

std::uint8_t Packet::protocol_of(const Header& header) {
  switch (header.kind) {
    case Kind::tcp:
      return 6;
    case Kind::udp:
      return 17;
    case Kind::gre:
      return 47;
    case Kind::ipv4:
      return 4;
    case Kind::ipv6:
      return 41;
    case Kind::mpls:
      return 137;
    case Kind::fragment:
      return 44;
    case Kind::authentication:
      return 51;
    case Kind::extension:
      return static_cast<std::uint8_t>(header.number);
    case Kind::eth:
    case Kind::vlan:
    case Kind::snap:
    case Kind::pppoe:
    case Kind::nsh:
    case Kind::erspan1:
    case Kind::erspan2:
    case Kind::erspan3:
    case Kind::vxlan:
    case Kind::vxlan_gpe:
    case Kind::geneve:
    case Kind::gtp_u:
    case Kind::link:
    case Kind::other:
      break;
  }
  return 253; // reserved for experiments (RFC 3692)
}

void Packet::announce_next(Buffer& packet, std::size_t index, std::size_t at) const {
  const Header& header = headers_[index];
  if (header.protocol_given || index + 1 == headers_.size()) return;
  const Header& next = headers_[index + 1];
  const std::uint16_t type = ether_type_of(next, wire::LinkType::ethernet);
  // What PPP, NSH and VXLAN-GPE call the two protocols that matter here.
  const bool six = next.kind == Kind::ipv6;
  switch (header.kind) {
    case Kind::eth:
      put16(packet, at + 12, next.kind == Kind::snap ? packet.size() - at - 14 : type);
      break;
    case Kind::vlan:
    case Kind::gre:
    case Kind::geneve:
      put16(packet, at + 2, type);
      break;
    case Kind::snap:
      put16(packet, at + 6, type);
      break;
    case Kind::pppoe:
      put16(packet, at + 6, six ? 0x57 : 0x21);
      break;
    case Kind::nsh:
      put8(packet, at + 3, next.kind == Kind::eth ? 3U : six ? 2U : 1U);
      break;
    case Kind::vxlan_gpe:
      put8(packet, at + 3,
           next.kind == Kind::nsh   ? 4U
           : next.kind == Kind::eth ? 3U
           : six                    ? 2U
                                    : 1U);
      break;
    case Kind::ipv4:
      put8(packet, at + 9, protocol_of(next));
      break;
    case Kind::ipv6:
      put8(packet, at + 6, protocol_of(next));
      break;
    case Kind::extension:
    case Kind::authentication:
    case Kind::fragment:
      put8(packet, at, protocol_of(next));
      break;
    case Kind::link:
      if (link_ == wire::LinkType::linux_sll) put16(packet, at + 14, type);
      if (link_ == wire::LinkType::linux_sll2) put16(packet, at, type);
      if (link_ == wire::LinkType::null) put8(packet, at, ether_type_of(next, link_));
      if (link_ == wire::LinkType::loop) put32(packet, at, ether_type_of(next, link_));
      break;
    case Kind::mpls:
    case Kind::tcp:
    case Kind::udp:
    case Kind::erspan1:
    case Kind::erspan2:
    case Kind::erspan3:
    case Kind::vxlan:
    case Kind::gtp_u:
    case Kind::other:
      break;
  }
}

void Packet::finish_ip(Buffer& packet, std::size_t index, std::size_t at, std::size_t end) const {
  const Header& header = headers_[index];
  if (header.kind == Kind::ipv6) {
    if (!header.length_given) put16(packet, at + 4, end - at - kIpv6Header);
    return;
  }
  put8(packet, at, 0x40 | header.bytes.size() / 4);
  if (!header.length_given) put16(packet, at + 2, end - at);
  if (header.sum == Header::Sum::given) return;
  const std::uint32_t sum = ~sum16(Bytes(packet).subspan(at, header.bytes.size())) & 0xffffU;
  put16(packet, at + 10, header.sum == Header::Sum::wrong ? sum ^ 0x0101U : sum);
}

void Packet::finish_transport(Buffer& packet, std::size_t index,
                              const std::vector<std::size_t>& starts, std::size_t end) const {
  const Header& header = headers_[index];
  const std::size_t at = starts[index];
  const std::size_t sum_at = at + (header.kind == Kind::tcp ? 16 : 6);
  if (header.kind == Kind::tcp && !header.length_given)
    put8(packet, at + 12, header.bytes.size() / 4 << 4);
  if (header.kind == Kind::udp) put16(packet, at + 4, end - at);
  if (header.sum == Header::Sum::given) return;

  std::size_t ip = index;
  while (headers_.at(ip).kind != Kind::ipv4 && headers_.at(ip).kind != Kind::ipv6) {
    if (ip == 0) throw std::logic_error("TCP and UDP need an IP header in front");
    --ip;
  }
  const bool four = headers_[ip].kind == Kind::ipv4;
  const Bytes addresses = Bytes(packet).subspan(starts[ip] + (four ? 12 : 8), four ? 8 : 32);
  std::uint32_t sum = sum16(addresses, protocol_of(header));
  const auto length = static_cast<std::uint32_t>(end - at);
  sum += (length & 0xffffU) + (length >> 16);
  sum = (sum & 0xffffU) + (sum >> 16);
  const std::uint32_t partial = sum;
  if (header.sum != Header::Sum::partial)
    sum = ~sum16(Bytes(packet).subspan(at, end - at), sum) & 0xffffU;
  if (header.kind == Kind::udp && sum == 0) sum = 0xffff;
  // A wrong sum is not by chance the one that hardware was to finish.
  if (header.sum == Header::Sum::wrong) sum ^= (sum ^ 0x0101U) == partial ? 0x0202U : 0x0101U;
  put16(packet, sum_at, sum);
}

void Packet::finish(Buffer& packet, std::size_t index, const std::vector<std::size_t>& starts,
                    std::size_t end) const {
  const std::size_t at = starts[index];
  announce_next(packet, index, at);
  switch (headers_[index].kind) {
    case Kind::ipv4:
    case Kind::ipv6:
      finish_ip(packet, index, at, end);
      break;
    case Kind::tcp:
    case Kind::udp:
      finish_transport(packet, index, starts, end);
      break;
    case Kind::pppoe:
      put16(packet, at + 4, end - at - 6);
      break;
    case Kind::gtp_u:
      put16(packet, at + 2, end - at - 8);
      break;
    case Kind::mpls:
      if (index + 1 == headers_.size() || headers_[index + 1].kind != Kind::mpls)
        packet[at + 2] |= std::byte{1};
      break;
    case Kind::gre:
      if ((packet[at] & std::byte{0x80}) != std::byte{0}) {
        put16(packet, at + 4, ~sum16(Bytes(packet).subspan(at, end - at)) & 0xffffU);
      }
      break;
    case Kind::eth:
    case Kind::vlan:
    case Kind::snap:
    case Kind::nsh:
    case Kind::extension:
    case Kind::authentication:
    case Kind::fragment:
    case Kind::erspan1:
    case Kind::erspan2:
    case Kind::erspan3:
    case Kind::vxlan:
    case Kind::vxlan_gpe:
    case Kind::geneve:
    case Kind::link:
    case Kind::other:
      break;
  }
}

std::vector<std::size_t> Packet::places() const {
  std::vector<std::size_t> starts{0};
  for (const Header& header : headers_) starts.push_back(starts.back() + header.bytes.size());
  return starts;
}

Buffer Packet::whole() const {
  Buffer packet;
  for (const Header& header : headers_) append(packet, header.bytes);
  append(packet, payload_);
  const std::vector<std::size_t> starts = places();
  const std::size_t end = packet.size();
  // From the inside out: a checksum covers what is inside of it.
  for (std::size_t index = headers_.size(); index-- > 0;) finish(packet, index, starts, end);
  packet.resize(end + padding_);
  return packet;
}

Buffer Packet::bytes() const {
  Buffer packet = whole();
  if (packet.size() > snap_length_) packet.resize(snap_length_);
  return packet;
}

wire::Frame Packet::frame() const& {
  built_ = whole();
  wire::Frame frame;
  frame.wire_length = static_cast<std::uint32_t>(built_.size());
  frame.bytes = Bytes(built_).first(std::min(snap_length_, built_.size()));
  frame.arrived = arrived_;
  frame.link = link_;
  frame.interface = interface_;
  return frame;
}

std::vector<Packet> Packet::fragments(std::size_t bytes, std::uint32_t id, bool innermost) const {
  const auto is_ip = [](const Header& header) {
    return header.kind == Kind::ipv4 || header.kind == Kind::ipv6;
  };
  std::size_t ip = headers_.size();
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    if (is_ip(headers_[i]) && (innermost || ip == headers_.size())) ip = i;
  }
  if (ip == headers_.size() || bytes == 0 || bytes % 8 != 0)
    throw std::logic_error("this cannot be fragmented");

  const Buffer packet = whole();
  const Bytes datagram = Bytes(packet).first(packet.size() - padding_).subspan(places()[ip + 1]);
  const auto protocol_number = std::to_integer<std::uint8_t>(
      packet[places()[ip] + (headers_[ip].kind == Kind::ipv4 ? 9 : 6)]);
  Packet front = *this;
  front.headers_.resize(ip + 1);
  front.headers_[ip].length_given = false;
  std::vector<Packet> pieces;
  for (std::size_t offset = 0; offset < datagram.size(); offset += bytes) {
    const std::size_t length = std::min(bytes, datagram.size() - offset);
    pieces.push_back(
        front.fragment(static_cast<std::uint32_t>(offset), offset + length < datagram.size(), id)
            .protocol(protocol_number)
            .payload(datagram.subspan(offset, length)));
  }
  return pieces;
}

} // namespace xdpcap::test
