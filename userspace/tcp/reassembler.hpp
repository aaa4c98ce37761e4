#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>

#include "core/check.hpp"
#include "core/counters.hpp"
#include "core/stream.hpp"
#include "tcp/connection.hpp"
#include "tcp/delivered_log.hpp"
#include "tcp/out_of_order_store.hpp"
#include "tcp/verdict.hpp"
#include "wire/segment.hpp"

namespace xdpcap::tcp {

// Where a connection's bytes go: in order, each once, gaps in their place.
// on_end comes once for each direction and is the last word about it.
template <class S>
concept StreamSink = requires(S& sink, const StreamBytes& bytes, const StreamGap& gap,
                              Direction direction, StreamEnd end, Instant at) {
  { sink.on_bytes(bytes) }
  noexcept;
  { sink.on_gap(gap) }
  noexcept;
  { sink.on_end(direction, end, at) }
  noexcept;
};

struct ReassemblyLimits {
  std::size_t out_of_order_bytes = 32U << 20;
  std::size_t delivered_log_bytes = 1U << 20;
  std::uint32_t out_of_order_bytes_max = 4U << 20; // held by one direction
  OverlapPolicy overlap = OverlapPolicy::first;
};

// What a wait that is over gives up: bytes that were acknowledged when it began. What was
// acknowledged later may still come.
struct EndOfWait {
  GapCause cause = GapCause::unknown;
  bool by_force = false;
  std::array<Seq, 2> acknowledged{}; // by direction
};

// Puts the segments of connections into order (RFC 9293, 3.10.7.4, read from the
// middle). Works on a Connection the caller keeps; holds the early bytes of all
// of them. One thread, no allocation after construction.
//
// Two orders are kept: that of the bytes of a direction, and that of cause:
// bytes whose segment acknowledges bytes of the other direction that were not
// seen yet wait for these, because captures swap directions. Both waits end when
// the caller says so (abandon_holes), after a grace of packet time.
//
// A segment that its receiver may have refused (beyond the window, an old timestamp or
// acknowledgement, or none, unusual headers, a checksum that does not sum up) is doubtful: its
// bytes are held until the receiver acknowledges them, and any other version of them wins. So
// nothing that was taken is lost, and nothing that was refused is believed. The same goes for a
// segment that acknowledges bytes which were not seen: the capture missed them, or they were not
// sent yet and its receiver refuses it (RFC 9293, 3.10.7.4). They are missing once their own sender
// has gone on behind them.
class Reassembler {
 public:
  // No window is larger (RFC 7323, 2.3): what is farther away is not of this stream.
  static constexpr std::int32_t kWindowMax = 1 << 30;

  explicit Reassembler(const ReassemblyLimits& limits)
      : out_of_order_(limits.out_of_order_bytes, limits.out_of_order_bytes_max, limits.overlap),
        delivered_(limits.delivered_log_bytes) {}

  // Takes the next segment of an open connection in which nothing is being
  // opened (SYNs are the tracker's).
  template <StreamSink Sink>
  SegmentVerdict accept(Connection& connection, Direction direction, const wire::Segment& segment,
                        Sink& sink) noexcept {
    HalfConnection& self = connection.from(direction);
    HalfConnection& peer = connection.from(opposite(direction));
    XDPCAP_DCHECK(connection.id != 0 && !connection.has(Connection::closed));
    XDPCAP_DCHECK(!segment.flags.has(wire::TcpFlags::syn) ||
                  segment.flags.has(wire::TcpFlags::rst));
    ++self.packets;
    if (is_predicted(self, peer, segment)) [[likely]] {
      update_acknowledgement(connection, direction, segment);
      // RFC 7323, 4.3: the clock moves with what the receiver has acknowledged, not with what is on
      // its way to it and may arrive in another order.
      if (distance(segment.seq, peer.last_ack) >= 0)
        self.ts_recent = segment.options.timestamp_value;
      if (segment.payload.empty()) return SegmentVerdict::control;
      delivered_.append(connection.id, direction, segment.seq, segment.payload);
      deliver(connection, direction, segment, sink);
      if (peer.out_of_order_queue != OutOfOrderStore::none) [[unlikely]]
        deliver_ready(connection, sink);
      return SegmentVerdict::delivered;
    }
    return accept_slow(connection, direction, segment, sink);
  }

  // Holds the data of a SYN until a SYN-ACK decides about it (confirm_syn_data).
  void hold_syn_data(HalfConnection& self, const wire::Segment& segment) noexcept;
  template <StreamSink Sink>
  void confirm_syn_data(Connection& connection, Direction direction, bool taken,
                        Sink& sink) noexcept;

  // Bytes are missing, or held back: somebody has to call abandon_holes() in time.
  [[nodiscard]] bool is_waiting(const Connection& connection) const noexcept;
  // Since when the bytes wait that come next of what is held; `now` where nothing is.
  // How far the bytes of each direction are acknowledged; the beginning of a wait.
  [[nodiscard]] static std::array<Seq, 2> acknowledged(const Connection& connection) noexcept {
    return {connection.from(Direction::to_client).last_ack,
            connection.from(Direction::to_server).last_ack};
  }
  [[nodiscard]] Instant held_since(const Connection& connection, Instant now) const noexcept;

