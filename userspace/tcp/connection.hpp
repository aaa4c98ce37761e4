#pragma once

#include <algorithm>
#include <cstdint>

#include "core/check.hpp"
#include "core/instant.hpp"
#include "core/seq.hpp"
#include "core/short_float.hpp"
#include "core/slab_pool.hpp"
#include "core/stream.hpp"
#include "tcp/state.hpp"
#include "wire/segment.hpp"

namespace xdpcap::tcp {

// From one wrapping time to a later one, microseconds. Two directions may be stamped
// by two processors, so that an answer seems to come before its cause: that is the
// shortest time there is, and not the longest.
constexpr std::uint32_t us_between(std::uint32_t from_us, std::uint32_t to_us) noexcept {
  const std::uint32_t elapsed = to_us - from_us;
  return elapsed < std::uint32_t{1} << 31 ? elapsed : 1;
}

// One direction of a TCP connection, named after its sender. Holds the predicted
// next sequence number (RCV.NXT of RFC 9293, seen from the middle), what the
// sender said about the other direction, and the figures a flow record shows.
// One cache line: the fast path touches no other of the two. One thread.
struct HalfConnection {
  enum Flag : std::uint8_t {
    started = 1 << 0,         // `next` is known
    has_timestamps = 1 << 1,  // `ts_recent` is known
    acked_any = 1 << 2,       // `last_ack` and `window_edge` are known
    scale_known = 1 << 3,     // the window scale was seen in a SYN
    fin_seen = 1 << 4,        // `last` is the sequence number of the FIN
    ended = 1 << 5,           // everything up to the end was delivered, and the end too
    rst_pending = 1 << 6,     // `last` is the place of an RST that was not exact
    syn_unconfirmed = 1 << 7, // SYN data is held until the SYN-ACK takes or refuses it (RFC 7413)
  };

  Seq next;        // of the first byte not yet delivered
  Seq last_ack;    // highest acknowledgement this side sent
  Seq window_edge; // first sequence number of the peer beyond this side's receive window
  std::uint32_t ts_recent = 0; // TS.Recent of RFC 7323
  std::uint64_t offset = 0;    // of `next` in the stream
  SlabPool::Index out_of_order_queue =
      SlabPool::none;         // bytes that came before their turn (out_of_order_store.hpp)
  Seq last;                   // see fin_seen and rst_pending
  Seq probe_end;              // round-trip probe: the acknowledgement that ends it ...
  std::uint32_t probe_us = 0; // ... and when it began (microseconds, wrapping); 0: none under way
  std::uint32_t srtt_us =
      0; // smoothed round trip from this capture to the peer and back; 0: none measured
  std::uint32_t packets = 0;
  std::uint32_t retransmissions = 0; // segments with nothing but bytes seen before
  std::uint32_t gap_bytes_low = 0;   // see gap_bytes()
  std::uint16_t out_of_order = 0;    // segments; stays at its maximum, as the three below
  std::uint8_t zero_windows = 0;     // announced by this side
  std::uint8_t gaps = 0;
  std::uint8_t gaps_by_capture = 0; // of the gaps
  std::uint8_t gap_bytes_high = 0;
  std::uint8_t state_bits : 4 = 0; // see state()
  std::uint8_t window_scale : 4 = 0;
  std::uint8_t flags = 0;

  [[nodiscard]] State state() const noexcept { return static_cast<State>(state_bits); }
  void enter(State state) noexcept {
    XDPCAP_DCHECK(state <= State::MAX);
    state_bits = static_cast<std::uint8_t>(state) & 0xf;
  }
  void on(Event event) noexcept { enter(next_state(state(), event)); }

  // Bytes of all gaps, up to 2^40 - 1: a single gap may be 2^30.
  [[nodiscard]] std::uint64_t gap_bytes() const noexcept {
    return std::uint64_t{gap_bytes_high} << 32 | gap_bytes_low;
  }
  void add_gap_bytes(std::uint32_t bytes) noexcept {
    constexpr std::uint64_t kMax = (std::uint64_t{1} << 40) - 1;
    const std::uint64_t sum = std::min(gap_bytes() + bytes, kMax);
    gap_bytes_low = static_cast<std::uint32_t>(sum);
    gap_bytes_high = static_cast<std::uint8_t>(sum >> 32);
  }

