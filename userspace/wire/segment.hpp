#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>

#include "core/bytes.hpp"
#include "core/instant.hpp"
#include "core/seq.hpp"

namespace xdpcap::wire {

// An IP address, the same 16 bytes for both families, so that one comparison
// serves. IPv4 stands behind a prefix of its own, ff0f:f0::/96: multicast of a
// reserved scope (RFC 7346), which no TCP endpoint has. IPv4-mapped addresses
// (::ffff:a.b.c.d) would not do: IPv6 packets that carry them exist, and are other
// connections. The prefix adds nothing to a checksum over the bytes.
struct Address {
  static constexpr std::array<unsigned char, 12> v4_prefix{0xff, 0x0f, 0x00, 0xf0, 0, 0,
                                                           0,    0,    0,    0,    0, 0};

  std::array<std::byte, 16> bytes{};

  [[nodiscard]] static Address from_v4(const std::byte* four_bytes) noexcept {
    Address address;
    std::memcpy(address.bytes.data(), v4_prefix.data(), v4_prefix.size());
    std::memcpy(address.bytes.data() + v4_prefix.size(), four_bytes, 4);
    return address;
  }
  [[nodiscard]] static Address from_v6(const std::byte* sixteen_bytes) noexcept {
    Address address;
    std::memcpy(address.bytes.data(), sixteen_bytes, address.bytes.size());
    return address;
  }
  [[nodiscard]] bool is_v4() const noexcept {
    return std::memcmp(bytes.data(), v4_prefix.data(), v4_prefix.size()) == 0;
  }
  // The four bytes of an IPv4 address.
  [[nodiscard]] const std::byte* v4_bytes() const noexcept {
    return bytes.data() + v4_prefix.size();
  }

  // As two words: the default would go byte by byte.
  friend bool operator==(const Address& left, const Address& right) noexcept {
    return std::memcmp(left.bytes.data(), right.bytes.data(), sizeof left.bytes) == 0;
  }
  friend auto operator<=>(const Address&, const Address&) noexcept = default;
};

struct Endpoint {
  Address address;
  std::uint16_t port = 0;

  friend bool operator==(const Endpoint&, const Endpoint&) noexcept = default;
  friend auto operator<=>(const Endpoint&, const Endpoint&) noexcept = default;
};

// One key for both directions of a connection: the lower endpoint first. Always
// compared whole, never by its hash alone.
struct FlowKey {
  Endpoint low, high;

  friend bool operator==(const FlowKey&, const FlowKey&) noexcept = default;
};

struct TcpFlags {
  static constexpr std::uint8_t fin = 0x01, syn = 0x02, rst = 0x04, psh = 0x08, ack = 0x10,
                                urg = 0x20, ece = 0x40, cwr = 0x80;
  std::uint8_t bits = 0;

  [[nodiscard]] bool has(std::uint8_t flag) const noexcept { return (bits & flag) != 0; }
};

// What the options of a segment said. A malformed option list ends the reading
// of options, never that of the segment.
struct TcpOptions {
  bool has_timestamps = false;
  bool has_window_scale = false;
  bool sack_permitted = false;
  bool has_signature = false;
  std::uint8_t window_scale = 0; // at most 14 (RFC 7323, 2.3)
  std::uint16_t mss = 0;         // 0: not given
  std::uint32_t timestamp_value = 0;
  std::uint32_t timestamp_echo = 0;
};

// What is known of a segment's checksum.
enum class ChecksumResult : std::uint8_t {
  valid,     // it sums up, or whoever asked for it takes this capture's word (`--checksums off`)
  offloaded, // the sender's hardware was to finish it, so it proves nothing
  bad,       // it does not sum up: the receiver may have refused it
};

// A TCP segment, its lengths checked against the frame it came in. The payload
// is borrowed from that frame (or from the fragment store) and dies with the burst.
struct Segment {
  FlowKey key;
  bool from_low = false; // the sender is key.low
  TcpFlags flags;
  std::uint16_t window = 0; // as sent, unscaled
  std::uint16_t urgent = 0;
  Seq seq, ack;
  Bytes payload;
  // Payload bytes that were on the wire behind `payload` and that the snap
  // length cut away. They count in sequence space.
  std::uint32_t cut_by_snaplen = 0;
  TcpOptions options;
  Instant arrived;
  std::uint32_t wire_length = 0; // of the frame, for byte counts
  std::uint16_t interface = 0;   // see Frame
  std::uint16_t checksum = 0;    // as sent
  ChecksumResult checksum_result = ChecksumResult::valid;
  std::uint8_t header_bytes = 0; // of the TCP header, captured; they lie right before `payload`
  // It came with what makes many receivers refuse it: options of IPv4, extension headers of IPv6
  // (one of unknown kind, in another order, or with segments left is dropped), fragments that
  // overlap, or a signature (RFC 2385, RFC 5925).
  bool unusual = false;

  [[nodiscard]] const Endpoint& source() const noexcept { return from_low ? key.low : key.high; }
  [[nodiscard]] const Endpoint& destination() const noexcept {
    return from_low ? key.high : key.low;
  }
  [[nodiscard]] bool doubtful() const noexcept {
    return (static_cast<unsigned>(checksum_result) | static_cast<unsigned>(unusual)) != 0;
  }
  // The TCP header as sent, options included; lives as long as the payload.
  [[nodiscard]] Bytes header() const noexcept {
    return {payload.data() - header_bytes, header_bytes};
  }
  // Bytes of payload in sequence space (SYN and FIN not counted).
  [[nodiscard]] std::uint32_t length() const noexcept {
    return static_cast<std::uint32_t>(payload.size()) + cut_by_snaplen;
  }
};

} // namespace xdpcap::wire