  // Ends the waits for which there is proof: what the sender sent, the receiver acknowledged and
  // was not seen is a gap of this cause; so is a hole in a direction whose other
  // one was never seen. With `by_force` every wait ends: bytes whose sender left the checksum to
  // its hardware, or acknowledged what was not seen, are delivered without proof
  // (Connection::unproved), other doubtful ones are dropped.
  template <StreamSink Sink>
  void abandon_holes(Connection& connection, const EndOfWait& wait, Instant now,
                     Sink& sink) noexcept;

  // Delivers what is left, holes as gaps, and ends both directions.
  template <StreamSink Sink>
  void finish(Connection& connection, StreamEnd end, GapCause cause, Instant now,
              Sink& sink) noexcept;

  // Drops what is held without a word.
  void forget(Connection& connection) noexcept;

  [[nodiscard]] const Counters<StreamCount>& counters() const noexcept { return counters_; }
  [[nodiscard]] const OutOfOrderStore& out_of_order() const noexcept { return out_of_order_; }
  [[nodiscard]] std::uint64_t frames_held() const noexcept { return frames_held_; }

 private:
  // Ticks. A sender's clock that is farther ahead than this was not heard of for a long time.
  static constexpr std::uint32_t kClockLeapMax = std::uint32_t{1} << 30;

  // Everything about this segment was expected (header prediction, Van Jacobson):
  // it begins where the direction ends, nothing is held, nothing is unusual.
  static bool is_predicted(const HalfConnection& self, const HalfConnection& peer,
                           const wire::Segment& segment) noexcept {
    using wire::TcpFlags;
    constexpr std::uint8_t kUnusual =
        TcpFlags::syn | TcpFlags::fin | TcpFlags::rst | TcpFlags::urg | TcpFlags::ack;
    constexpr std::uint8_t kPlain = HalfConnection::started | HalfConnection::acked_any;
    constexpr std::uint8_t kMask =
        static_cast<std::uint8_t>(~(HalfConnection::has_timestamps | HalfConnection::scale_known));
    return (segment.flags.bits & kUnusual) == TcpFlags::ack && segment.seq == self.next &&
           (self.flags & kMask) == kPlain && self.out_of_order_queue == OutOfOrderStore::none &&
           segment.cut_by_snaplen == 0 && !segment.doubtful() &&
           segment.options.has_timestamps == self.has(HalfConnection::has_timestamps) &&
           segment.options.timestamp_value - self.ts_recent < kClockLeapMax &&
           distance(self.last_ack, segment.ack) >= 0 &&
           (distance(segment.ack, peer.next) >= 0 || !peer.has(HalfConnection::started));
  }

  template <StreamSink Sink>
  static void deliver(Connection& connection, Direction direction, const wire::Segment& segment,
                      Sink& sink) noexcept {
    HalfConnection& self = connection.from(direction);
    XDPCAP_DCHECK(segment.seq == self.next && segment.cut_by_snaplen == 0);
    const auto length = static_cast<std::uint32_t>(segment.payload.size());
    const std::uint64_t offset = self.offset;
    self.next = self.next + length;
    self.offset += length;
    begin_probe(connection, direction, segment.arrived);
    sink.on_bytes(StreamBytes{direction, true, offset, segment.payload, segment.arrived});
  }

  // One byte at a time is timed on its way to the other end and back (Karn's
  // rule: a retransmission spoils the probe).
  static void begin_probe(Connection& connection, Direction direction, Instant now) noexcept {
    HalfConnection& self = connection.from(direction);
    if (self.probe_us != 0) return;
    self.probe_end = self.next;
    self.probe_us = static_cast<std::uint32_t>(ns_since_1970(now) / 1000) | 1;
    const HalfConnection& peer = connection.from(opposite(direction));
    const std::int32_t in_flight = has_answered(peer) ? distance(peer.last_ack, self.next) : 0;
    connection.delivery[index_of(direction)].in_flight =
        ShortFloat(static_cast<std::uint32_t>(std::max(in_flight, 0)));
  }

  static void update_acknowledgement(Connection& connection, Direction direction,
                                     const wire::Segment& segment) noexcept {
    HalfConnection& self = connection.from(direction);
    HalfConnection& peer = connection.from(opposite(direction));
    XDPCAP_DCHECK(self.window_scale <= 14); // RFC 7323, 2.3
    if (segment.window == 0 && self.zero_windows != UINT8_MAX) ++self.zero_windows;
    self.last_ack = segment.ack;
    self.window_edge = segment.ack + (std::uint32_t{segment.window} << self.window_scale);
    if (peer.probe_us != 0 && distance(peer.probe_end, segment.ack) >= 0)
      end_probe(connection, opposite(direction), segment.arrived);
    if (peer.has(HalfConnection::fin_seen) && distance(peer.last, segment.ack) > 0) [[unlikely]] {
      peer.on(Event::fin_acknowledged);
      self.on(Event::received_fin);
    }
  }

