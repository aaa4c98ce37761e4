#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"
#include "core/instant.hpp"
#include "wire/frame.hpp"

namespace xdpcap::test {

using Buffer = std::vector<std::byte>;

// A packet as a sentence:
//
//   eth().vlan(7).ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 80).seq(1).flags("PA").payload("GET /")
//
// Headers are named from the outside in. A word that changes a header (seq, ttl,
// key, ...) changes the innermost header of its kind named so far. Lengths,
// protocol numbers and checksums are filled in when the packet is built, unless
// a word said otherwise. Each word answers a new packet, so that the beginning
// of a sentence can be kept and continued in several ways. Bad addresses throw.
class Packet {
 public:
  // Headers of the link. The first decides LinkType; `eth` may also come later,
  // inside of a tunnel.
  [[nodiscard]] Packet eth() const;
  [[nodiscard]] Packet vlan(std::uint16_t id, std::uint16_t tpid = 0x8100) const;
  [[nodiscard]] Packet snap() const; // LLC/SNAP behind an 802.3 length
  [[nodiscard]] Packet mpls(std::uint32_t label) const;
  [[nodiscard]] Packet pppoe(std::uint16_t session) const;
  [[nodiscard]] Packet nsh() const;
  [[nodiscard]] Packet ether_type(
      std::uint16_t type) const; // what the header so far says comes next

  [[nodiscard]] Packet ipv4(std::string_view source, std::string_view destination) const;
  [[nodiscard]] Packet ipv6(std::string_view source, std::string_view destination) const;
  [[nodiscard]] Packet total_length(std::uint16_t bytes) const; // IPv4; IPv6: payload length
  [[nodiscard]] Packet protocol(std::uint8_t number) const;     // of what follows the IP header
  [[nodiscard]] Packet ip_options(
      std::initializer_list<std::uint8_t> values) const; // IPv4, padded with NOP
  [[nodiscard]] Packet bad_ip_checksum() const;
  [[nodiscard]] Packet ip_checksum(std::uint16_t value) const;
  // A fragment: `offset` in bytes (a multiple of 8). In IPv6 this adds the header.
  [[nodiscard]] Packet fragment(std::uint32_t offset, bool more, std::uint32_t id) const;
  // IPv6 extension headers: hop-by-hop 0, routing 43, destination 60, mobility 135
  // with `bytes` of options (padded to a multiple of 8); AH has its own shape.
  [[nodiscard]] Packet extension(std::uint8_t number,
                                 std::initializer_list<std::uint8_t> values = {}) const;
  [[nodiscard]] Packet authentication() const;

  [[nodiscard]] Packet tcp(std::uint16_t source, std::uint16_t destination) const;
  [[nodiscard]] Packet seq(std::uint32_t number) const;
  [[nodiscard]] Packet ack(std::uint32_t number) const;     // sets the ACK flag too
  [[nodiscard]] Packet flags(std::string_view flags) const; // of "FSRPAUEC"; default "A"
  [[nodiscard]] Packet window(std::uint16_t bytes) const;
  [[nodiscard]] Packet urgent(std::uint16_t pointer) const;
  [[nodiscard]] Packet data_offset(std::uint8_t words) const;
  [[nodiscard]] Packet tcp_options(
      std::initializer_list<std::uint8_t> values) const; // padded with zeros
  [[nodiscard]] Packet mss(std::uint16_t bytes) const;
  [[nodiscard]] Packet window_scale(std::uint8_t shift) const;
  [[nodiscard]] Packet sack_permitted() const;
  [[nodiscard]] Packet timestamps(std::uint32_t value, std::uint32_t echo) const;
  [[nodiscard]] Packet bad_checksum() const; // of the innermost TCP or UDP header
  [[nodiscard]] Packet partial_checksum()
      const; // only the pseudo-header, as a sender with offload leaves it
  [[nodiscard]] Packet checksum(std::uint16_t value) const;

