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

// What the owner of the flows is told. All calls come on the worker's thread,
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
  noexcept; // its figures changed since it was told of, at most once in Timeouts::update
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
  Duration update = std::chrono::seconds{1}; // from new activity to telling of it
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
  WaitQueue updates_; // connections with activity that was not told of
  IdleWheel<LinksOf> wheel_;
  Timeouts timeouts_;
  Counters<FlowCount> counters_;
  std::uint64_t next_id_;
  Instant now_ = Instant::min();
  Instant next_duty_ = Instant::min();
  Instant last_capture_loss_ = Instant::min();
};

} // namespace xdpcap::tcp

#include "tcp/tracker_closing.hpp"
#include "tcp/tracker_slow.hpp"
#include "tcp/tracker_updates.hpp"