  static void end_probe(Connection& connection, Direction direction, Instant now) noexcept;

  // What a segment looks like once it is cut to what its direction still wants.
  enum class Fit : std::uint8_t {
    empty,
    in_order,
    out_of_order,
    duplicate,
    keep_alive,
    beyond_end
  };
  static Fit cut_to_fit(const HalfConnection& self, OutOfOrderSegment& piece) noexcept;
  // Nothing that is held, and came before it, has a part of this piece. Doubtful bytes give way.
  [[nodiscard]] bool ends_before_held(const HalfConnection& self,
                                      const OutOfOrderSegment& piece) const noexcept {
    if (self.out_of_order_queue == OutOfOrderStore::none) return true;
    if (self.has(HalfConnection::syn_unconfirmed)) return false;
    const OutOfOrderPiece held = out_of_order_.front(self.out_of_order_queue);
    const auto length = static_cast<std::uint32_t>(piece.data.size()) + piece.cut_by_snaplen;
    const Seq end = piece.seq + length;
    return distance(end, held.seq) >= 0 ||
           (held.doubt != Doubt::none && distance(end, held.seq + held.length) > 0);
  }
  static bool is_blocked(const HalfConnection& peer, bool has_ack, Seq ack) noexcept {
    if (!has_ack || !peer.has(HalfConnection::started) || peer.has(HalfConnection::ended))
      return false;
    const std::int32_t unseen = distance(peer.next, ack);
    return unseen > 0 && unseen <= kWindowMax;
  }
  static constexpr Doubt doubt_of(wire::ChecksumResult state) noexcept {
    return state == wire::ChecksumResult::valid       ? Doubt::none
           : state == wire::ChecksumResult::offloaded ? Doubt::offloaded
                                                      : Doubt::bad_checksum;
  }
  // Its `last_ack` is known, be it that of the SYN-ACK.
  static bool has_answered(const HalfConnection& peer) noexcept {
    return peer.has(HalfConnection::acked_any) || peer.has(HalfConnection::scale_known);
  }
  static bool has_acknowledged(const HalfConnection& peer, Seq end) noexcept {
    return peer.has(HalfConnection::acked_any) && distance(end, peer.last_ack) >= 0;
  }
  // It acknowledges bytes that were not seen, of a direction that can be seen. What is held in its
  // place, for its cause or in doubt, was seen.
  [[nodiscard]] bool is_ack_ahead(const HalfConnection& peer,
                                  const wire::Segment& segment) const noexcept {
    if (peer.packets == 0 || !is_blocked(peer, segment.flags.has(wire::TcpFlags::ack), segment.ack))
      return false;
    return peer.out_of_order_queue == OutOfOrderStore::none ||
           distance(peer.next, out_of_order_.front(peer.out_of_order_queue).seq) > 0;
  }
  // Wanted at the end even if nobody has acknowledged it; and at once where somebody has.
  static constexpr bool is_likely(Doubt doubt) noexcept {
    return doubt == Doubt::ack_ahead || doubt == Doubt::offloaded;
  }
  static bool is_acknowledged_unseen(const HalfConnection& self,
                                     const HalfConnection& peer) noexcept {
    return peer.has(HalfConnection::acked_any) && self.has(HalfConnection::started) &&
           !self.has(HalfConnection::ended) && distance(self.next, peer.last_ack) > 0;
  }

  template <StreamSink Sink>
  SegmentVerdict accept_slow(Connection&, Direction, const wire::Segment&, Sink&) noexcept;
  template <StreamSink Sink>
  SegmentVerdict accept_reset(Connection&, Direction, const wire::Segment&, Sink&) noexcept;
  template <StreamSink Sink>
  SegmentVerdict place(Connection&, Direction, OutOfOrderSegment&, Sink&) noexcept;
  template <StreamSink Sink>
  std::optional<SegmentVerdict> try_to_place(Connection&, Direction, OutOfOrderSegment&,
                                             Sink&) noexcept;
  template <StreamSink Sink>
  std::optional<SegmentVerdict> hold(Connection&, Direction, OutOfOrderSegment&, Sink&) noexcept;
  template <StreamSink Sink>
  void accept_doubted_fin(Connection&, Direction, Instant, Sink&) noexcept;
  template <StreamSink Sink>
  void deliver_ready(Connection&, Sink&) noexcept;
  template <StreamSink Sink>
  bool drain(Connection&, Direction, Sink&) noexcept;
  template <StreamSink Sink>
  bool release_front(Connection&, Direction, Sink&) noexcept;
  template <StreamSink Sink>
  void hand_on(Connection&, Direction, const OutOfOrderPiece&, Sink&) noexcept;
  template <StreamSink Sink>
  void hand_on_acknowledged(Connection&, Direction, OutOfOrderPiece, Sink&) noexcept;
  template <StreamSink Sink>
  void declare_gap(HalfConnection&, Direction, Seq to, GapCause, Instant, Sink&) noexcept;
  template <StreamSink Sink>
  void reach_end(HalfConnection&, Direction, Instant, Sink&) noexcept;
  template <StreamSink Sink>
  bool end_proved_wait(Connection&, const EndOfWait&, Instant, Sink&) noexcept;
  template <StreamSink Sink>
  bool end_one_wait(Connection&, const EndOfWait&, Instant, Sink&) noexcept;

