#include "engine/translate.hpp"

#include <algorithm>

namespace xdpcap::engine {
namespace {

publish::TcpState state_of(tcp::State state) noexcept {
  static_assert(static_cast<int>(publish::TcpState::time_wait) ==
                    static_cast<int>(tcp::State::time_wait) &&
                static_cast<int>(publish::TcpState::established) ==
                    static_cast<int>(tcp::State::established));
  return static_cast<publish::TcpState>(state);
}

// How far the second is ahead of the first; what lies behind is nothing.
std::uint32_t bytes_ahead(Seq from, Seq to) noexcept {
  return static_cast<std::uint32_t>(std::max(distance(from, to), 0));
}

publish::FlowHalf half_of(const tcp::HalfConnection& self,
                          const tcp::HalfConnection& peer) noexcept {
  using tcp::HalfConnection;
  publish::FlowHalf half;
  half.state = state_of(self.state());
  half.packets = self.packets;
  half.payload_bytes = self.offset - std::min(self.offset, self.gap_bytes());
  half.retransmitted_segments = self.retransmissions;
  half.out_of_order = self.out_of_order;
  half.zero_windows = self.zero_windows;
  half.gaps = self.gaps;
  half.gaps_by_capture = self.gaps_by_capture;
  half.gap_bytes = self.gap_bytes();
  half.window_scale = self.window_scale;
  half.rtt = std::chrono::microseconds{self.srtt_us};
  if (self.has(HalfConnection::acked_any))
    half.window = bytes_ahead(self.last_ack, self.window_edge);
  if (self.has(HalfConnection::started) && peer.has(HalfConnection::acked_any))
    half.in_flight = bytes_ahead(peer.last_ack, self.next);
  return half;
}

publish::Verdict verdict_of(tcp::SegmentVerdict verdict) noexcept {
  using tcp::SegmentVerdict;
  switch (verdict) {
    case SegmentVerdict::delivered:
    case SegmentVerdict::control:
    case SegmentVerdict::opening:
    case SegmentVerdict::reset:
      return publish::Verdict::in_order;
    case SegmentVerdict::held:
      return publish::Verdict::out_of_order;
    case SegmentVerdict::out_of_order_full:
    case SegmentVerdict::flow_table_full:
      return publish::Verdict::dropped;
    case SegmentVerdict::no_connection:
      return publish::Verdict::no_connection;
    case SegmentVerdict::conflict:
      return publish::Verdict::conflict;
    case SegmentVerdict::bad_checksum:
      return publish::Verdict::bad_checksum;
    case SegmentVerdict::duplicate:
      return publish::Verdict::retransmit;
    case SegmentVerdict::keep_alive:
      return publish::Verdict::keep_alive;
    case SegmentVerdict::old_timestamp:
      return publish::Verdict::paws_rejected;
    case SegmentVerdict::beyond_end:
    case SegmentVerdict::after_close:
    case SegmentVerdict::reset_ignored:
      return publish::Verdict::out_of_window;
    case SegmentVerdict::count_:
      break;
  }
  return publish::Verdict::dropped;
}

} // namespace

publish::FlowRecord flow_record(const tcp::Connection& connection, publish::FlowEvent event,
                                Instant at) noexcept {
  using tcp::Connection;
  publish::FlowRecord record;
  record.flow = connection.id;
  record.event = event;
  record.client = connection.client();
  record.server = connection.server();
  record.first = connection.first_seen;
  record.last = at;
  const tcp::HalfConnection& client = connection.from(Direction::to_server);
  const tcp::HalfConnection& server = connection.from(Direction::to_client);
  record.halves = {half_of(client, server), half_of(server, client)};
  record.handshake_server = std::chrono::microseconds{connection.syn_to_syn_ack_us};
  record.handshake_client = std::chrono::microseconds{connection.syn_ack_to_ack_us};
  if (connection.has(Connection::partial)) record.flags.add(publish::FlowFlag::partial);
  if (connection.has(Connection::overlap_conflict))
    record.flags.add(publish::FlowFlag::overlap_conflict);
  if (connection.has(Connection::paws_seen)) record.flags.add(publish::FlowFlag::paws);
  if (connection.has(Connection::rst_revoked)) record.flags.add(publish::FlowFlag::reset_ignored);
  if (connection.has(Connection::urgent_seen)) record.flags.add(publish::FlowFlag::urgent);
  if (connection.has(Connection::beyond_window)) record.flags.add(publish::FlowFlag::beyond_window);
  if (connection.has(Connection::unproved)) record.flags.add(publish::FlowFlag::unproved);
  if (client.packets == 0 || server.packets == 0) record.flags.add(publish::FlowFlag::one_sided);
  record.interface = connection.interface;
  return record;
}

publish::CloseReason close_reason(StreamEnd end) noexcept {
  switch (end) {
    case StreamEnd::fin:
      return publish::CloseReason::fin;
    case StreamEnd::rst:
      return publish::CloseReason::rst;
    case StreamEnd::timeout:
      return publish::CloseReason::timeout;
    case StreamEnd::evicted:
      return publish::CloseReason::evicted;
    case StreamEnd::capture:
      return publish::CloseReason::capture;
  }
  return publish::CloseReason::open;
}

publish::SegmentRecord segment_record(const tcp::Connection& connection, Direction direction,
                                      const wire::Segment& segment, tcp::SegmentVerdict verdict,
                                      bool with_payload) noexcept {
  publish::SegmentRecord record = unowned_segment_record(segment, direction, verdict, with_payload);
  record.flow = connection.id;
  return record;
}

publish::SegmentRecord unowned_segment_record(const wire::Segment& segment, Direction direction,
                                              tcp::SegmentVerdict verdict,
                                              bool with_payload) noexcept {
  publish::SegmentRecord record;
  record.direction = direction;
  record.client = direction == Direction::to_server ? segment.source() : segment.destination();
  record.server = direction == Direction::to_server ? segment.destination() : segment.source();
  record.arrived = segment.arrived;
  record.seq = segment.seq;
  record.ack = segment.ack;
  record.flags = segment.flags;
  record.window = segment.window;
  record.payload_bytes = segment.length();
  record.wire_length = segment.wire_length;
  record.verdict = verdict_of(verdict);
  record.options = segment.options;
  if (with_payload) record.payload = segment.payload;
  record.interface = segment.interface;
  record.header = segment.header();
  return record;
}

publish::DatagramRecord datagram_record(const wire::UdpDatagram& datagram,
                                        std::size_t payload_max) noexcept {
  publish::DatagramRecord record;
  record.arrived = datagram.arrived;
  record.source = datagram.source;
  record.destination = datagram.destination;
  record.wire_length = datagram.wire_length;
  record.length = datagram.length;
  record.checksum = datagram.checksum;
  record.payload = datagram.payload.first(std::min(datagram.payload.size(), payload_max));
  record.interface = datagram.interface;
  return record;
}

} // namespace xdpcap::engine