  [[nodiscard]] bool has(Flag flag) const noexcept { return (flags & flag) != 0; }
  void set(Flag flag) noexcept { flags = static_cast<std::uint8_t>(flags | flag); }
  void clear(Flag flag) noexcept { flags = static_cast<std::uint8_t>(flags & ~flag); }
};
static_assert(sizeof(HalfConnection) == 64);

// Both directions of a TCP connection and what belongs to neither. Lives in a
// slot of the flow table; `id` is never used again within a run, so a kept
// (slot, id) pair tells whether the slot still holds the same connection.
struct Connection {
  enum Flag : std::uint16_t {
    client_is_low = 1 << 0,    // the client is key.low
    partial = 1 << 1,          // the start was not captured
    closed = 1 << 2,           // ended in both directions; lingers to absorb stragglers
    grace_running = 1 << 3,    // stands in the queue of connections that wait for missing bytes
    overlap_conflict = 1 << 4, // two versions of the same bytes were seen
    paws_seen = 1 << 5,        // a segment had an old timestamp (RFC 7323, 5)
    rst_revoked = 1 << 6,      // a reset was announced whose sender went on
    urgent_seen = 1 << 7,
    beyond_window = 1 << 8, // bytes outside the receive window were seen
    update_due = 1 << 9,    // stands in the queue of connections whose new figures are to be told
    unproved = 1 << 10, // bytes were delivered that nobody acknowledged and no checksum vouches for
    // `last` of the client's, of the server's half is the place of a FIN that its receiver may have
    // refused: it counts once it is acknowledged. `probe_end` is what it acknowledged, unless that
    // is not the reason for the doubt.
    client_fin_doubted = 1 << 11,
    server_fin_doubted = 1 << 12,
  };

  wire::FlowKey key;
  std::uint16_t flags = 0;
  std::uint16_t interface = 0;
  std::uint64_t id = 0;
  Instant last_seen;
  std::uint32_t wheel_next = 0, wheel_previous = 0; // idle_wheel.hpp

  HalfConnection half[2]; // by Direction of its sender: to_server is what the client sends

  // What arrives of what a side sends, measured with each round-trip probe.
  struct Delivery {
    ShortFloat in_flight; // bytes not acknowledged as the probe began; 0: not known
    ShortFloat rate;      // bytes a second that were acknowledged until it ended
  };
  Delivery delivery[2]; // by Direction, as `half`

  Instant first_seen;
  std::uint32_t syn_to_syn_ack_us = 0; // the capture point to the server and back; 0: not seen
  std::uint32_t syn_ack_to_ack_us = 0; // the capture point to the client and back

  [[nodiscard]] bool has(Flag flag) const noexcept { return (flags & flag) != 0; }
  void set(Flag flag) noexcept { flags = static_cast<std::uint16_t>(flags | flag); }
  void clear(Flag flag) noexcept { flags = static_cast<std::uint16_t>(flags & ~flag); }

  [[nodiscard]] const wire::Endpoint& client() const noexcept {
    return has(client_is_low) ? key.low : key.high;
  }
  [[nodiscard]] const wire::Endpoint& server() const noexcept {
    return has(client_is_low) ? key.high : key.low;
  }
  [[nodiscard]] HalfConnection& from(Direction direction) noexcept {
    return half[index_of(direction)];
  }
  [[nodiscard]] const HalfConnection& from(Direction direction) const noexcept {
    return half[index_of(direction)];
  }
  static constexpr Flag fin_doubted(Direction direction) noexcept {
    return direction == Direction::to_server ? client_fin_doubted : server_fin_doubted;
  }
  void forget_clocks() noexcept {
    for (HalfConnection& self : half) self.clear(HalfConnection::has_timestamps);
  }
  // Both directions ended by a FIN, and everything before was delivered.
  [[nodiscard]] bool ended_by_fin() const noexcept {
    constexpr std::uint8_t kEnded = HalfConnection::ended | HalfConnection::fin_seen;
    return (half[0].flags & half[1].flags & kEnded) == kEnded;
  }
  [[nodiscard]] Direction direction_of(bool from_low) const noexcept {
    return from_low == has(client_is_low) ? Direction::to_server : Direction::to_client;
  }
};
static_assert(sizeof(Connection) == 216);

} // namespace xdpcap::tcp