  // Non-template halves of the above.
  static bool is_old_by_timestamp(const HalfConnection& self, const HalfConnection& peer,
                                  const wire::Segment& segment) noexcept;
  static bool may_be_refused(const HalfConnection& self, const HalfConnection& peer,
                             const wire::Segment& segment) noexcept;
  static void record_start(HalfConnection& self, const wire::Segment& segment) noexcept;
  static void update_clock(HalfConnection& self, const HalfConnection& peer,
                           const wire::Segment& segment) noexcept;
  [[nodiscard]] bool has_end(const Connection& connection, Direction direction) const noexcept;
  [[nodiscard]] bool has_sent(const Connection& connection, Direction direction) const noexcept;
  static void disbelieve_acknowledgement(const HalfConnection& self, HalfConnection& peer) noexcept;
  static void record_fin(Connection& connection, Direction direction, const wire::Segment& segment,
                         Doubt doubt) noexcept;
  static void confirm_fin(Connection& connection, Direction direction) noexcept;
  void record_acknowledgement_ahead(Connection& connection, Direction direction,
                                    const wire::Segment& segment) noexcept;
  enum class ResetFit : std::uint8_t { exact, in_window, outside };
  static ResetFit judge_reset(const HalfConnection& self, const HalfConnection& peer,
                              const wire::Segment& segment) noexcept;
  void revoke_reset(Connection& connection, HalfConnection& self) noexcept;
  void drop_held(HalfConnection& self) noexcept;
  void drop_refused(HalfConnection& self, const OutOfOrderSegment& piece) noexcept;
  void count_gap(HalfConnection& self, std::uint32_t bytes, GapCause cause) noexcept;
  void count_removed(const OutOfOrderPiece& piece, StreamCount as) noexcept;

  [[nodiscard]] bool contradicts_delivered(const Connection& connection, Direction direction,
                                           const OutOfOrderSegment& piece) const noexcept;

