#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/stream.hpp"
#include "wire/segment.hpp"

namespace xdpcap::test {

inline wire::Endpoint endpoint(std::uint8_t host, std::uint16_t port) {
  const std::byte bytes[4] = {std::byte{10}, std::byte{0}, std::byte{0}, std::byte{host}};
  wire::Endpoint made;
  made.address = wire::Address::from_v4(bytes);
  made.port = port;
  return made;
}

// One segment of a dialogue, owning its payload, as a sentence:
//   client().at(100).says("GET /").acks(1)
// Positions are relative to the sender's initial sequence number plus one: 0 is
// the first byte of its stream, -1 its SYN.
struct Line {
  bool from_client = true;
  std::int64_t position = 0;
  std::int64_t acked = -2; // -2: no ACK flag
  std::string payload;
  std::uint8_t flags = 0;
  std::uint16_t window_bytes = 65535;
  std::uint32_t missing = 0;
  wire::TcpOptions options;
  wire::ChecksumResult checksum_result = wire::ChecksumResult::valid;
  bool has_unusual_headers = false;

  Line at(std::int64_t offset) const {
    return with([&](Line& l) { l.position = offset; });
  }
  Line says(std::string_view text) const {
    return with([&](Line& l) { l.payload = text; });
  }
  Line acks(std::int64_t offset) const {
    return with([&](Line& l) { l.acked = offset; });
  }
  Line syn() const {
    return with([](Line& l) {
      l.flags |= wire::TcpFlags::syn;
      l.position = -1;
    });
  }
  Line fin() const {
    return with([](Line& l) { l.flags |= wire::TcpFlags::fin; });
  }
  Line rst() const {
    return with([](Line& l) { l.flags |= wire::TcpFlags::rst; });
  }
  Line window(std::uint16_t bytes) const {
    return with([&](Line& l) { l.window_bytes = bytes; });
  }
  Line cut_by(std::uint32_t bytes) const {
    return with([&](Line& l) { l.missing = bytes; });
  }
  Line clock(std::uint32_t value) const {
    return with([&](Line& l) {
      l.options.has_timestamps = true;
      l.options.timestamp_value = value;
    });
  }
  Line checksum(wire::ChecksumResult state) const {
    return with([&](Line& l) { l.checksum_result = state; });
  }
  Line unusual() const {
    return with([](Line& l) { l.has_unusual_headers = true; });
  }
  Line scale(std::uint8_t shift) const {
    return with([&](Line& l) {
      l.options.has_window_scale = true;
      l.options.window_scale = shift;
    });
  }

 private:
  template <class Change>
  Line with(Change&& change) const {
    Line copy = *this;
    change(copy);
    return copy;
  }
};

inline Line client() {
  return {};
}
inline Line server() {
  Line line;
  line.from_client = false;
  return line;
}

// Where a dialogue takes place: who speaks, with which initial sequence numbers,
// and when.
struct Stage {
  wire::Endpoint client_end = endpoint(1, 40000);
  wire::Endpoint server_end = endpoint(2, 80);
  std::uint32_t client_isn = 1000;
  std::uint32_t server_isn = 500000;

  // Borrows the payload of `line`.
  [[nodiscard]] wire::Segment segment(const Line& line, Instant now) const {
    wire::Segment made;
    const bool client_is_low = client_end < server_end;
    made.key = client_is_low ? wire::FlowKey{client_end, server_end}
                             : wire::FlowKey{server_end, client_end};
    made.from_low = client_is_low == line.from_client;
    made.flags.bits = line.flags;
    made.seq = Seq{(line.from_client ? client_isn : server_isn) + 1 +
                   static_cast<std::uint32_t>(line.position)};
    if (line.acked != -2) {
      made.flags.bits |= wire::TcpFlags::ack;
      made.ack = Seq{(line.from_client ? server_isn : client_isn) + 1 +
                     static_cast<std::uint32_t>(line.acked)};
    }
    made.payload = as_bytes(line.payload);
    made.cut_by_snaplen = line.missing;
    made.window = line.window_bytes;
    made.options = line.options;
    made.checksum_result = line.checksum_result;
    made.unusual = line.has_unusual_headers;
    made.arrived = now;
    made.wire_length = static_cast<std::uint32_t>(54 + line.payload.size());
    return made;
  }
};

} // namespace xdpcap::test
