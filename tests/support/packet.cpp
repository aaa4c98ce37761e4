#include "support/packet.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "support/packet_bytes.hpp"

// The words of the sentence.
namespace xdpcap::test {
namespace {

Buffer address(int family, std::string_view text, std::size_t size) {
  Buffer bytes(size);
  if (::inet_pton(family, std::string(text).c_str(), bytes.data()) != 1) {
    throw std::invalid_argument("no IP address: " + std::string(text));
  }
  return bytes;
}

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
  if (found == headers_.rend())
    throw std::logic_error("the packet has no header that this word could change");
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
Packet Packet::total_length(std::uint16_t bytes) const {
  Packet next = *this;
  Header& header = next.last({Kind::ipv4, Kind::ipv6});
  put16(header.bytes, header.kind == Kind::ipv4 ? 2 : 4, bytes);
  header.length_given = true;
  return next;
}
Packet Packet::protocol(std::uint8_t number) const {
  Packet next = *this;
  Header& header =
      next.last({Kind::ipv4, Kind::ipv6, Kind::extension, Kind::authentication, Kind::fragment});
  put8(header.bytes, header.kind == Kind::ipv4 ? 9 : header.kind == Kind::ipv6 ? 6 : 0, number);
  header.protocol_given = true;
  return next;
}
Packet Packet::ip_options(std::initializer_list<std::uint8_t> values) const {
  return grown(Kind::ipv4, buffer(values, 4, 1));
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
Packet Packet::extension(std::uint8_t number, std::initializer_list<std::uint8_t> values) const {
  Buffer bytes(2);
  append(bytes, buffer(values, 1, 0));
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
    if (bit == std::string_view::npos)
      throw std::invalid_argument("no TCP flag: " + std::string(1, flag));
    bits |= 1U << bit;
  }
  Packet next = *this;
  put8(next.last({Kind::tcp}).bytes, 13, bits);
  return next;
}
Packet Packet::window(std::uint16_t bytes) const {
  Packet next = *this;
  put16(next.last({Kind::tcp}).bytes, 14, bytes);
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
Packet Packet::tcp_options(std::initializer_list<std::uint8_t> values) const {
  return grown(Kind::tcp, buffer(values, 4, 0));
}
Packet Packet::mss(std::uint16_t bytes) const {
  return grown(Kind::tcp, buffer({2, 4, high(bytes), low(bytes)}));
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
Packet Packet::bytes(std::initializer_list<std::uint8_t> values) const {
  return with(Kind::other, buffer(values, 1, 0));
}

Packet Packet::payload(std::string_view text) const {
  return payload(as_bytes(text));
}
Packet Packet::payload(Bytes bytes) const {
  Packet next = *this;
  next.payload_.assign(bytes.begin(), bytes.end());
  return next;
}
Packet Packet::padding(std::size_t bytes) const {
  Packet next = *this;
  next.padding_ = bytes;
  return next;
}
Packet Packet::cut(std::size_t bytes) const {
  Packet next = *this;
  next.snap_length_ = bytes;
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
      return packet.with(Packet::Kind::link,
                         buffer({0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0}));
    case wire::LinkType::linux_sll2:
      return packet.with(Packet::Kind::link,
                         buffer({0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0}));
    case wire::LinkType::null:
    case wire::LinkType::loop:
      return packet.with(Packet::Kind::link, Buffer(4));
    case wire::LinkType::raw_ip:
    case wire::LinkType::ppp:
    case wire::LinkType::cisco_hdlc:
    case wire::LinkType::pppoe:
    case wire::LinkType::ieee802_11:
    case wire::LinkType::radiotap:
    case wire::LinkType::nflog:
    case wire::LinkType::unsupported:
      break;
  }
  return packet;
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

} // namespace xdpcap::test