  OutOfOrderStore out_of_order_;
  DeliveredLog delivered_;
  Counters<StreamCount> counters_;
  std::uint64_t frames_held_ = 0;
};

// What is rare: segments that were not predicted.

template <StreamSink Sink>
[[gnu::noinline]] SegmentVerdict Reassembler::accept_slow(Connection& connection,
                                                          Direction direction,
                                                          const wire::Segment& segment,
                                                          Sink& sink) noexcept {
  using wire::TcpFlags;
  HalfConnection& self = connection.from(direction);
  HalfConnection& peer = connection.from(opposite(direction));
  if (segment.flags.has(TcpFlags::rst)) return accept_reset(connection, direction, segment, sink);
  const bool is_old = is_old_by_timestamp(self, peer, segment);
  if (is_old) {
    connection.set(Connection::paws_seen);
    if (segment.length() == 0 && !segment.flags.has(TcpFlags::fin)) return SegmentVerdict::control;
  }
  // Of a direction that nobody answers nothing is ever acknowledged: there is no proof to wait for.
  const bool answered = peer.has(HalfConnection::started);
  const Doubt of_checksum = answered ? doubt_of(segment.checksum_result) : Doubt::none;
  const bool is_refused = is_old || (answered && may_be_refused(self, peer, segment));
  if (segment.flags.has(TcpFlags::urg)) connection.set(Connection::urgent_seen);
  if (self.has(HalfConnection::syn_unconfirmed)) {
    // Its sender goes on although no SYN-ACK was seen: where it goes on tells
    // whether the SYN's data was taken.
    confirm_syn_data(connection, direction, distance(self.next, segment.seq) > 0, sink);
  }
  record_start(self, segment);
  bool ahead = false;
  if (!is_old) {
    // What a segment acknowledges comes before what it says: a FIN that answers a FIN is sent in
    // CLOSE-WAIT.
    if (segment.flags.has(TcpFlags::ack))
      record_acknowledgement_ahead(connection, direction, segment);
    if (connection.has(Connection::fin_doubted(opposite(direction))) ||
        peer.out_of_order_queue != OutOfOrderStore::none)
      deliver_ready(connection, sink); // it may be proved now
    ahead = is_ack_ahead(peer, segment);
    if (!is_refused && !ahead && !segment.doubtful()) update_clock(self, peer, segment);
  }
  const Doubt of_headers = is_refused ? Doubt::refused : ahead ? Doubt::ack_ahead : Doubt::none;
  const Doubt doubt = std::max(of_headers, of_checksum);
  record_fin(connection, direction, segment, doubt);
  if (self.has(HalfConnection::rst_pending) && segment.length() != 0 && doubt == Doubt::none)
    revoke_reset(connection, self);

  OutOfOrderSegment piece{.seq = segment.seq,
                          .data = segment.payload,
                          .cut_by_snaplen = segment.cut_by_snaplen,
                          .ack = segment.ack,
                          .has_ack = segment.flags.has(TcpFlags::ack),
                          .doubt = doubt,
                          .arrived = segment.arrived};
  SegmentVerdict verdict = place(connection, direction, piece, sink);
  if (is_old && verdict == SegmentVerdict::duplicate) verdict = SegmentVerdict::old_timestamp;
  deliver_ready(connection, sink);
  return verdict;
}

// Delivers a piece, holds it, or says why not. Each further turn has given up the hole before the
// first held piece, so the stream moves on.
template <StreamSink Sink>
SegmentVerdict Reassembler::place(Connection& connection, Direction direction,
                                  OutOfOrderSegment& piece, Sink& sink) noexcept {
  for (;;) {
    const Seq before = connection.from(direction).next;
    const std::optional<SegmentVerdict> verdict = try_to_place(connection, direction, piece, sink);
    if (verdict) return piece.counted ? SegmentVerdict::held : *verdict;
    XDPCAP_CHECK(distance(before, connection.from(direction).next) > 0);
  }
}

template <StreamSink Sink>
std::optional<SegmentVerdict> Reassembler::try_to_place(Connection& connection, Direction direction,
                                                        OutOfOrderSegment& piece,
                                                        Sink& sink) noexcept {
  HalfConnection& self = connection.from(direction);
  const HalfConnection& peer = connection.from(opposite(direction));
  const bool conflict = contradicts_delivered(connection, direction, piece);
  if (conflict) {
    connection.set(Connection::overlap_conflict);
    counters_.add(StreamCount::overlap_conflicts);
  }
  const Fit fit = cut_to_fit(self, piece);
  if (fit == Fit::in_order && piece.doubt == Doubt::none) drop_refused(self, piece);
  switch (fit) {
    case Fit::empty:
      return SegmentVerdict::control;
    case Fit::keep_alive:
      return SegmentVerdict::keep_alive;
    case Fit::beyond_end:
      return SegmentVerdict::beyond_end;
    case Fit::duplicate:
      ++self.retransmissions;
      self.probe_us = 0;
      return conflict ? SegmentVerdict::conflict : SegmentVerdict::duplicate;
    case Fit::in_order:
      // What is held came first: only what lies before it goes on at once.
      if (piece.doubt != Doubt::none || is_blocked(peer, piece.has_ack, piece.ack) ||
          !ends_before_held(self, piece))
        break;
      XDPCAP_CHECK(piece.seq == self.next);
      hand_on(connection, direction,
              OutOfOrderPiece{.seq = piece.seq,
                              .length = static_cast<std::uint32_t>(piece.data.size()),
                              .data = piece.data,
                              .at_segment_start = piece.at_segment_start,
                              .arrived = piece.arrived},
              sink);
      begin_probe(connection, direction, piece.arrived);
      if (piece.cut_by_snaplen != 0) {
        declare_gap(self, direction, self.next + piece.cut_by_snaplen, GapCause::snaplen,
                    piece.arrived, sink);
      }
      return SegmentVerdict::delivered;
    case Fit::out_of_order:
      if (self.out_of_order != UINT16_MAX) ++self.out_of_order;
      if (peer.has(HalfConnection::acked_any) && peer.has(HalfConnection::scale_known) &&
          self.has(HalfConnection::scale_known) && distance(peer.window_edge, piece.seq) >= 0) {
        piece.doubt = std::max(piece.doubt, Doubt::refused);
        connection.set(Connection::beyond_window);
        counters_.add(StreamCount::beyond_window);
      }
      break;
  }
  return hold(connection, direction, piece, sink);
}

// Answers nothing where the piece has to be placed again, because the stream has moved on.
template <StreamSink Sink>
std::optional<SegmentVerdict> Reassembler::hold(Connection& connection, Direction direction,
                                                OutOfOrderSegment& piece, Sink& sink) noexcept {
  HalfConnection& self = connection.from(direction);
  const HoldResult result = out_of_order_.hold(self.out_of_order_queue, piece);
  if (result.conflict) {
    connection.set(Connection::overlap_conflict);
    counters_.add(StreamCount::overlap_conflicts);
  }
  if (result.held && !piece.counted) {
    piece.counted = true;
    ++frames_held_;
  }
  if (result.no_room && self.out_of_order_queue != OutOfOrderStore::none &&
      distance(self.next, out_of_order_.front(self.out_of_order_queue).seq) > 0) {
    // Its share is used up: what is missing is given up, so that the rest moves.
    declare_gap(self, direction, out_of_order_.front(self.out_of_order_queue).seq,
                GapCause::unknown, piece.arrived, sink);
    deliver_ready(connection, sink);
    return std::nullopt;
  }
  if (piece.counted) {
    if (result.no_room) counters_.add(StreamCount::held_cut);
    return SegmentVerdict::held;
  }
  if (result.no_room) return SegmentVerdict::out_of_order_full;
  ++self.retransmissions;
  return SegmentVerdict::duplicate;
}

template <StreamSink Sink>
SegmentVerdict Reassembler::accept_reset(Connection& connection, Direction direction,
                                         const wire::Segment& segment, Sink& sink) noexcept {
  HalfConnection& self = connection.from(direction);
  const HalfConnection& peer = connection.from(opposite(direction));
  // One that its receiver may have refused is believed when its sender falls silent.
  ResetFit fit = judge_reset(self, peer, segment);
  if (fit == ResetFit::exact && segment.doubtful()) fit = ResetFit::in_window;
  switch (fit) {
    case ResetFit::outside:
      return SegmentVerdict::reset_ignored;
    case ResetFit::in_window:
      // RFC 5961, 3: challenged, not obeyed. If its sender falls silent it meant it.
      if (!self.has(HalfConnection::fin_seen)) {
        self.set(HalfConnection::rst_pending);
        self.last = segment.seq;
      }
      return SegmentVerdict::reset;
    case ResetFit::exact:
      break;
  }
  finish(connection, StreamEnd::rst, GapCause::network, segment.arrived, sink);
  for (HalfConnection& half : connection.half) half.on(Event::reset);
  return SegmentVerdict::reset;
}

template <StreamSink Sink>
void Reassembler::confirm_syn_data(Connection& connection, Direction direction, bool taken,
                                   Sink& sink) noexcept {
  HalfConnection& self = connection.from(direction);
  XDPCAP_CHECK(self.has(HalfConnection::syn_unconfirmed));
  self.clear(HalfConnection::syn_unconfirmed);
  if (!taken) drop_held(self);
  deliver_ready(connection, sink);
}

// Hands a piece on whose turn it is; a front that was delivered meanwhile is cut off.
template <StreamSink Sink>
void Reassembler::hand_on(Connection& connection, Direction direction, const OutOfOrderPiece& piece,
                          Sink& sink) noexcept {
  HalfConnection& self = connection.from(direction);
  const auto seen = static_cast<std::uint32_t>(distance(piece.seq, self.next));
  XDPCAP_CHECK(!self.has(HalfConnection::ended));
  if (piece.absent) {
    declare_gap(self, direction, piece.seq + piece.length, GapCause::snaplen, piece.arrived, sink);
    return;
  }
  XDPCAP_CHECK(seen <= piece.data.size() && piece.data.size() == piece.length);
  const Bytes fresh = piece.data.subspan(seen);
  const std::uint64_t offset = self.offset;
  delivered_.append(connection.id, direction, self.next, fresh);
  self.next = self.next + static_cast<std::uint32_t>(fresh.size());
  self.offset += fresh.size();
  if (!fresh.empty()) {
    sink.on_bytes(
        StreamBytes{direction, piece.at_segment_start && seen == 0, offset, fresh, piece.arrived});
  }
}

template <StreamSink Sink>
void Reassembler::declare_gap(HalfConnection& self, Direction direction, Seq to, GapCause cause,
                              Instant now, Sink& sink) noexcept {
  const std::int32_t bytes = distance(self.next, to);
  if (bytes <= 0) return;
  XDPCAP_CHECK(!self.has(HalfConnection::ended));
  const std::uint64_t offset = self.offset;
  count_gap(self, static_cast<std::uint32_t>(bytes), cause);
  self.next = to;
  self.offset += static_cast<std::uint64_t>(bytes);
  sink.on_gap(StreamGap{direction, offset, static_cast<std::uint64_t>(bytes), cause, now});
}

template <StreamSink Sink>
void Reassembler::reach_end(HalfConnection& self, Direction direction, Instant now,
                            Sink& sink) noexcept {
  if (!self.has(HalfConnection::fin_seen) || self.has(HalfConnection::ended) ||
      distance(self.last, self.next) < 0)
    return;
  self.set(HalfConnection::ended);
  self.next = self.last + 1;
  drop_held(self);
  sink.on_end(direction, StreamEnd::fin, now);
}

// Delivers what is still wanted of the first held piece, and gives it up. Answers whether anything
// was.
template <StreamSink Sink>
bool Reassembler::release_front(Connection& connection, Direction direction, Sink& sink) noexcept {
  HalfConnection& self = connection.from(direction);
  const OutOfOrderPiece piece = out_of_order_.front(self.out_of_order_queue);
  XDPCAP_CHECK(distance(self.next, piece.seq) <= 0); // its turn has come
  const bool wanted = distance(self.next, piece.seq + piece.length) > 0;
  if (wanted) hand_on(connection, direction, piece, sink);
  count_removed(piece, wanted ? StreamCount::held_delivered : StreamCount::held_dropped);
  out_of_order_.drop_front(self.out_of_order_queue);
  return wanted;
}

// Its receiver took a part of a segment, from a retransmission with other borders: that part goes
// on, for what is said next may answer it. The rest stays in doubt.
template <StreamSink Sink>
void Reassembler::hand_on_acknowledged(Connection& connection, Direction direction,
                                       OutOfOrderPiece piece, Sink& sink) noexcept {
  const HalfConnection& self = connection.from(direction);
  const HalfConnection& peer = connection.from(opposite(direction));
  if (piece.doubt != Doubt::offloaded || piece.absent || !has_acknowledged(peer, self.next + 1))
    return;
  piece.length = static_cast<std::uint32_t>(distance(piece.seq, peer.last_ack));
  piece.data = piece.data.first(piece.length);
  hand_on(connection, direction, piece, sink);
}

// Delivers held pieces of a direction as far as their turn has come. Answers
// whether anything moved.
template <StreamSink Sink>
bool Reassembler::drain(Connection& connection, Direction direction, Sink& sink) noexcept {
  HalfConnection& self = connection.from(direction);
  const HalfConnection& peer = connection.from(opposite(direction));
  const Seq before = self.next;
  if (self.has(HalfConnection::syn_unconfirmed)) return false;
  while (self.out_of_order_queue != OutOfOrderStore::none) {
    const OutOfOrderPiece piece = out_of_order_.front(self.out_of_order_queue);
    if (distance(self.next, piece.seq) > 0) break;
    if (is_blocked(peer, piece.has_ack, piece.ack)) {
      // Its receiver has taken it: so what it acknowledges was sent.
      if (piece.doubt == Doubt::ack_ahead && has_acknowledged(peer, piece.seq + piece.length) &&
          distance(self.last_ack, piece.ack) > 0)
        self.last_ack = piece.ack;
      break;
    }
    // What may have been refused was not, once it is acknowledged. But captures swap directions:
    // unless hardware is the reason for the doubt, what was taken may still come, and
    // end_one_wait() decides. Where they did, a segment ends where this one's acknowledgement does.
    const bool swapped = piece.doubt == Doubt::ack_ahead && piece.ack == peer.next;
    if (piece.doubt != Doubt::none && !swapped) {
      if (!is_likely(piece.doubt)) break;
      if (!has_acknowledged(peer, piece.seq + piece.length)) {
        hand_on_acknowledged(connection, direction, piece, sink);
        break;
      }
    }
    release_front(connection, direction, sink);
  }
  confirm_fin(connection, direction);
  reach_end(self, direction, connection.last_seen, sink);
  return !(self.next == before);
}

template <StreamSink Sink>
[[gnu::noinline]] void Reassembler::deliver_ready(Connection& connection, Sink& sink) noexcept {
  bool moved = true;
  while (moved) {
    moved = drain(connection, Direction::to_server, sink);
    moved |= drain(connection, Direction::to_client, sink);
  }
}

// Ends the wait of one direction for bytes that its receiver has acknowledged, if there is one.
template <StreamSink Sink>
bool Reassembler::end_proved_wait(Connection& connection, const EndOfWait& wait, Instant now,
                                  Sink& sink) noexcept {
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    HalfConnection& self = connection.from(direction);
    HalfConnection& peer = connection.from(opposite(direction));
    if (!is_acknowledged_unseen(self, peer)) continue;
    const Seq proved = wait.acknowledged[index_of(direction)];
    if (distance(self.next, proved) <= 0) continue;
    if (self.out_of_order_queue != OutOfOrderStore::none) {
      const OutOfOrderPiece piece = out_of_order_.front(self.out_of_order_queue);
      const bool before_its_cause =
          piece.doubt == Doubt::ack_ahead && is_blocked(peer, piece.has_ack, piece.ack);
      if (piece.doubt != Doubt::none && !before_its_cause && distance(self.next, piece.seq) <= 0 &&
          has_acknowledged(peer, piece.seq + piece.length) &&
          distance(piece.seq + piece.length, proved) >= 0) {
        release_front(connection, direction, sink); // acknowledged, and nothing else came
        return true;
      }
    }
    Seq to = distance(peer.last_ack, proved) < 0 ? proved : peer.last_ack;
    if (self.out_of_order_queue != OutOfOrderStore::none &&
        distance(out_of_order_.front(self.out_of_order_queue).seq, to) > 0)
      to = out_of_order_.front(self.out_of_order_queue).seq;
    if (has_end(connection, direction) && distance(self.last, to) > 0) to = self.last;
    if (distance(self.next, to) <= 0) continue;
    if (!has_sent(connection, direction)) {
      disbelieve_acknowledgement(self, peer);
      continue;
    }
    declare_gap(self, direction, to, wait.cause, now, sink);
    return true;
  }
  return false;
}

