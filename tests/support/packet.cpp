#include "support/packet.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace xdpcap::test {
namespace {

Buffer buffer(std::initializer_list<unsigned> octets) {
  Buffer bytes;
  for (const unsigned octet : octets) bytes.push_back(static_cast<std::byte>(octet));
  return bytes;
}

Buffer buffer(std::initializer_list<std::uint8_t> octets, std::size_t multiple, unsigned filler) {
  Buffer bytes;
  for (const std::uint8_t octet : octets) bytes.push_back(static_cast<std::byte>(octet));
  while (bytes.size() % multiple != 0) bytes.push_back(static_cast<std::byte>(filler));
  return bytes;
}

unsigned high(std::uint16_t value) {
  return static_cast<unsigned>(value) >> 8;
}
unsigned low(std::uint16_t value) {
  return value & 0xffU;
}

void put(Buffer& bytes, std::size_t at, std::uint64_t value, std::size_t octets) {
  for (std::size_t i = 0; i < octets; ++i) {
    bytes.at(at + i) = static_cast<std::byte>(value >> (8 * (octets - 1 - i)));
  }
}
void put8(Buffer& bytes, std::size_t at, std::uint64_t value) {
  put(bytes, at, value, 1);
}
void put16(Buffer& bytes, std::size_t at, std::uint64_t value) {
  put(bytes, at, value, 2);
}
void put32(Buffer& bytes, std::size_t at, std::uint64_t value) {
  put(bytes, at, value, 4);
}

void append(Buffer& bytes, Bytes more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

// The Internet checksum (RFC 1071) written octet by octet, as unlike the one
// under test as it can be.
std::uint32_t sum16(Bytes bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8U : 0U);
    sum = (sum & 0xffffU) + (sum >> 16);
  }
  return sum;
}

Buffer address(int family, std::string_view text, std::size_t octets) {
  Buffer bytes(octets);
  if (::inet_pton(family, std::string(text).c_str(), bytes.data()) != 1) {
    throw std::invalid_argument("no IP address: " + std::string(text));
  }
  return bytes;
}

constexpr std::size_t kIpv6Header = 40;

} // namespace

Packet Packet::with(Kind kind, Buffer bytes, std::uint16_t number) const {
  Packet next = *this;
  Header header;
  header.kind = kind;
  header.bytes = std::move(bytes);
  header.number = number;
  next.headers_.push_back(std::move(header));
  return next;
}

Packet::Header& Packet::last(std::initializer_list<Kind> kinds) {
  const auto found = std::find_if(headers_.rbegin(), headers_.rend(), [&](const Header& header) {
    return std::find(kinds.begin(), kinds.end(), header.kind) != kinds.end();
  });
  if (found == headers_.rend()) throw std::logic_error("the packet has no header that this word could change");
  return *found;
}

Packet Packet::grown(Kind kind, const Buffer& more) const {
  Packet next = *this;
  append(next.last({kind}).bytes, more);
  return next;
}

Packet Packet::eth() const {
  return with(Kind::eth, buffer({2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0, 0}));
}
Packet Packet::vlan(std::uint16_t id, std::uint16_t tpid) const {
  return with(Kind::vlan, buffer({high(id), low(id), 0, 0}), tpid);
}
Packet Packet::snap() const {
  return with(Kind::snap, buffer({0xaa, 0xaa, 3, 0, 0, 0, 0, 0}));
}
Packet Packet::mpls(std::uint32_t label) const {
  Buffer bytes(4);
  put32(bytes, 0, label << 12 | 64);
  return with(Kind::mpls, std::move(bytes));
}
Packet Packet::pppoe(std::uint16_t session) const {
  return with(Kind::pppoe, buffer({0x11, 0, high(session), low(session), 0, 0, 0, 0}));
}
Packet Packet::nsh() const {
  return with(Kind::nsh, buffer({0x0f, 0xc2, 2, 0, 0, 0, 1, 255}));
}

Packet Packet::ether_type(std::uint16_t type) const {
  Packet next = *this;
  Header& header = next.last({Kind::eth, Kind::vlan, Kind::snap, Kind::gre, Kind::link});
  const std::size_t at = header.kind == Kind::eth                                          ? 12
                         : header.kind == Kind::snap                                       ? 6
                         : header.kind == Kind::link && link_ == wire::LinkType::linux_sll ? 14
                         : header.kind == Kind::link                                       ? 0
                                                                                           : 2;
  put16(header.bytes, at, type);
  header.protocol_given = true;
  return next;
}

