#pragma once

#include "wire/cursor.hpp"
#include "wire/segment.hpp"

// Inside of the decoder: the last header of the walk.
namespace xdpcap::wire {

// Reads the options that fill `options` into `answer`. Tolerant: an impossible
// length, or the end of what was captured, ends the reading (RFC 9293, 3.2).
void read_tcp_options(Bytes options, TcpOptions& answer) noexcept;

// The lower endpoint comes first in the key, whoever sends.
inline void set_key(const Endpoint& source, const Endpoint& destination,
                    Segment& segment) noexcept {
  const auto half = [](const Address& address, std::size_t at) {
    return __builtin_bswap64(load_native<std::uint64_t>(address.bytes.data() + at));
  };
  const std::uint64_t source_high = half(source.address, 0),
                      destination_high = half(destination.address, 0);
  const std::uint64_t source_low = half(source.address, 8),
                      destination_low = half(destination.address, 8);
  if (source_high != destination_high) {
    segment.from_low = source_high < destination_high;
  } else if (source_low != destination_low) {
    segment.from_low = source_low < destination_low;
  } else {
    segment.from_low = source.port <= destination.port;
  }
  segment.key = segment.from_low ? FlowKey{source, destination} : FlowKey{destination, source};
}

// What the bytes of a header say that is there, options included, without its ports.
inline void read_tcp_fields(const std::byte* at, std::size_t header, Segment& segment) noexcept {
  constexpr std::size_t kHeaderMin = 20;
  constexpr std::size_t kTimestamps =
      12; // NOP NOP timestamps: what nearly every segment has (RFC 7323, A)
  segment.seq = {load_be32(at + 4)};
  segment.ack = {load_be32(at + 8)};
  segment.flags = {load_u8(at + 13)};
  segment.window = load_be16(at + 14);
  segment.checksum = load_be16(at + 16);
  segment.urgent = load_be16(at + 18);
  const Bytes options{at + kHeaderMin, header - kHeaderMin};
  if (options.size() == kTimestamps && load_be32(options.data()) == 0x0101080a) [[likely]] {
    segment.options.has_timestamps = true;
    segment.options.timestamp_value = load_be32(options.data() + 4);
    segment.options.timestamp_echo = load_be32(options.data() + 8);
  } else if (!options.empty()) {
    read_tcp_options(options, segment.options);
  }
  segment.header_bytes = static_cast<std::uint8_t>(header);
}

// RFC 9293, 3.1. Where the header cannot be used, answers why.
inline NextHeader read_tcp(const Cursor& cursor, Segment& segment) noexcept {
  constexpr std::size_t kHeaderMin = 20;
  const Remaining& rest = cursor.rest;
  if (rest.on_wire < kHeaderMin) [[unlikely]] {
    return NoSegment::bad_tcp;
  }
  if (!rest.has(kHeaderMin)) [[unlikely]] {
    return NoSegment::cut_by_snaplen;
  }
  const std::byte* at = rest.at;
  const std::size_t header = static_cast<std::size_t>(load_u8(at + 12) >> 4) * 4;
  if (header < kHeaderMin || header > rest.on_wire) [[unlikely]] {
    return NoSegment::bad_tcp;
  }

  set_key({cursor.source, load_be16(at)}, {cursor.destination, load_be16(at + 2)}, segment);
  const std::size_t header_there = std::min(header, rest.captured);
  read_tcp_fields(at, header_there, segment);
  segment.payload = {at + header_there, rest.captured - header_there};
  segment.cut_by_snaplen =
      static_cast<std::uint32_t>(rest.on_wire - header - segment.payload.size());
  return Layer::tcp;
}

} // namespace xdpcap::wire