// Finds one direction whose wait may end and ends it. Proof of loss goes before
// force, so that the order of cause holds as long as it can.
template <StreamSink Sink>
bool Reassembler::end_one_wait(Connection& connection, const EndOfWait& wait, Instant now,
                               Sink& sink) noexcept {
  if (end_proved_wait(connection, wait, now, sink)) return true;
  const auto& [cause, by_force, acknowledged] = wait;
  // By force nothing waits for an acknowledgement any more: what is not plausible without goes.
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    HalfConnection& self = connection.from(direction);
    if (!by_force || self.out_of_order_queue == OutOfOrderStore::none) continue;
    const OutOfOrderPiece piece = out_of_order_.front(self.out_of_order_queue);
    if (piece.doubt == Doubt::none || is_likely(piece.doubt)) continue;
    count_removed(piece, StreamCount::held_dropped);
    out_of_order_.drop_front(self.out_of_order_queue);
    return true;
  }
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    HalfConnection& self = connection.from(direction);
    const HalfConnection& peer = connection.from(opposite(direction));
    if (self.out_of_order_queue == OutOfOrderStore::none ||
        (!by_force && peer.has(HalfConnection::started)))
      continue;
    const Seq to = out_of_order_.front(self.out_of_order_queue).seq;
    if (distance(self.next, to) <= 0) continue; // held for its cause only
    declare_gap(self, direction, to, by_force ? GapCause::unknown : cause, now, sink);
    return true;
  }
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    HalfConnection& self = connection.from(direction);
    if (!by_force || self.out_of_order_queue == OutOfOrderStore::none) continue;
    const OutOfOrderPiece piece = out_of_order_.front(self.out_of_order_queue);
    if (piece.doubt == Doubt::none || distance(self.next, piece.seq) > 0) continue;
    if (release_front(connection, direction, sink)) connection.set(Connection::unproved);
    return true;
  }
  // Each direction waits for the other: a retransmission acknowledges what was
  // sent long after its bytes were due. The order of cause cannot be kept.
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    HalfConnection& self = connection.from(direction);
    const HalfConnection& peer = connection.from(opposite(direction));
    if (self.out_of_order_queue == OutOfOrderStore::none) continue;
    const OutOfOrderPiece piece = out_of_order_.front(self.out_of_order_queue);
    if (distance(self.next, piece.seq) > 0 || piece.doubt != Doubt::none ||
        !is_blocked(peer, piece.has_ack, piece.ack))
      continue;
    if (!by_force && distance(acknowledged[index_of(opposite(direction))], piece.ack) > 0) continue;
    if (distance(self.next, piece.seq + piece.length) > 0)
      hand_on(connection, direction, piece, sink);
    count_removed(piece, StreamCount::held_delivered);
    out_of_order_.drop_front(self.out_of_order_queue);
    return true;
  }
  return false;
}