Packet Packet::ipv4(std::string_view source, std::string_view destination) const {
  Buffer bytes = buffer({0x45, 0, 0, 0, 0, 1, 0, 0, 64, 0, 0, 0});
  append(bytes, address(AF_INET, source, 4));
  append(bytes, address(AF_INET, destination, 4));
  return with(Kind::ipv4, std::move(bytes));
}
Packet Packet::ipv6(std::string_view source, std::string_view destination) const {
  Buffer bytes = buffer({0x60, 0, 0, 0, 0, 0, 0, 64});
  append(bytes, address(AF_INET6, source, 16));
  append(bytes, address(AF_INET6, destination, 16));
  return with(Kind::ipv6, std::move(bytes));
}
Packet Packet::total_length(std::uint16_t octets) const {
  Packet next = *this;
  Header& header = next.last({Kind::ipv4, Kind::ipv6});
  put16(header.bytes, header.kind == Kind::ipv4 ? 2 : 4, octets);
  header.length_given = true;
  return next;
}
Packet Packet::protocol(std::uint8_t number) const {
  Packet next = *this;
  Header& header = next.last({Kind::ipv4, Kind::ipv6, Kind::extension, Kind::authentication, Kind::fragment});
  put8(header.bytes, header.kind == Kind::ipv4 ? 9 : header.kind == Kind::ipv6 ? 6 : 0, number);
  header.protocol_given = true;
  return next;
}
Packet Packet::ip_options(std::initializer_list<std::uint8_t> octets) const {
  return grown(Kind::ipv4, buffer(octets, 4, 1));
}
Packet Packet::bad_ip_checksum() const {
  Packet next = *this;
  next.last({Kind::ipv4}).sum = Header::Sum::wrong;
  return next;
}
Packet Packet::ip_checksum(std::uint16_t value) const {
  Packet next = *this;
  Header& header = next.last({Kind::ipv4});
  put16(header.bytes, 10, value);
  header.sum = Header::Sum::given;
  return next;
}
Packet Packet::fragment(std::uint32_t offset, bool more, std::uint32_t id) const {
  Packet next = *this;
  Header& header = next.last({Kind::ipv4, Kind::ipv6});
  if (header.kind == Kind::ipv4) {
    put16(header.bytes, 4, id);
    put16(header.bytes, 6, offset / 8 | (more ? 0x2000U : 0U));
    return next;
  }
  Buffer bytes(8);
  put16(bytes, 2, offset | (more ? 1U : 0U));
  put32(bytes, 4, id);
  return with(Kind::fragment, std::move(bytes));
}
Packet Packet::extension(std::uint8_t number, std::initializer_list<std::uint8_t> octets) const {
  Buffer bytes(2);
  append(bytes, buffer(octets, 1, 0));
  while (bytes.size() % 8 != 0) bytes.push_back(std::byte{0});
  put8(bytes, 1, bytes.size() / 8 - 1);
  return with(Kind::extension, std::move(bytes), number);
}
Packet Packet::authentication() const {
  return with(Kind::authentication,
              buffer({0, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
}

Packet Packet::tcp(std::uint16_t source, std::uint16_t destination) const {
  Buffer bytes(20);
  put16(bytes, 0, source);
  put16(bytes, 2, destination);
  put8(bytes, 13, 0x10);
  put16(bytes, 14, 65535);
  return with(Kind::tcp, std::move(bytes));
}
Packet Packet::seq(std::uint32_t number) const {
  Packet next = *this;
  put32(next.last({Kind::tcp}).bytes, 4, number);
  return next;
}
Packet Packet::ack(std::uint32_t number) const {
  Packet next = *this;
  Header& header = next.last({Kind::tcp});
  put32(header.bytes, 8, number);
  header.bytes[13] |= std::byte{0x10};
  return next;
}
Packet Packet::flags(std::string_view flags) const {
  static constexpr std::string_view kLetters = "FSRPAUEC";
  unsigned bits = 0;
  for (const char flag : flags) {
    const std::size_t bit = kLetters.find(flag);
    if (bit == std::string_view::npos) throw std::invalid_argument("no TCP flag: " + std::string(1, flag));
    bits |= 1U << bit;
  }
  Packet next = *this;
  put8(next.last({Kind::tcp}).bytes, 13, bits);
  return next;
}
Packet Packet::window(std::uint16_t octets) const {
  Packet next = *this;
  put16(next.last({Kind::tcp}).bytes, 14, octets);
  return next;
}
Packet Packet::urgent(std::uint16_t pointer) const {
  Packet next = *this;
  put16(next.last({Kind::tcp}).bytes, 18, pointer);
  return next;
}
Packet Packet::data_offset(std::uint8_t words) const {
  Packet next = *this;
  Header& header = next.last({Kind::tcp});
  put8(header.bytes, 12, static_cast<std::uint64_t>(words) << 4);
  header.length_given = true;
  return next;
}
Packet Packet::tcp_options(std::initializer_list<std::uint8_t> octets) const {
  return grown(Kind::tcp, buffer(octets, 4, 0));
}
Packet Packet::mss(std::uint16_t octets) const {
  return grown(Kind::tcp, buffer({2, 4, high(octets), low(octets)}));
}
Packet Packet::window_scale(std::uint8_t shift) const {
  return grown(Kind::tcp, buffer({1, 3, 3, shift}));
}
Packet Packet::sack_permitted() const {
  return grown(Kind::tcp, buffer({1, 1, 4, 2}));
}
Packet Packet::timestamps(std::uint32_t value, std::uint32_t echo) const {
  Buffer option = buffer({1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0});
  put32(option, 4, value);
  put32(option, 8, echo);
  return grown(Kind::tcp, option);
}
Packet Packet::summed(Header::Sum sum) const {
  Packet next = *this;
  next.last({Kind::tcp, Kind::udp}).sum = sum;
  return next;
}
Packet Packet::bad_checksum() const {
  return summed(Header::Sum::wrong);
}
Packet Packet::partial_checksum() const {
  return summed(Header::Sum::partial);
}
Packet Packet::checksum(std::uint16_t value) const {
  Packet next = summed(Header::Sum::given);
  Header& header = next.last({Kind::tcp, Kind::udp});
  put16(header.bytes, header.kind == Kind::tcp ? 16 : 6, value);
  return next;
}

Packet Packet::udp(std::uint16_t source, std::uint16_t destination) const {
  Buffer bytes(8);
  put16(bytes, 0, source);
  put16(bytes, 2, destination);
  return with(Kind::udp, std::move(bytes));
}
Packet Packet::gre() const {
  return with(Kind::gre, Buffer(4));
}
Packet Packet::gre_checksum() const {
  Packet next = grown(Kind::gre, Buffer(4));
  next.last({Kind::gre}).bytes[0] |= std::byte{0x80};
  return next;
}
Packet Packet::gre_key(std::uint32_t key) const {
  Buffer field(4);
  put32(field, 0, key);
  Packet next = grown(Kind::gre, field);
  next.last({Kind::gre}).bytes[0] |= std::byte{0x20};
  return next;
}
Packet Packet::gre_sequence(std::uint32_t number) const {
  Buffer field(4);
  put32(field, 0, number);
  Packet next = grown(Kind::gre, field);
  next.last({Kind::gre}).bytes[0] |= std::byte{0x10};
  return next;
}
Packet Packet::erspan1() const {
  return gre().with(Kind::erspan1, {}).eth();
}
Packet Packet::erspan2() const {
  return gre().gre_sequence(1).with(Kind::erspan2, buffer({0x10, 0, 0, 5, 0, 0, 0, 1})).eth();
}
Packet Packet::erspan3(bool platform_header) const {
  Buffer header = buffer({0x20, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, platform_header ? 1U : 0U});
  if (platform_header) append(header, Buffer(8));
  return gre().gre_sequence(1).with(Kind::erspan3, std::move(header)).eth();
}
Packet Packet::vxlan(std::uint32_t network) const {
  Buffer bytes = buffer({8, 0, 0, 0, 0, 0, 0, 0});
  put32(bytes, 4, network << 8);
  return with(Kind::vxlan, std::move(bytes));
}
Packet Packet::vxlan_gpe(std::uint32_t network) const {
  Buffer bytes = buffer({0x0c, 0, 0, 0, 0, 0, 0, 0});
  put32(bytes, 4, network << 8);
  return with(Kind::vxlan_gpe, std::move(bytes));
}
Packet Packet::geneve(std::uint32_t network, std::initializer_list<std::uint8_t> options) const {
  Buffer bytes(8);
  put32(bytes, 4, network << 8);
  append(bytes, buffer(options, 4, 0));
  put8(bytes, 0, (bytes.size() - 8) / 4);
  return with(Kind::geneve, std::move(bytes));
}
Packet Packet::gtp_u(std::uint32_t tunnel) const {
  Buffer bytes = buffer({0x30, 0xff, 0, 0, 0, 0, 0, 0});
  put32(bytes, 4, tunnel);
  return with(Kind::gtp_u, std::move(bytes));
}
Packet Packet::octets(std::initializer_list<std::uint8_t> octets) const {
  return with(Kind::other, buffer(octets, 1, 0));
}

Packet Packet::payload(std::string_view text) const {
  return payload(as_bytes(text));
}
Packet Packet::payload(Bytes bytes) const {
  Packet next = *this;
  next.payload_.assign(bytes.begin(), bytes.end());
  return next;
}
Packet Packet::padding(std::size_t octets) const {
  Packet next = *this;
  next.padding_ = octets;
  return next;
}
Packet Packet::cut(std::size_t octets) const {
  Packet next = *this;
  next.snap_length_ = octets;
  return next;
}
Packet Packet::at(Instant arrived) const {
  Packet next = *this;
  next.arrived_ = arrived;
  return next;
}
Packet Packet::on_interface(std::uint16_t index) const {
  Packet next = *this;
  next.interface_ = index;
  return next;
}

Packet link(wire::LinkType type) {
  Packet packet;
  packet.link_ = type;
  switch (type) {
    case wire::LinkType::ethernet:
      return packet.eth();
    case wire::LinkType::linux_sll:
      return packet.with(Packet::Kind::link, buffer({0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0}));
    case wire::LinkType::linux_sll2:
      return packet.with(Packet::Kind::link, buffer({0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0}));
    case wire::LinkType::null:
    case wire::LinkType::loop:
      return packet.with(Packet::Kind::link, Buffer(4));
    default:
      return packet;
  }
}
Packet eth() {
  return link(wire::LinkType::ethernet);
}
Packet sll() {
  return link(wire::LinkType::linux_sll);
}
Packet sll2() {
  return link(wire::LinkType::linux_sll2);
}
Packet raw() {
  return link(wire::LinkType::raw_ip);
}
Packet null() {
  return link(wire::LinkType::null);
}
Packet loop() {
  return link(wire::LinkType::loop);
}

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
    default:
      return 0;
  }
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
    default:
      return 253; // reserved for experiments (RFC 3692)
  }
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
      put16(packet, at + 2, type);
      break;
    case Kind::snap:
      put16(packet, at + 6, type);
      break;
    case Kind::gre:
      put16(packet, at + 2, type);
      break;
    case Kind::geneve:
      put16(packet, at + 2, type);
      break;
    case Kind::pppoe:
      put16(packet, at + 6, six ? 0x57 : 0x21);
      break;
    case Kind::nsh:
      put8(packet, at + 3, next.kind == Kind::eth ? 3U : six ? 2U : 1U);
      break;
    case Kind::vxlan_gpe:
      put8(packet, at + 3, next.kind == Kind::nsh ? 4U : next.kind == Kind::eth ? 3U : six ? 2U : 1U);
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
    default:
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

void Packet::finish_transport(Buffer& packet, std::size_t index, const std::vector<std::size_t>& starts,
                              std::size_t end) const {
  const Header& header = headers_[index];
  const std::size_t at = starts[index];
  const std::size_t sum_at = at + (header.kind == Kind::tcp ? 16 : 6);
  if (header.kind == Kind::tcp && !header.length_given) put8(packet, at + 12, header.bytes.size() / 4 << 4);
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
  if (header.sum != Header::Sum::partial) sum = ~sum16(Bytes(packet).subspan(at, end - at), sum) & 0xffffU;
  if (header.kind == Kind::udp && sum == 0) sum = 0xffff;
  put16(packet, sum_at, header.sum == Header::Sum::wrong ? sum ^ 0x0101U : sum);
}

void Packet::finish(Buffer& packet, std::size_t index, const std::vector<std::size_t>& starts, std::size_t end) const {
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
      if (index + 1 == headers_.size() || headers_[index + 1].kind != Kind::mpls) packet[at + 2] |= std::byte{1};
      break;
    case Kind::gre:
      if ((packet[at] & std::byte{0x80}) != std::byte{0}) {
        put16(packet, at + 4, ~sum16(Bytes(packet).subspan(at, end - at)) & 0xffffU);
      }
      break;
    default:
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

std::vector<Packet> Packet::fragments(std::size_t octets, std::uint32_t id, bool innermost) const {
  const auto is_ip = [](const Header& header) { return header.kind == Kind::ipv4 || header.kind == Kind::ipv6; };
  std::size_t ip = headers_.size();
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    if (is_ip(headers_[i]) && (innermost || ip == headers_.size())) ip = i;
  }
  if (ip == headers_.size() || octets == 0 || octets % 8 != 0) throw std::logic_error("this cannot be fragmented");

  const Buffer packet = whole();
  const Bytes datagram = Bytes(packet).first(packet.size() - padding_).subspan(places()[ip + 1]);
  const auto protocol_number =
      std::to_integer<std::uint8_t>(packet[places()[ip] + (headers_[ip].kind == Kind::ipv4 ? 9 : 6)]);
  Packet front = *this;
  front.headers_.resize(ip + 1);
  front.headers_[ip].length_given = false;
  std::vector<Packet> pieces;
  for (std::size_t offset = 0; offset < datagram.size(); offset += octets) {
    const std::size_t length = std::min(octets, datagram.size() - offset);
    pieces.push_back(front.fragment(static_cast<std::uint32_t>(offset), offset + length < datagram.size(), id)
                         .protocol(protocol_number)
                         .payload(datagram.subspan(offset, length)));
  }
  return pieces;
}

} // namespace xdpcap::test
