#include "tcp/reassembler.hpp"

#include <algorithm>

namespace xdpcap::tcp {

void Reassembler::end_probe(Connection& connection, Direction direction, Instant now) noexcept {
  HalfConnection& self = connection.from(direction);
  const auto now_us = static_cast<std::uint32_t>(ns_since_1970(now) / 1000);
  XDPCAP_DCHECK(self.probe_us != 0);
  const std::uint32_t sample_us = std::max(us_between(self.probe_us, now_us), 1U);
  self.probe_us = 0;
  // As tcp_rate.c of Linux: what was acknowledged since the timed segment passed.
  Connection::Delivery& delivery = connection.delivery[index_of(direction)];
  if (const std::uint64_t in_flight = delivery.in_flight.value(); in_flight != 0) {
    const Seq acknowledged = connection.from(opposite(direction)).last_ack;
    const std::int32_t beyond = std::min(distance(self.probe_end, acknowledged), // and was seen
                                         distance(self.probe_end, self.next));
    // Negative behind 2 GiB that nobody acknowledged: then there is no figure.
    if (beyond >= 0)
      delivery.rate =
          ShortFloat((in_flight + static_cast<std::uint32_t>(beyond)) * 1'000'000 / sample_us);
  }
  // RFC 6298, 2.3: alpha is 1/8.
  self.srtt_us = self.srtt_us == 0 ? sample_us : self.srtt_us - self.srtt_us / 8 + sample_us / 8;
}

// RFC 7323, 5.3, as Linux does it: a clock may differ by one tick between processors of the sender.
// Without acknowledgements nothing is known of the receiver's clock.
bool Reassembler::is_old_by_timestamp(const HalfConnection& self, const HalfConnection& peer,
                                      const wire::Segment& segment) noexcept {
  constexpr std::uint8_t kKnown = HalfConnection::has_timestamps | HalfConnection::started;
  return segment.options.has_timestamps && (self.flags & kKnown) == kKnown && has_answered(peer) &&
         static_cast<std::int32_t>(segment.options.timestamp_value - self.ts_recent) < -1;
}

// Without an acknowledgement (RFC 9293, 3.10.7.4), or with one older than any window (RFC
// 5961, 5.2), or with headers that few receivers take.
bool Reassembler::may_be_refused(const HalfConnection& self, const HalfConnection& peer,
                                 const wire::Segment& segment) noexcept {
  if (segment.unusual || !segment.flags.has(wire::TcpFlags::ack)) return true;
  constexpr std::uint8_t kKnown = HalfConnection::acked_any | HalfConnection::scale_known;
  return (self.flags & kKnown) == kKnown &&
         distance(segment.ack, is_acknowledged_unseen(peer, self) ? peer.next : self.last_ack) >
             distance(self.last_ack, self.window_edge);
}

void Reassembler::record_start(HalfConnection& self, const wire::Segment& segment) noexcept {
  if (self.has(HalfConnection::started) ||
      (segment.length() == 0 && !segment.flags.has(wire::TcpFlags::fin)))
    return;
  self.set(HalfConnection::started);
  self.next = segment.seq;
  self.on(Event::joined);
}

// RFC 7323, 4.3: a segment moves the receiver's clock if it covers the last acknowledgement that
// the receiver sent.
void Reassembler::update_clock(HalfConnection& self, const HalfConnection& peer,
                               const wire::Segment& segment) noexcept {
  if (!segment.options.has_timestamps) {
    self.clear(HalfConnection::has_timestamps);
    self.ts_recent = 0;
    return;
  }
  const std::uint32_t value = segment.options.timestamp_value;
  const bool is_first = !self.has(HalfConnection::has_timestamps);
  const bool covers = distance(segment.seq, peer.last_ack) >= 0 &&
                      distance(segment.seq + segment.length(), peer.last_ack) <= 0;
  const std::uint32_t ahead = value - self.ts_recent;
  const bool is_newer = static_cast<std::int32_t>(ahead) >= 0;
  if (is_first && !covers && has_answered(peer)) return;
  if (is_first || (is_newer && (covers || ahead >= kClockLeapMax))) self.ts_recent = value;
  self.set(HalfConnection::has_timestamps);
}

// `last` is the end of a direction, so far as is known: of a doubtful FIN only while its sender has
// said nothing behind it.
bool Reassembler::has_end(const Connection& connection, Direction direction) const noexcept {
  const HalfConnection& self = connection.from(direction);
  if (self.has(HalfConnection::fin_seen)) return true;
  if (!connection.has(Connection::fin_doubted(direction)) || distance(self.next, self.last) < 0)
    return false;
  if (self.out_of_order_queue == OutOfOrderStore::none) return true;
  const OutOfOrderPiece held = out_of_order_.front(self.out_of_order_queue);
  return held.doubt != Doubt::none || distance(held.seq + held.length, self.last) >= 0;
}

// Bytes that nobody saw were sent: not only who acknowledges them says so, but their sender as
// well, who went on behind them, or has taken what the other one said with it (`follower`). Of a
// sender that nobody ever sees no other word can be had.
bool Reassembler::has_sent(const Connection& connection, Direction direction) const noexcept {
  const HalfConnection& self = connection.from(direction);
  const HalfConnection& peer = connection.from(opposite(direction));
  if (has_end(connection, direction)) return distance(peer.last_ack, self.last + 1) >= 0;
  if (self.packets == 0 || self.out_of_order_queue != OutOfOrderStore::none) return true;
  if (peer.out_of_order_queue == OutOfOrderStore::none) return false;
  const OutOfOrderPiece follower = out_of_order_.front(peer.out_of_order_queue);
  return follower.has_ack && distance(self.next, follower.ack) > 0 &&
         has_acknowledged(self, follower.seq + follower.length);
}

void Reassembler::disbelieve_acknowledgement(const HalfConnection& self,
                                             HalfConnection& peer) noexcept {
  peer.window_edge =
      peer.window_edge - static_cast<std::uint32_t>(distance(self.next, peer.last_ack));
  peer.last_ack = self.next;
}

void Reassembler::record_fin(Connection& connection, Direction direction,
                             const wire::Segment& segment, Doubt doubt) noexcept {
  HalfConnection& self = connection.from(direction);
  if (!segment.flags.has(wire::TcpFlags::fin)) return;
  if (self.has(HalfConnection::fin_seen) || self.has(HalfConnection::ended)) return;
  const Seq fin = segment.seq + segment.length();
  if (distance(self.next, fin) < 0) {
    // Its sender never sent what was delivered behind its end.
    if (doubt == Doubt::none) connection.set(Connection::overlap_conflict);
    return;
  }
  if (doubt != Doubt::none) {
    if (self.has(HalfConnection::rst_pending)) return; // `last` is taken
    self.last = fin;
    self.probe_us = 0;
    self.probe_end = doubt == Doubt::ack_ahead ? segment.ack : fin;
    connection.set(Connection::fin_doubted(direction));
    return;
  }
  connection.clear(Connection::fin_doubted(direction));
  self.set(HalfConnection::fin_seen);
  self.clear(HalfConnection::rst_pending);
  self.last = fin;
  self.on(Event::sent_fin);
  // Captures swap directions: the acknowledgement may have come first.
  HalfConnection& peer = connection.from(opposite(direction));
  if (!has_acknowledged(peer, fin + 1)) return;
  self.on(Event::fin_acknowledged);
  peer.on(Event::received_fin);
}

// A doubtful FIN was taken by its receiver if that acknowledged it, and all that was sent before.
// Or the capture had swapped it with what it acknowledges, up to the end of a segment.
void Reassembler::confirm_fin(Connection& connection, Direction direction) noexcept {
  HalfConnection& self = connection.from(direction);
  HalfConnection& peer = connection.from(opposite(direction));
  if (!connection.has(Connection::fin_doubted(direction)) || !(self.next == self.last)) return;
  const bool acknowledged = peer.has(HalfConnection::acked_any) && peer.last_ack == self.last + 1;
  const bool swapped =
      self.probe_us == 0 && !(self.probe_end == self.last) && self.probe_end == peer.next;
  if (!acknowledged && !swapped) return;
  connection.clear(Connection::fin_doubted(direction));
  self.set(HalfConnection::fin_seen);
  self.on(Event::sent_fin);
  if (!acknowledged) return;
  self.on(Event::fin_acknowledged);
  peer.on(Event::received_fin);
}

// An acknowledgement that the fast path did not expect: the first one, an old
// one, or one of bytes that were not seen. There is nothing to acknowledge behind a FIN.
void Reassembler::record_acknowledgement_ahead(Connection& connection, Direction direction,
                                               const wire::Segment& segment) noexcept {
  HalfConnection& self = connection.from(direction);
  HalfConnection& peer = connection.from(opposite(direction));
  if (self.has(HalfConnection::acked_any) && distance(self.last_ack, segment.ack) < 0) {
    const bool too_far =
        has_end(connection, opposite(direction)) && distance(peer.last, self.last_ack) > 1;
    if (!too_far) return;
  }
  if (peer.has(HalfConnection::started) && distance(peer.next, segment.ack) > kWindowMax) return;
  self.set(HalfConnection::acked_any);
  update_acknowledgement(connection, direction, segment);
}

// A repeated segment says something else than what was delivered. What its receiver refuses anyway
// is not asked, nor is the one byte of a keep-alive, which may be any (RFC 9293, 3.8.4).
bool Reassembler::contradicts_delivered(const Connection& connection, Direction direction,
                                        const OutOfOrderSegment& piece) const noexcept {
  const HalfConnection& self = connection.from(direction);
  const std::int32_t behind = distance(piece.seq, self.next);
  if (behind <= 0 || piece.doubt != Doubt::none || piece.counted || piece.data.empty())
    return false;
  if (behind == 1 && piece.data.size() == 1) return false;
  return delivered_.contradicts(connection.id, direction, piece.seq, piece.data);
}

Reassembler::Fit Reassembler::cut_to_fit(const HalfConnection& self,
                                         OutOfOrderSegment& piece) noexcept {
  const auto length = static_cast<std::int32_t>(piece.data.size() + piece.cut_by_snaplen);
  if (length == 0) return Fit::empty;
  if (self.has(HalfConnection::ended)) return Fit::beyond_end;
  const std::int32_t ahead = distance(self.next, piece.seq);
  if (ahead == -1 && length == 1) return Fit::keep_alive;
  if (ahead > kWindowMax) return Fit::beyond_end;
  if (ahead + length <= 0) return Fit::duplicate;
  if (ahead < 0) {
    const std::size_t old = static_cast<std::size_t>(-ahead);
    const std::size_t cut = std::min(old, piece.data.size());
    XDPCAP_CHECK(old - cut < piece.cut_by_snaplen || old == cut);
    piece.data = piece.data.subspan(cut);
    piece.cut_by_snaplen -= static_cast<std::uint32_t>(old - cut);
    piece.seq = self.next;
    piece.at_segment_start = false;
  }
  if (self.has(HalfConnection::fin_seen)) {
    const std::int32_t room = distance(piece.seq, self.last);
    if (room <= 0) return Fit::beyond_end;
    const auto wanted = static_cast<std::size_t>(room);
    if (piece.data.size() > wanted) piece.data = piece.data.first(wanted);
    piece.cut_by_snaplen =
        std::min(piece.cut_by_snaplen, static_cast<std::uint32_t>(wanted - piece.data.size()));
  }
  return ahead > 0 ? Fit::out_of_order : Fit::in_order;
}

Reassembler::ResetFit Reassembler::judge_reset(const HalfConnection& self,
                                               const HalfConnection& peer,
                                               const wire::Segment& segment) noexcept {
  if (!self.has(HalfConnection::started)) return ResetFit::exact; // nothing speaks against it
  if (segment.seq == self.next) return ResetFit::exact;
  // The receiver's own RCV.NXT is what it acknowledged last; it may lag behind
  // what was seen here.
  if (peer.has(HalfConnection::acked_any) && segment.seq == peer.last_ack) return ResetFit::exact;
  const std::int32_t ahead = distance(self.next, segment.seq);
  if (ahead < 0) return ResetFit::outside;
  const std::int32_t window =
      peer.has(HalfConnection::acked_any) && peer.has(HalfConnection::scale_known)
          ? distance(self.next, peer.window_edge)
          : kWindowMax;
  return ahead < window ? ResetFit::in_window : ResetFit::outside;
}

void Reassembler::revoke_reset(Connection& connection, HalfConnection& self) noexcept {
  self.clear(HalfConnection::rst_pending);
  connection.set(Connection::rst_revoked);
  counters_.add(StreamCount::resets_revoked);
}

void Reassembler::hold_syn_data(HalfConnection& self, const wire::Segment& segment) noexcept {
  XDPCAP_CHECK(self.has(HalfConnection::started) && self.next == segment.seq + 1);
  XDPCAP_CHECK(self.out_of_order_queue == OutOfOrderStore::none);
  self.set(HalfConnection::syn_unconfirmed);
  const HoldResult result =
      out_of_order_.hold(self.out_of_order_queue, {.seq = segment.seq + 1,
                                                   .data = segment.payload,
                                                   .cut_by_snaplen = segment.cut_by_snaplen,
                                                   .arrived = segment.arrived});
  if (result.held) ++frames_held_;
}

bool Reassembler::is_waiting(const Connection& connection) const noexcept {
  const HalfConnection& client = connection.from(Direction::to_server);
  const HalfConnection& server = connection.from(Direction::to_client);
  return client.out_of_order_queue != OutOfOrderStore::none ||
         server.out_of_order_queue != OutOfOrderStore::none ||
         is_acknowledged_unseen(client, server) || is_acknowledged_unseen(server, client);
}

Instant Reassembler::held_since(const Connection& connection, Instant now) const noexcept {
  for (const HalfConnection& half : connection.half) {
    if (half.out_of_order_queue != OutOfOrderStore::none)
      now = std::min(now, out_of_order_.front(half.out_of_order_queue).arrived);
  }
  return now;
}

void Reassembler::drop_held(HalfConnection& self) noexcept {
  const std::uint32_t frames = out_of_order_.drop_all(self.out_of_order_queue);
  XDPCAP_CHECK(frames <= frames_held_);
  frames_held_ -= frames;
  counters_.add(StreamCount::held_dropped, frames);
}

// Held bytes that the receiver may have refused: what comes now, in its place, is what it takes.
void Reassembler::drop_refused(HalfConnection& self, const OutOfOrderSegment& piece) noexcept {
  const Seq end = piece.seq + static_cast<std::uint32_t>(piece.data.size());
  while (self.out_of_order_queue != OutOfOrderStore::none) {
    const OutOfOrderPiece held = out_of_order_.front(self.out_of_order_queue);
    if (held.doubt == Doubt::none || distance(held.seq + held.length, end) < 0) break;
    count_removed(held, StreamCount::held_dropped);
    out_of_order_.drop_front(self.out_of_order_queue);
  }
}

void Reassembler::forget(Connection& connection) noexcept {
  for (HalfConnection& half : connection.half) drop_held(half);
}

void Reassembler::count_gap(HalfConnection& self, std::uint32_t bytes, GapCause cause) noexcept {
  XDPCAP_CHECK(bytes != 0);
  if (self.gaps != UINT8_MAX) ++self.gaps;
  if (cause == GapCause::capture && self.gaps_by_capture != UINT8_MAX) ++self.gaps_by_capture;
  self.add_gap_bytes(bytes);
  counters_.add(cause == GapCause::network   ? StreamCount::gaps_network
                : cause == GapCause::capture ? StreamCount::gaps_capture
                                             : StreamCount::gaps_other);
  counters_.add(StreamCount::gap_bytes, bytes);
}

void Reassembler::count_removed(const OutOfOrderPiece& piece, StreamCount as) noexcept {
  if (!piece.first_of_frame) return;
  XDPCAP_CHECK(frames_held_ != 0);
  --frames_held_;
  counters_.add(as);
}

} // namespace xdpcap::tcp
