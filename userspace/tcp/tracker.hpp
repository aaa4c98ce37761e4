#pragma once

#include <concepts>
#include <cstdint>

#include "core/check.hpp"
#include "core/counters.hpp"
#include "tcp/ended_table.hpp"
#include "tcp/flow_table.hpp"
#include "tcp/half_open_table.hpp"
#include "tcp/idle_wheel.hpp"
#include "tcp/reassembler.hpp"
#include "tcp/wait_queue.hpp"

namespace xdpcap::tcp {

// What the owner of the flows gets. All calls come on the worker's thread,
// inside accept() and expire(), and the flow lives until on_close returns.
template <class S, class Flow>
concept FlowSink = requires(S& sink, Flow& flow, const StreamBytes& bytes, const StreamGap& gap,
                            Direction direction, StreamEnd end, Instant at,
                            const wire::Segment& segment, SegmentVerdict verdict) {
  { sink.is_client(segment) }
  noexcept->std::same_as<bool>; // of a connection whose SYN was not seen
  { sink.on_open(flow) }
  noexcept;
  { sink.on_bytes(flow, bytes) }
  noexcept;
  { sink.on_gap(flow, gap) }
  noexcept;
  { sink.on_end(flow, direction, end, at) }
  noexcept;
  { sink.on_close(flow, end, at) }
  noexcept;
  { sink.on_update(flow) }
  noexcept; // its figures changed since they were reported, at most once in Timeouts::update
  { sink.on_segment(flow, direction, segment, verdict) }
  noexcept;
};

struct TrackerLimits {
  std::uint32_t flows_max = 65536;
  std::uint32_t half_open_max = 131072;
  std::uint32_t ended_max = 65536; // connections that are over and still remembered
  ReassemblyLimits reassembly;
  HashSeed hash_seed;
  std::uint64_t first_flow_id = 1; // ids count up from here; shards start far apart
};

struct Timeouts {
  // As long as idle connections really live: keep-alive probes begin after two
  // hours, and a full table evicts by itself.
  Duration established = std::chrono::hours{1};
  Duration half_closed = std::chrono::seconds{120}; // one direction has ended
  Duration linger = std::chrono::seconds{5}; // after the end, for the last ACK and stragglers
  Duration reset = std::chrono::seconds{2};  // of silence after an RST that was not exact
  // Data can be captured after its acknowledgement; this much packet time it may
  // take. Captures that swap directions do so within milliseconds.
  Duration grace = std::chrono::milliseconds{100};
  Duration update = std::chrono::seconds{1}; // from new activity to its report
  Duration hole_age_max =
      std::chrono::seconds{30}; // without any proof that the bytes were received
};

// What the tracker counts beside segments.
enum class FlowCount : std::uint8_t {
  opened,
  opened_partial, // the start was not captured
  closed_fin,
  closed_rst,
  closed_timeout,
  closed_by_capture, // open when the capture ended
  closed_evicted,
  closed_reused, // the addresses began a new connection
  waits_shed,    // holes given up because the out-of-order store was nearly full
  count_,
};

// Follows the connections of one worker: which segment belongs to which, when
// one begins, waits too long, falls silent, ends, or has to go for another. Time
// is packet time. One thread; no allocation after construction.
template <class Flow>
class Tracker {
 public:
  Tracker(const TrackerLimits& limits, const Timeouts& timeouts)
      : table_(limits.flows_max, limits.hash_seed),
        half_open_(limits.half_open_max),
        ended_(limits.ended_max),
        reassembler_(limits.reassembly),
        waits_(std::min<std::size_t>(limits.flows_max, 65536)),
        updates_(std::min<std::size_t>(limits.flows_max, 65536)),
        wheel_(LinksOf{&table_}, limits.flows_max),
        timeouts_(timeouts),
        next_id_(limits.first_flow_id) {
    XDPCAP_CHECK(limits.first_flow_id != 0); // 0 says that a slot is free
    XDPCAP_CHECK(timeouts.grace > Duration{} && timeouts.update > Duration{});
  }

  Tracker(const Tracker&) = delete;
  Tracker& operator=(const Tracker&) = delete;

  template <class Sink>
  requires FlowSink<Sink, Flow>
  [[gnu::always_inline]] SegmentVerdict accept(const wire::Segment& segment, Sink& sink) noexcept {
    if (segment.arrived > now_) now_ = segment.arrived;
    if (now_ >= next_duty_) [[unlikely]]
      do_duties(sink);
    const std::uint64_t hash = table_.hash_of(segment.key);
    Flow* flow = table_.find(segment.key, hash);
    if (flow != nullptr && !segment.flags.has(wire::TcpFlags::syn)) [[likely]]
      return accept_known(*flow, segment, sink);
    return accept_opening(flow, hash, segment, sink);
  }

