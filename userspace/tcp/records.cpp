#include "tcp/records.hpp"

#include <algorithm>

#include "core/check.hpp"
#include "core/live_clock.hpp"
#include "wire/records.hpp"

namespace xdpcap::tcp {
namespace {

// How far the second is ahead of the first; what lies behind is nothing.
std::uint32_t bytes_ahead(Seq from, Seq to) noexcept {
  return static_cast<std::uint32_t>(std::max(distance(from, to), 0));
}

record::FlowHalf half_of(const Connection& connection, Direction direction) noexcept {
  const HalfConnection& self = connection.from(direction);
  const HalfConnection& peer = connection.from(opposite(direction));
  return {
      .state = self.state(),
      .packets = self.packets,
      .payload_bytes = self.offset - std::min(self.offset, self.gap_bytes()),
      .retransmitted_segments = self.retransmissions,
      .out_of_order = self.out_of_order,
      .zero_windows = self.zero_windows,
      .gaps = self.gaps,
      .gaps_by_capture = self.gaps_by_capture,
      .gap_bytes = self.gap_bytes(),
      .window_scale = self.window_scale,
      .rtt_ns = ns_of_us(self.srtt_us),
      .window =
          self.has(HalfConnection::acked_any) ? bytes_ahead(self.last_ack, self.window_edge) : 0,
      .in_flight = self.has(HalfConnection::started) && peer.has(HalfConnection::acked_any)
                       ? bytes_ahead(peer.last_ack, self.next)
                       : 0,
      .delivery_rate = connection.delivery[index_of(direction)].rate.value(),
  };
}

std::uint64_t flags_of(const Connection& connection) noexcept {
  using schema::FlowFlag;
  const auto flag = [&](Connection::Flag here, FlowFlag published) {
    return connection.has(here) ? bit(published) : 0;
  };
  const bool one_sided = connection.half[0].packets == 0 || connection.half[1].packets == 0;
  return flag(Connection::partial, FlowFlag::partial) |
         flag(Connection::overlap_conflict, FlowFlag::overlap_conflict) |
         flag(Connection::paws_seen, FlowFlag::paws) |
         flag(Connection::rst_revoked, FlowFlag::reset_ignored) |
         flag(Connection::urgent_seen, FlowFlag::urgent) |
         flag(Connection::beyond_window, FlowFlag::beyond_window) |
         flag(Connection::unproved, FlowFlag::unproved) |
         (one_sided ? bit(FlowFlag::one_sided) : 0);
}

schema::Verdict published(SegmentVerdict verdict) noexcept {
  using schema::Verdict;
  switch (verdict) {
    case SegmentVerdict::delivered:
    case SegmentVerdict::control:
    case SegmentVerdict::opening:
    case SegmentVerdict::reset:
      return Verdict::in_order;
    case SegmentVerdict::held:
      return Verdict::out_of_order;
    case SegmentVerdict::out_of_order_full:
    case SegmentVerdict::flow_table_full:
      return Verdict::dropped;
    case SegmentVerdict::no_connection:
      return Verdict::no_connection;
    case SegmentVerdict::conflict:
      return Verdict::conflict;
    case SegmentVerdict::bad_checksum:
      return Verdict::bad_checksum;
    case SegmentVerdict::duplicate:
      return Verdict::retransmit;
    case SegmentVerdict::keep_alive:
      return Verdict::keep_alive;
    case SegmentVerdict::old_timestamp:
      return Verdict::paws_rejected;
    case SegmentVerdict::beyond_end:
    case SegmentVerdict::after_close:
    case SegmentVerdict::reset_ignored:
      return Verdict::out_of_window;
    case SegmentVerdict::count_:
      break;
  }
  XDPCAP_UNREACHABLE();
}

} // namespace

record::FlowRecord flow_record(const Connection& connection, schema::FlowEvent event,
                               Instant at) noexcept {
  return {.flow = connection.id,
          .event = event,
          .client = wire::record_of(connection.client()),
          .server = wire::record_of(connection.server()),
          .first_ns = utc_ns(connection.first_seen),
          .last_ns = utc_ns(at),
          .to_server = half_of(connection, Direction::to_server),
          .to_client = half_of(connection, Direction::to_client),
          .handshake_server_ns = ns_of_us(connection.syn_to_syn_ack_us),
          .handshake_client_ns = ns_of_us(connection.syn_ack_to_ack_us),
          .flags = flags_of(connection),
          .interface = connection.interface};
}

schema::CloseReason close_reason(StreamEnd end) noexcept {
  switch (end) {
    case StreamEnd::fin:
      return schema::CloseReason::fin;
    case StreamEnd::rst:
      return schema::CloseReason::rst;
    case StreamEnd::timeout:
      return schema::CloseReason::timeout;
    case StreamEnd::evicted:
      return schema::CloseReason::evicted;
    case StreamEnd::capture:
      return schema::CloseReason::capture;
  }
  XDPCAP_UNREACHABLE();
}

record::SegmentRecord segment_record(const wire::Segment& segment, std::uint64_t flow,
                                     Direction direction, SegmentVerdict verdict,
                                     bool with_payload) noexcept {
  const bool from_client = direction == Direction::to_server;
  const wire::TcpOptions& options = segment.options;
  return {.flow = flow,
          .direction = direction,
          .client = wire::record_of(from_client ? segment.source() : segment.destination()),
          .server = wire::record_of(from_client ? segment.destination() : segment.source()),
          .arrived_ns = utc_ns(segment.arrived),
          .seq = segment.seq.value,
          .ack = segment.ack.value,
          .flags = segment.flags.bits,
          .window = segment.window,
          .payload_bytes = segment.length(),
          .wire_length = segment.wire_length,
          .verdict = published(verdict),
          .mss = options.mss,
          .has_window_scale = options.has_window_scale,
          .window_scale = options.window_scale,
          .sack_permitted = options.sack_permitted,
          .has_timestamps = options.has_timestamps,
          .timestamp_value = options.timestamp_value,
          .timestamp_echo = options.timestamp_echo,
          .payload = with_payload ? segment.payload : Bytes{},
          .interface = segment.interface,
          .header = segment.header()};
}

} // namespace xdpcap::tcp
