#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "core/instant.hpp"
#include "core/seq.hpp"
#include "core/stream.hpp"
#include "http/message.hpp"
#include "wire/segment.hpp"

// What the engine hands to an Encoder, besides http::Message. Plain values; what
// is borrowed lives as long as the call. The enums have the numbers and names of
// schemas/xdpcap.fbs (schema_names.cpp asserts it); the engine translates from
// tcp/, which publish/ does not know.
namespace xdpcap::publish {

// What an http::Message cannot know: whose conversation it is a part of.
struct MessageContext {
  std::uint64_t flow = 0; // never reused within an epoch
  wire::Endpoint client, server;
  std::uint16_t interface = 0; // as in wire::Frame
  http::Anomalies anomalies{}; // of the connection; they are added to those of the message
};

enum class FlowEvent : std::uint8_t { opened, update, closed };

enum class TcpState : std::uint8_t {
  closed,
  listen,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};

enum class CloseReason : std::uint8_t { open, fin, rst, timeout, evicted, capture };

enum class FlowFlag : std::uint8_t {
  partial,
  one_sided,
  overlap_conflict,
  paws,
  reset_ignored,
  tunnel,
  urgent,
  beyond_window,
  unproved,
  count_,
};

class FlowFlags {
 public:
  void add(FlowFlag flag) noexcept { bits_ |= bit(flag); }
  [[nodiscard]] bool has(FlowFlag flag) const noexcept { return (bits_ & bit(flag)) != 0; }
  [[nodiscard]] std::uint64_t bits() const noexcept { return bits_; }

 private:
  static constexpr std::uint64_t bit(FlowFlag flag) noexcept {
    return std::uint64_t{1} << static_cast<unsigned>(flag);
  }
  std::uint64_t bits_ = 0;
};

// What one side of a connection sent, totals since its start. An RTT runs from a
// segment of this side to its acknowledgement; zero: never measured.
struct FlowHalf {
  TcpState state = TcpState::closed;
  std::uint64_t packets = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t retransmitted_segments = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t zero_windows = 0;
  std::uint64_t gaps = 0;
  std::uint64_t gaps_by_capture = 0;
  std::uint64_t gap_bytes = 0;
  std::uint8_t window_scale = 0;
  Duration rtt{};
  std::uint32_t window = 0;    // bytes it last said it would take, scaled
  std::uint32_t in_flight = 0; // bytes it sent that were not acknowledged yet
};

// A connection opened, goes on (update), or closed.
struct FlowRecord {
  std::uint64_t flow = 0;
  FlowEvent event = FlowEvent::opened;
  wire::Endpoint client, server;
  Instant first, last;
  std::array<FlowHalf, 2> halves; // by index_of(Direction) of what it sends
  Duration handshake_server{};    // SYN to SYN-ACK
  Duration handshake_client{};    // SYN-ACK to ACK
  FlowFlags flags;
  CloseReason close = CloseReason::open;
  std::uint16_t interface = 0;
};

enum class Verdict : std::uint8_t {
  in_order,
  retransmit,
  out_of_order,
  keep_alive,
  out_of_window,
  paws_rejected,
  bad_checksum,
  dropped,
  no_connection,
  conflict,
};

// One segment and what became of it. `payload` is what shall be published of it
// (nothing for `--segments headers`), `payload_bytes` what was on the wire.
// `header` is the TCP header as it came.
struct SegmentRecord {
  std::uint64_t flow = 0;
  Direction direction = Direction::to_server;
  wire::Endpoint client, server;
  Instant arrived;
  Seq seq, ack;
  wire::TcpFlags flags;
  std::uint16_t window = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t wire_length = 0;
  Verdict verdict = Verdict::in_order;
  wire::TcpOptions options;
  Bytes payload;
  std::uint16_t interface = 0;
  Bytes header;
};

// A UDP datagram. `payload` is what shall be published of it.
struct DatagramRecord {
  Instant arrived;
  wire::Endpoint source, destination;
  std::uint32_t wire_length = 0;
  std::uint16_t length = 0; // as its header says, the header's 8 bytes included
  std::uint16_t checksum = 0;
  Bytes payload;
  std::uint16_t interface = 0;
};

// One figure of the ledger: a total since the start.
struct Count {
  std::string name;
  std::uint64_t value = 0;
  std::string interface; // empty: of the whole process
  std::int32_t queue = -1;
};

// What an engine tells the publisher each second; built on the publisher's thread.
class StatsBuilder {
 public:
  void add(std::string name, std::uint64_t value, std::string interface = {},
           std::int32_t queue = -1) {
    counts_.push_back({std::move(name), value, std::move(interface), queue});
  }
  [[nodiscard]] const std::vector<Count>& counts() const noexcept { return counts_; }

 private:
  std::vector<Count> counts_;
};

} // namespace xdpcap::publish