  // Lets packet time pass where no segment comes.
  template <class Sink>
  void expire(Instant now, Sink& sink) noexcept {
    if (now > now_) now_ = now;
    if (now_ >= next_duty_) do_duties(sink);
  }

  // Ends every connection (the capture is over).
  template <class Sink>
  void finish_all(Sink& sink) noexcept;

  // From when on bytes that go missing were dropped by this capture, as far as
  // known: decides the cause of gaps.
  void update_capture_loss(Instant at) noexcept { last_capture_loss_ = at; }

  [[nodiscard]] const FlowTable<Flow>& table() const noexcept { return table_; }
  [[nodiscard]] const Reassembler& reassembler() const noexcept { return reassembler_; }
  [[nodiscard]] const Counters<FlowCount>& counters() const noexcept { return counters_; }
  [[nodiscard]] Instant now() const noexcept { return now_; }

 private:
  struct LinksOf {
    FlowTable<Flow>* table;
    Connection& operator()(std::uint32_t slot) const noexcept { return table->at(slot).tcp; }
  };

  // Of what is known of the clocks of a connection's ends (RFC 7323, 5.5): the fastest clocks tick
  // each microsecond and turn their sign bit in this time.
  static constexpr Duration kClockLifetime = std::chrono::seconds{INT32_MAX / 1'000'000};

  // Binds a flow to the sink, so that the reassembler need not know of flows.
  template <class Sink>
  struct Stream {
    Flow& flow;
    Sink& sink;
    void on_bytes(const StreamBytes& bytes) noexcept { sink.on_bytes(flow, bytes); }
    void on_gap(const StreamGap& gap) noexcept { sink.on_gap(flow, gap); }
    void on_end(Direction direction, StreamEnd end, Instant at) noexcept {
      sink.on_end(flow, direction, end, at);
    }
  };

  template <class Sink>
  SegmentVerdict accept_known(Flow& flow, const wire::Segment& segment, Sink& sink) noexcept {
    Connection& connection = flow.tcp;
    XDPCAP_DCHECK(connection.id != 0 && connection.key == segment.key);
    const Direction direction = connection.direction_of(segment.from_low);
    // One look for both: open, and that it is active was noted already.
    if ((connection.flags & (Connection::closed | Connection::update_due)) !=
        Connection::update_due) [[unlikely]] {
      if (connection.has(Connection::closed))
        return segment.length() == 0 ? SegmentVerdict::control : SegmentVerdict::after_close;
      if (now_ - connection.last_seen > kClockLifetime) [[unlikely]]
        connection.forget_clocks();
      plan_update(flow);
    }
    connection.last_seen = now_;
    Stream<Sink> stream{flow, sink};
    const SegmentVerdict verdict = reassembler_.accept(connection, direction, segment, stream);
    sink.on_segment(flow, direction, segment, verdict);
    if (verdict != SegmentVerdict::delivered || is_eventful(connection)) [[unlikely]]
      schedule_timers(flow, sink);
    return verdict;
  }
  // Something beside plain progress may have happened to it.
  static bool is_eventful(const Connection& connection) noexcept {
    constexpr std::uint8_t kEventful = HalfConnection::ended | HalfConnection::rst_pending;
    return ((connection.half[0].flags | connection.half[1].flags) & kEventful) != 0;
  }

  template <class Sink>
  SegmentVerdict accept_opening(Flow* flow, std::uint64_t hash, const wire::Segment& segment,
                                Sink& sink) noexcept;
  template <class Sink>
  SegmentVerdict accept_syn(Flow* flow, std::uint64_t hash, const wire::Segment& segment,
                            Sink& sink) noexcept;
  template <class Sink>
  SegmentVerdict accept_syn_ack(Flow* flow, std::uint64_t hash, const wire::Segment& segment,
                                Sink& sink) noexcept;
  template <class Sink>
  SegmentVerdict accept_first(std::uint64_t hash, const wire::Segment& segment,
                              Sink& sink) noexcept;
  template <class Sink>
  Flow* open(std::uint64_t hash, const wire::Segment& segment, bool client_is_low,
             Sink& sink) noexcept;
  template <class Sink>
  Flow* promote(HalfOpen& half_open, std::uint64_t hash, const wire::Segment& segment,
                Sink& sink) noexcept;
  template <class Sink>
  bool schedule_end(Flow& flow, Sink& sink) noexcept;
  template <class Sink>
  void schedule_timers(Flow& flow, Sink& sink) noexcept;
  template <class Sink>
  void close(Flow& flow, StreamEnd end, FlowCount as, Sink& sink) noexcept;
  template <class Sink>
  void remove(Flow& flow, StreamEnd end, FlowCount as, Sink& sink) noexcept;
  template <class Sink>
  void do_duties(Sink& sink) noexcept;
  template <class Sink>
  void end_waits(Sink& sink) noexcept;
  template <class Sink>
  void end_front_wait(bool by_force, Sink& sink) noexcept;
  template <class Sink>
  void fall_due(std::uint32_t slot, Sink& sink) noexcept;
  template <class Sink>
  bool evict_one(Sink& sink) noexcept;