template <StreamSink Sink>
void Reassembler::abandon_holes(Connection& connection, const EndOfWait& wait, Instant now,
                                Sink& sink) noexcept {
  do {
    deliver_ready(connection, sink);
  } while (end_one_wait(connection, wait, now, sink));
}

// A FIN that nobody acknowledged, behind the last byte of what is believed, is believed as well.
template <StreamSink Sink>
void Reassembler::accept_doubted_fin(Connection& connection, Direction direction, Instant now,
                                     Sink& sink) noexcept {
  HalfConnection& self = connection.from(direction);
  if (!connection.has(Connection::fin_doubted(direction)) || !(self.next == self.last)) return;
  connection.clear(Connection::fin_doubted(direction));
  self.set(HalfConnection::fin_seen);
  self.on(Event::sent_fin);
  reach_end(self, direction, now, sink);
}

template <StreamSink Sink>
void Reassembler::finish(Connection& connection, StreamEnd end, GapCause cause, Instant now,
                         Sink& sink) noexcept {
  for (HalfConnection& half : connection.half) {
    if (half.has(HalfConnection::syn_unconfirmed)) drop_held(half);
    half.clear(HalfConnection::syn_unconfirmed);
  }
  abandon_holes(connection, {cause, true, acknowledged(connection)}, now, sink);
  for (const Direction direction : {Direction::to_server, Direction::to_client})
    accept_doubted_fin(connection, direction, now, sink);
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    HalfConnection& self = connection.from(direction);
    if (self.has(HalfConnection::ended)) continue;
    drop_held(self);
    const bool was_reset = self.has(HalfConnection::rst_pending) ||
                           connection.from(opposite(direction)).has(HalfConnection::rst_pending);
    self.set(HalfConnection::ended);
    sink.on_end(direction, was_reset ? StreamEnd::rst : end, now);
  }
  for (const HalfConnection& half : connection.half)
    XDPCAP_CHECK(half.has(HalfConnection::ended) &&
                 half.out_of_order_queue == OutOfOrderStore::none);
}

} // namespace xdpcap::tcp