  [[nodiscard]] Packet udp(std::uint16_t source, std::uint16_t destination) const;
  [[nodiscard]] Packet gre() const;
  [[nodiscard]] Packet gre_checksum()
      const; // these four in the order of the header: checksum, key, sequence
  [[nodiscard]] Packet gre_key(std::uint32_t key) const;
  [[nodiscard]] Packet gre_sequence(std::uint32_t number) const;
  [[nodiscard]] Packet erspan1() const; // these add the GRE header as well
  [[nodiscard]] Packet erspan2() const;
  [[nodiscard]] Packet erspan3(bool platform_header = false) const;
  [[nodiscard]] Packet vxlan(std::uint32_t network) const;
  [[nodiscard]] Packet vxlan_gpe(std::uint32_t network) const;
  [[nodiscard]] Packet geneve(std::uint32_t network,
                              std::initializer_list<std::uint8_t> options = {}) const;
  [[nodiscard]] Packet gtp_u(std::uint32_t tunnel) const;

  // Any other header: its bytes as they are.
  [[nodiscard]] Packet bytes(std::initializer_list<std::uint8_t> values) const;

  [[nodiscard]] Packet payload(std::string_view text) const;
  [[nodiscard]] Packet payload(Bytes bytes) const;
  [[nodiscard]] Packet padding(
      std::size_t bytes) const; // behind the packet, as Ethernet pads short frames
  [[nodiscard]] Packet cut(std::size_t bytes) const; // captured with this snap length
  [[nodiscard]] Packet at(Instant arrived) const;
  [[nodiscard]] Packet on_interface(std::uint16_t index) const;

  // The bytes as captured.
  [[nodiscard]] Buffer bytes() const;
  // This packet as fragments of its outermost (or innermost) IP header, each with
  // at most `bytes` (a multiple of 8) behind that header.
  [[nodiscard]] std::vector<Packet> fragments(std::size_t bytes, std::uint32_t id,
                                              bool innermost = false) const;

  // Borrowed from this packet, which must outlive it.
  [[nodiscard]] wire::Frame frame() const&;
  wire::Frame frame() const&& = delete;

 private:
  friend Packet link(wire::LinkType type);

  enum class Kind : std::uint8_t {
    eth,
    vlan,
    snap,
    mpls,
    pppoe,
    nsh,
    ipv4,
    ipv6,
    extension,
    authentication,
    fragment,
    tcp,
    udp,
    gre,
    erspan1,
    erspan2,
    erspan3,
    vxlan,
    vxlan_gpe,
    geneve,
    gtp_u,
    link,
    other,
  };
  struct Header {
    Kind kind = Kind::other;
    Buffer bytes;
    std::uint16_t number =
        0; // how the header in front announces this one, where its kind does not say
    bool length_given = false;
    bool protocol_given = false;
    enum class Sum : std::uint8_t { right, wrong, partial, given } sum = Sum::right;
  };

  [[nodiscard]] Packet with(Kind kind, Buffer bytes, std::uint16_t number = 0) const;
  [[nodiscard]] Packet grown(Kind kind, const Buffer& more) const;
  [[nodiscard]] Packet summed(Header::Sum sum) const;
  Header& last(std::initializer_list<Kind> kinds);
  [[nodiscard]] std::vector<std::size_t> places()
      const;                          // where each header begins; then where the payload does
  [[nodiscard]] Buffer whole() const; // all that is on the wire
  void announce_next(Buffer& packet, std::size_t index, std::size_t at) const;
  void finish(Buffer& packet, std::size_t index, const std::vector<std::size_t>& starts,
              std::size_t end) const;
  void finish_ip(Buffer& packet, std::size_t index, std::size_t at, std::size_t end) const;
  void finish_transport(Buffer& packet, std::size_t index, const std::vector<std::size_t>& starts,
                        std::size_t end) const;
  static std::uint16_t ether_type_of(const Header& header, wire::LinkType link);
  static std::uint8_t protocol_of(const Header& header);

  wire::LinkType link_ = wire::LinkType::ethernet;
  std::vector<Header> headers_;
  Buffer payload_;
  std::size_t padding_ = 0;
  std::size_t snap_length_ = SIZE_MAX;
  Instant arrived_;
  std::uint16_t interface_ = 0;
  mutable Buffer built_; // what frame() lent
};

// How a sentence begins.
Packet link(wire::LinkType type);
Packet eth();
Packet sll();  // Linux cooked capture
Packet sll2(); // its second version
Packet raw();  // begins with the IP header
Packet null(); // BSD loopback, family in little-endian order
Packet loop(); // OpenBSD loopback

} // namespace xdpcap::test