  template <class Sink>
  void publish_updates(Sink& sink) noexcept;

  void rearm(const Flow& flow, Duration delay) noexcept;
  void record_ended(const Connection& connection) noexcept;
  void plan_update(Flow& flow) noexcept;
  void plan_duties() noexcept;
  [[nodiscard]] Duration timeout_of(const Connection& connection) const noexcept;
  [[nodiscard]] GapCause cause_of_loss(Instant since) const noexcept {
    return last_capture_loss_ >= since - timeouts_.grace ? GapCause::capture : GapCause::network;
  }

  FlowTable<Flow> table_;
  HalfOpenTable half_open_;
  EndedTable ended_;
  Reassembler reassembler_;
  WaitQueue waits_;
  WaitQueue updates_; // connections with activity that was not reported
  IdleWheel<LinksOf> wheel_;
  Timeouts timeouts_;
  Counters<FlowCount> counters_;
  std::uint64_t next_id_;
  Instant now_ = Instant::min();
  Instant next_duty_ = Instant::min();
  Instant last_capture_loss_ = Instant::min();
};

// How connections begin.

namespace detail {

inline std::size_t side_of(const wire::Segment& segment) noexcept {
  return segment.from_low ? 0 : 1;
}

// The initial sequence number of a direction whose stream began with its SYN.
inline Seq initial_sequence(const HalfConnection& half) noexcept {
  const std::uint32_t fin =
      half.has(HalfConnection::ended) && half.has(HalfConnection::fin_seen) ? 1 : 0;
  return half.next - static_cast<std::uint32_t>(half.offset) - 1 - fin;
}

inline void record_syn(HalfOpen& half_open, const wire::Segment& segment) noexcept {
  const std::size_t side = side_of(segment);
  half_open.count_packet(side);
  half_open.isn[side] = segment.seq;
  half_open.flags = static_cast<std::uint8_t>(half_open.flags | HalfOpen::low_isn << side);
  if (segment.options.has_window_scale) {
    half_open.window_scale[side] = segment.options.window_scale;
    half_open.flags = static_cast<std::uint8_t>(half_open.flags | HalfOpen::low_scale << side);
  }
}

// RFC 9293, 3.10.7.3 and 3.10.7.4: an RST ends an opening if it acknowledges the SYN or comes right
// behind its sender's own. Any other is late, or forged.
inline bool is_refusal(const HalfOpen& half_open, const wire::Segment& segment) noexcept {
  const std::size_t side = side_of(segment);
  if (half_open.knows_isn(side)) return segment.seq == half_open.isn[side] + 1;
  return segment.flags.has(wire::TcpFlags::ack) && segment.ack == half_open.isn[side ^ 1] + 1;
}

// The data of a SYN or SYN-ACK as a segment of its own.
inline wire::Segment without_syn(const wire::Segment& segment) noexcept {
  wire::Segment data = segment;
  data.seq = segment.seq + 1;
  data.flags.bits = static_cast<std::uint8_t>(data.flags.bits & ~wire::TcpFlags::syn);
  return data;
}

} // namespace detail

template <class Flow>
template <class Sink>
[[gnu::noinline]] SegmentVerdict Tracker<Flow>::accept_opening(Flow* flow, std::uint64_t hash,
                                                               const wire::Segment& segment,
                                                               Sink& sink) noexcept {
  using wire::TcpFlags;
  if (segment.flags.has(TcpFlags::rst)) {
    if (flow != nullptr) return accept_known(*flow, segment, sink);
    HalfOpen* const half_open = half_open_.find(hash, now_);
    if (half_open == nullptr) return SegmentVerdict::reset;
    if (!detail::is_refusal(*half_open, segment)) return SegmentVerdict::reset_ignored;
    half_open_.forget(*half_open);
    return SegmentVerdict::reset;
  }
  if (!segment.flags.has(TcpFlags::syn)) return accept_first(hash, segment, sink);
  if (segment.checksum_result == wire::ChecksumResult::bad) return SegmentVerdict::bad_checksum;
  return segment.flags.has(TcpFlags::ack) ? accept_syn_ack(flow, hash, segment, sink)
                                          : accept_syn(flow, hash, segment, sink);
}

template <class Flow>
template <class Sink>
SegmentVerdict Tracker<Flow>::accept_syn(Flow* flow, std::uint64_t hash,
                                         const wire::Segment& segment, Sink& sink) noexcept {
  if (flow != nullptr) {
    Connection& connection = flow->tcp;
    const HalfConnection& self = connection.from(connection.direction_of(segment.from_low));
    if (self.has(HalfConnection::started) && detail::initial_sequence(self) == segment.seq) {
      ++connection.from(connection.direction_of(segment.from_low)).packets;
      return SegmentVerdict::opening;
    }
    // On a connection that has ended it begins a new one. On a live one it only
    // does so if the other end takes it: the SYN-ACK will tell.
    if (connection.has(Connection::closed) || is_eventful(connection)) {
      remove(*flow, StreamEnd::timeout, FlowCount::closed_reused, sink);
      flow = nullptr;
    }
  }
  HalfOpen* half_open = half_open_.find(hash, now_);
  const std::size_t side = detail::side_of(segment);
  const bool other_side_opens = half_open != nullptr && half_open->knows_isn(side ^ 1) &&
                                !half_open->has(HalfOpen::syn_ack_seen);
  if (half_open == nullptr ||
      (half_open->knows_isn(side) && !(half_open->isn[side] == segment.seq))) {
    if (half_open != nullptr) half_open_.forget(*half_open);
    half_open = &half_open_.create(hash, now_);
    if (segment.from_low) half_open->flags |= HalfOpen::client_is_low;
  } else if (!other_side_opens && !half_open->knows_isn(side)) {
    if (segment.from_low) half_open->flags |= HalfOpen::client_is_low;
  }
  detail::record_syn(*half_open, segment);
  if (flow != nullptr || segment.length() == 0) return SegmentVerdict::opening;

  // TCP Fast Open (RFC 7413): the data waits for the SYN-ACK.
  flow = promote(*half_open, hash, segment, sink);
  if (flow == nullptr) return SegmentVerdict::flow_table_full;
  HalfConnection& self = flow->tcp.from(flow->tcp.direction_of(segment.from_low));
  reassembler_.hold_syn_data(self, segment);
  schedule_timers(*flow, sink);
  return self.out_of_order_queue == OutOfOrderStore::none ? SegmentVerdict::out_of_order_full
                                                          : SegmentVerdict::held;
}

template <class Flow>
template <class Sink>
SegmentVerdict Tracker<Flow>::accept_syn_ack(Flow* flow, std::uint64_t hash,
                                             const wire::Segment& segment, Sink& sink) noexcept {
  const std::size_t side = detail::side_of(segment);
  HalfOpen* half_open = half_open_.find(hash, now_);
  if (flow != nullptr) {
    Connection& connection = flow->tcp;
    const Direction direction = connection.direction_of(segment.from_low);
    HalfConnection& self = connection.from(direction);
    HalfConnection& peer = connection.from(opposite(direction));
    const bool answers_new_syn = half_open != nullptr && half_open->knows_isn(side ^ 1) &&
                                 segment.ack == half_open->isn[side ^ 1] + 1;
    // The SYN may come later, or not at all: the other end has taken it.
    const bool follows_end = (connection.has(Connection::closed) || connection.ended_by_fin()) &&
                             self.has(HalfConnection::started) &&
                             !(detail::initial_sequence(self) == segment.seq);
    if (answers_new_syn || follows_end) {
      remove(*flow, StreamEnd::timeout, FlowCount::closed_reused, sink);
    } else {
      ++self.packets;
      const bool answers =
          peer.has(HalfConnection::started) && segment.ack == detail::initial_sequence(peer) + 1;
      if (!self.has(HalfConnection::started) &&
          (answers || peer.has(HalfConnection::syn_unconfirmed))) {
        self.set(HalfConnection::started);
        self.next = segment.seq + 1;
        self.window_scale = segment.options.window_scale & 0xf;
        self.enter(State::established);
        peer.on(Event::syn_acknowledged);
        connection.syn_to_syn_ack_us =
            us_between(wrapping_us(connection.first_seen), wrapping_us(segment.arrived));
      }
      if (peer.has(HalfConnection::syn_unconfirmed)) {
        Stream<Sink> stream{*flow, sink};
        reassembler_.confirm_syn_data(connection, opposite(direction),
                                      distance(peer.next, segment.ack) > 0, stream);
        schedule_timers(*flow, sink);
      }
      return SegmentVerdict::opening;
    }
  }
  if (half_open == nullptr) {
    half_open = &half_open_.create(hash, now_);
    if (!segment.from_low) half_open->flags |= HalfOpen::client_is_low;
  } else if (half_open->knows_isn(side ^ 1) && !(segment.ack == half_open->isn[side ^ 1] + 1) &&
             !(segment.length() != 0 && distance(half_open->isn[side ^ 1], segment.ack) > 0)) {
    return SegmentVerdict::opening; // answers another SYN than the one that was seen last
  } else if (!half_open->has(HalfOpen::syn_ack_seen)) {
    half_open->syn_ack_delay_us = us_between(half_open->syn_us, wrapping_us(segment.arrived));
  }
  detail::record_syn(*half_open, segment);
  half_open->isn[side ^ 1] = segment.ack - 1;
  half_open->flags |= HalfOpen::low_isn | HalfOpen::high_isn | HalfOpen::syn_ack_seen;
  if (segment.length() == 0) return SegmentVerdict::opening;
  Flow* opened = promote(*half_open, hash, segment, sink);
  if (opened == nullptr) return SegmentVerdict::flow_table_full;
  --opened->tcp.from(opened->tcp.direction_of(segment.from_low))
        .packets; // accept_known() counts it
  return accept_known(*opened, detail::without_syn(segment), sink);
}

// The first segment without SYN of addresses that have no flow: a connection
// whose opening was seen, one that was there before this capture, or a stray.
template <class Flow>
template <class Sink>
SegmentVerdict Tracker<Flow>::accept_first(std::uint64_t hash, const wire::Segment& segment,
                                           Sink& sink) noexcept {
  const std::size_t side = detail::side_of(segment);
  Flow* flow = nullptr;
  if (HalfOpen* half_open = half_open_.find(hash, now_); half_open != nullptr) {
    const std::int32_t ahead =
        half_open->knows_isn(side) ? distance(half_open->isn[side] + 1, segment.seq) : 0;
    if (ahead >= -1 && ahead < Reassembler::kWindowMax) {
      if (!half_open->knows_isn(side ^ 1) && ahead == 0 && segment.flags.has(wire::TcpFlags::ack) &&
          segment.length() == 0) {
        // The SYN-ACK was not captured; what the handshake's last segment
        // acknowledges is its sequence number.
        half_open->isn[side ^ 1] = segment.ack - 1;
        half_open->flags =
            static_cast<std::uint8_t>(half_open->flags | HalfOpen::low_isn << (side ^ 1));
      }
      flow = promote(*half_open, hash, segment, sink);
      if (flow == nullptr) return SegmentVerdict::flow_table_full;
    }
  }
  if (flow == nullptr) {
    if (segment.length() == 0) return SegmentVerdict::no_connection;
    if (segment.checksum_result == wire::ChecksumResult::bad) return SegmentVerdict::bad_checksum;
    if (ended_.covers(hash, side, segment.seq + segment.length(), now_))
      return SegmentVerdict::after_close;
    const bool client_is_low = sink.is_client(segment) == segment.from_low;
    flow = open(hash, segment, client_is_low, sink);
    if (flow == nullptr) return SegmentVerdict::flow_table_full;
    flow->tcp.set(Connection::partial);
    counters_.add(FlowCount::opened_partial);
    sink.on_open(*flow);
  }
  return accept_known(*flow, segment, sink);
}

template <class Flow>
template <class Sink>
Flow* Tracker<Flow>::open(std::uint64_t hash, const wire::Segment& segment, bool client_is_low,
                          Sink& sink) noexcept {
  Flow* flow = table_.create(segment.key, hash);
  if (flow == nullptr && evict_one(sink)) flow = table_.create(segment.key, hash);
  if (flow == nullptr) return nullptr;
  Connection& connection = flow->tcp;
  XDPCAP_CHECK(next_id_ != 0);
  connection.id = next_id_++;
  connection.interface = segment.interface;
  connection.first_seen = segment.arrived;
  connection.last_seen = now_;
  if (client_is_low) connection.set(Connection::client_is_low);
  counters_.add(FlowCount::opened);
  wheel_.arm(table_.slot_of(*flow), now_ + timeouts_.established);
  return flow;
}

// Makes a flow of a connection whose opening was seen.
template <class Flow>
template <class Sink>
Flow* Tracker<Flow>::promote(HalfOpen& half_open, std::uint64_t hash, const wire::Segment& segment,
                             Sink& sink) noexcept {
  const HalfOpen opening = half_open;
  XDPCAP_DCHECK(opening.fingerprint == hash);
  half_open_.forget(half_open);
  Flow* flow = open(hash, segment, opening.has(HalfOpen::client_is_low), sink);
  if (flow == nullptr) return nullptr;
  Connection& connection = flow->tcp;
  // Who acknowledges without a SYN has had the other's.
  const bool has_answered =
      segment.flags.has(wire::TcpFlags::ack) && !segment.flags.has(wire::TcpFlags::syn);
  const bool both = (opening.knows_isn(0) && opening.knows_isn(1)) || has_answered;
  // A window is scaled only if both offered it (RFC 7323, 2.2).
  const bool scaled = opening.has(HalfOpen::low_scale) && opening.has(HalfOpen::high_scale);
  for (std::size_t side = 0; side < 2; ++side) {
    if (!opening.knows_isn(side)) continue;
    HalfConnection& half = connection.from(connection.direction_of(side == 0));
    half.set(HalfConnection::started);
    half.next = opening.isn[side] + 1;
    half.packets = opening.packets_of(side);
    if (scaled) half.window_scale = opening.window_scale[side] & 0xf;
    if (opening.has(HalfOpen::syn_ack_seen)) half.set(HalfConnection::scale_known);
    // The SYN-ACK acknowledges, too; how far its window reaches is not kept (acked_any).
    if (opening.has(HalfOpen::syn_ack_seen) && opening.knows_isn(side ^ 1))
      half.last_ack = opening.isn[side ^ 1] + 1;
    half.enter(both ? State::established : State::syn_sent);
  }
  const std::uint32_t since_syn_us = us_between(opening.syn_us, wrapping_us(segment.arrived));
  if (opening.has(HalfOpen::syn_ack_seen) && opening.syn_ack_delay_us != 0) {
    connection.syn_to_syn_ack_us = opening.syn_ack_delay_us;
    connection.syn_ack_to_ack_us = us_between(opening.syn_ack_delay_us, since_syn_us);
  }
  // The record shows when the connection began, not when it was believed.
  connection.first_seen = segment.arrived - std::chrono::microseconds{since_syn_us};
  sink.on_open(*flow);
  return flow;
}

// What connections wait for, and when their figures are reported.

// What the ends of the two directions ask for: true where both have ended, and nothing else is due.
template <class Flow>
template <class Sink>
bool Tracker<Flow>::schedule_end(Flow& flow, Sink& sink) noexcept {
  Connection& connection = flow.tcp;
  const HalfConnection& client = connection.from(Direction::to_server);
  const HalfConnection& server = connection.from(Direction::to_client);
  if (client.has(HalfConnection::ended) && server.has(HalfConnection::ended)) {
    const bool is_acknowledged =
        distance(client.last, server.last_ack) > 0 && distance(server.last, client.last_ack) > 0;
    if (!connection.ended_by_fin() || is_acknowledged) {
      close(flow, StreamEnd::rst, FlowCount::closed_rst, sink);
    } else {
      rearm(flow, timeouts_.linger); // for the acknowledgement of the last FIN
    }
    return true;
  }
  if (client.has(HalfConnection::rst_pending) || server.has(HalfConnection::rst_pending))
    rearm(flow, timeouts_.reset);
  return false;
}

template <class Flow>
template <class Sink>
[[gnu::noinline]] void Tracker<Flow>::schedule_timers(Flow& flow, Sink& sink) noexcept {
  if (schedule_end(flow, sink)) return;
  Connection& connection = flow.tcp;
  if (connection.has(Connection::grace_running) || !reassembler_.is_waiting(connection)) return;
  if (waits_.full() || reassembler_.out_of_order().is_tight()) {
    counters_.add(FlowCount::waits_shed);
    if (!waits_.empty()) end_front_wait(true, sink);
  }
  if (waits_.full()) return;
  XDPCAP_CHECK(connection.id != 0 && !connection.has(Connection::closed));
  connection.set(Connection::grace_running);
  waits_.push({.id = connection.id,
               .queued = now_,
               .acknowledged = Reassembler::acknowledged(connection),
               .slot = table_.slot_of(flow)});
  plan_duties();
}

template <class Flow>
Duration Tracker<Flow>::timeout_of(const Connection& connection) const noexcept {
  const std::uint8_t any = connection.half[0].flags | connection.half[1].flags;
  if (connection.has(Connection::closed)) return timeouts_.linger;
  if (connection.ended_by_fin()) return timeouts_.linger;
  if ((any & HalfConnection::rst_pending) != 0) return timeouts_.reset;
  if ((any & HalfConnection::ended) != 0) return timeouts_.half_closed;
  return timeouts_.established;
}

// The wheel came to a flow: it was silent too long, or it was active since.
template <class Flow>
template <class Sink>
void Tracker<Flow>::fall_due(std::uint32_t slot, Sink& sink) noexcept {
  Flow& flow = table_.at(slot);
  XDPCAP_CHECK(flow.tcp.id != 0); // who is erased leaves the wheel before
  const Instant due = flow.tcp.last_seen + timeout_of(flow.tcp);
  wheel_.arm(slot, due);
  if (due > now_) return;
  const bool was_reset = flow.tcp.half[0].has(HalfConnection::rst_pending) ||
                         flow.tcp.half[1].has(HalfConnection::rst_pending);
  remove(flow, was_reset ? StreamEnd::rst : StreamEnd::timeout,
         was_reset ? FlowCount::closed_rst : FlowCount::closed_timeout, sink);
}

template <class Flow>
template <class Sink>
[[gnu::noinline]] void Tracker<Flow>::do_duties(Sink& sink) noexcept {
  if (now_ >= wheel_.next_turn()) {
    wheel_.turn(now_, [&](std::uint32_t slot) { fall_due(slot, sink); });
  }
  end_waits(sink);
  publish_updates(sink);
  plan_duties();
}

template <class Flow>
void Tracker<Flow>::plan_duties() noexcept {
  next_duty_ = wheel_.next_turn();
  if (!waits_.empty()) next_duty_ = std::min(next_duty_, waits_.front().queued + timeouts_.grace);
  if (!updates_.empty())
    next_duty_ = std::min(next_duty_, updates_.front().queued + timeouts_.update);
}

template <class Flow>
template <class Sink>
void Tracker<Flow>::end_waits(Sink& sink) noexcept {
  while (!waits_.empty() && now_ >= waits_.front().queued + timeouts_.grace)
    end_front_wait(false, sink);
}

// Grace is over for the connection that waits longest: what is proved lost is a
// gap; without proof it waits another round, up to an age. The age is that of the
// hole: a long transfer may wait for one retransmission after another.
template <class Flow>
template <class Sink>
void Tracker<Flow>::end_front_wait(bool by_force, Sink& sink) noexcept {
  WaitQueue::Entry entry = waits_.front();
  waits_.pop();
  Flow& flow = table_.at(entry.slot);
  Connection& connection = flow.tcp;
  if (connection.id != entry.id || connection.has(Connection::closed)) return;
  XDPCAP_CHECK(connection.has(Connection::grace_running));
  connection.clear(Connection::grace_running);
  by_force |= now_ - reassembler_.held_since(connection, now_) >= timeouts_.hole_age_max;
  Stream<Sink> stream{flow, sink};
  const Instant since = reassembler_.held_since(connection, entry.queued);
  // Of a silent connection even the last acknowledgement has had its grace.
  if (now_ - connection.last_seen >= timeouts_.grace)
    entry.acknowledged = Reassembler::acknowledged(connection);
  reassembler_.abandon_holes(connection, {cause_of_loss(since), by_force, entry.acknowledged}, now_,
                             stream);
  if (reassembler_.is_waiting(connection)) {
    entry.queued = now_;
    entry.acknowledged = Reassembler::acknowledged(connection);
    connection.set(Connection::grace_running);
    waits_.push(entry);
  } else {
    schedule_end(flow, sink);
  }
}

// The first activity since a connection was reported. Where the queue is full the next
// segment tries again: then more connections are active than anybody could read about.
template <class Flow>
[[gnu::noinline]] void Tracker<Flow>::plan_update(Flow& flow) noexcept {
  XDPCAP_DCHECK(!flow.tcp.has(Connection::update_due) && !flow.tcp.has(Connection::closed));
  if (updates_.full()) return;
  flow.tcp.set(Connection::update_due);
  const bool is_first = updates_.empty();
  updates_.push({.id = flow.tcp.id, .queued = now_, .slot = table_.slot_of(flow)});
  if (is_first) plan_duties();
}

template <class Flow>
template <class Sink>
void Tracker<Flow>::publish_updates(Sink& sink) noexcept {
  while (!updates_.empty() && now_ >= updates_.front().queued + timeouts_.update) {
    const WaitQueue::Entry entry = updates_.front();
    updates_.pop();
    Flow& flow = table_.at(entry.slot);
    if (flow.tcp.id != entry.id || flow.tcp.has(Connection::closed))
      continue; // its end reported the rest
    XDPCAP_CHECK(flow.tcp.has(Connection::update_due));
    flow.tcp.clear(Connection::update_due);
    sink.on_update(flow);
  }
}

// How connections end.

template <class Flow>
void Tracker<Flow>::rearm(const Flow& flow, Duration delay) noexcept {
  const std::uint32_t slot = table_.slot_of(flow);
  wheel_.disarm(slot);
  wheel_.arm(slot, now_ + delay);
}

// Whatever the occasion, a connection that both ends finished was closed by FIN.
template <class Flow>
template <class Sink>
void Tracker<Flow>::close(Flow& flow, StreamEnd end, FlowCount as, Sink& sink) noexcept {
  Connection& connection = flow.tcp;
  if (connection.has(Connection::closed)) return;
  Stream<Sink> stream{flow, sink};
  reassembler_.finish(connection, end, cause_of_loss(connection.last_seen), now_, stream);
  connection.set(Connection::closed);
  const bool by_fin = connection.ended_by_fin();
  counters_.add(by_fin ? FlowCount::closed_fin : as);
  sink.on_close(flow, by_fin ? StreamEnd::fin : end, now_);
  rearm(flow, timeouts_.linger);
}

template <class Flow>
template <class Sink>
void Tracker<Flow>::remove(Flow& flow, StreamEnd end, FlowCount as, Sink& sink) noexcept {
  XDPCAP_CHECK(flow.tcp.id != 0);
  close(flow, end, as, sink);
  record_ended(flow.tcp);
  wheel_.disarm(table_.slot_of(flow));
  table_.erase(flow);
}

// What its ends sent last is remembered for a while: a retransmission that comes after the record
// of the connection is gone is not the beginning of another.
template <class Flow>
void Tracker<Flow>::record_ended(const Connection& connection) noexcept {
  const Direction of_low = connection.direction_of(true);
  const HalfConnection& low = connection.from(of_low);
  const HalfConnection& high = connection.from(opposite(of_low));
  ended_.add(table_.hash_of(connection.key),
             {low.has(HalfConnection::started), high.has(HalfConnection::started)},
             {low.next, high.next}, now_);
}

// Makes room: of the connections next to fall silent, one that has ended, else
// one at rest, else the one silent longest.
template <class Flow>
template <class Sink>
bool Tracker<Flow>::evict_one(Sink& sink) noexcept {
  constexpr std::uint32_t kCandidates = 32;
  std::uint32_t seen = 0;
  std::uint32_t chosen = FlowTable<Flow>::none;
  std::pair<int, Instant> worth_of_chosen{};
  wheel_.in_order([&](std::uint32_t slot) {
    const Flow& flow = table_.at(slot);
    const bool has_ended = flow.tcp.has(Connection::closed) || flow.tcp.ended_by_fin();
    const int rank = has_ended ? 0 : flow.is_at_rest() ? 1 : 2;
    const std::pair worth{rank, flow.tcp.last_seen};
    if (chosen == FlowTable<Flow>::none || worth < worth_of_chosen) {
      chosen = slot;
      worth_of_chosen = worth;
    }
    return ++seen < kCandidates && rank != 0;
  });
  if (chosen == FlowTable<Flow>::none) return false;
  remove(table_.at(chosen), StreamEnd::evicted, FlowCount::closed_evicted, sink);
  return true;
}

template <class Flow>
template <class Sink>
void Tracker<Flow>::finish_all(Sink& sink) noexcept {
  for (std::uint32_t slot = 0; slot < table_.slots_touched(); ++slot) {
    Flow& flow = table_.at(slot);
    if (flow.tcp.id != 0) remove(flow, StreamEnd::capture, FlowCount::closed_by_capture, sink);
  }
  while (!waits_.empty()) waits_.pop();
  while (!updates_.empty()) updates_.pop();
  XDPCAP_CHECK(table_.size() == 0);
  XDPCAP_CHECK(reassembler_.frames_held() == 0);
  XDPCAP_CHECK(reassembler_.out_of_order().slabs_in_use() == 0);
}

} // namespace xdpcap::tcp
