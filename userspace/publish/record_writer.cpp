#include "publish/record_writer.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "core/live_clock.hpp"
#include "publish/masking.hpp"

namespace xdpcap::publish {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using ByteVector = Offset<flatbuffers::Vector<std::uint8_t>>;

// Table with all its scalars, its vtable, the builder's scratch pad while it is
// written, the length words and paddings of its vectors, and its offset in the batch.
constexpr std::size_t kMessageTable = 1024;
static_assert(MessageTables::bytes_max < kMessageTable / 2);
constexpr std::size_t kFlowTable = 1536; // three tables
constexpr std::size_t kSegmentTable = 512;
constexpr std::size_t kDatagramTable = 320;

// Field spans go over as they are.
static_assert(sizeof(http::FieldSpan) == sizeof(schema::FieldSpan) &&
              alignof(http::FieldSpan) == 4);
static_assert(std::is_trivially_copyable_v<http::FieldSpan> &&
              offsetof(http::FieldSpan, value) == 8);

schema::Span span_of(http::Span span) noexcept {
  return {span.offset, span.length};
}

std::uint64_t ns_of(Instant instant) noexcept {
  return utc_ns(instant);
}
std::uint64_t ns_of(Duration duration) noexcept {
  return static_cast<std::uint64_t>(std::max<Duration::rep>(duration.count(), 0));
}

// An empty vector is an absent one: readers see both alike, and it costs nothing.
ByteVector write_bytes(FlatBufferBuilder& builder, Bytes bytes) {
  if (bytes.empty()) return 0;
  std::uint8_t* at = nullptr;
  const ByteVector offset = builder.CreateUninitializedVector<std::uint8_t>(bytes.size(), &at);
  std::memcpy(at, bytes.data(), bytes.size());
  return offset;
}

// The only copy of a body's bytes on their way from the pool to the wire.
ByteVector write_body(FlatBufferBuilder& builder, const Pieces& body, std::size_t kept) {
  if (kept == 0) return 0;
  std::uint8_t* at = nullptr;
  const ByteVector offset = builder.CreateUninitializedVector<std::uint8_t>(kept, &at);
  for (const Bytes piece : body) {
    const std::size_t taken = std::min(piece.size(), kept);
    std::memcpy(at, piece.data(), taken);
    at += taken;
    kept -= taken;
    if (kept == 0) break;
  }
  return offset;
}

// Where the bytes of a vector are now: they move when the builder grows.
std::span<std::byte> bytes_in(const FlatBufferBuilder& builder, ByteVector vector,
                              std::size_t size) noexcept {
  if (vector.IsNull()) return {};
  std::uint8_t* const at = builder.GetCurrentBufferPointer() + builder.GetSize() - vector.o;
  return {reinterpret_cast<std::byte*>(at) + sizeof(flatbuffers::uoffset_t), size};
}

Offset<flatbuffers::Vector<const schema::FieldSpan*>> write_fields(
    FlatBufferBuilder& builder, std::span<const http::FieldSpan> fields) {
  if (fields.empty()) return 0;
  schema::FieldSpan* at = nullptr;
  const auto offset =
      builder.CreateUninitializedVectorOfStructs<schema::FieldSpan>(fields.size(), &at);
  std::memcpy(static_cast<void*>(at), fields.data(), fields.size_bytes());
  return offset;
}

Offset<flatbuffers::Vector<const schema::Gap*>> write_gaps(FlatBufferBuilder& builder,
                                                           std::span<const http::BodyGap> gaps) {
  if (gaps.empty()) return 0;
  schema::Gap* at = nullptr;
  const auto offset = builder.CreateUninitializedVectorOfStructs<schema::Gap>(gaps.size(), &at);
  for (const http::BodyGap& gap : gaps) {
    *at++ = schema::Gap(gap.offset, gap.length, static_cast<schema::GapCause>(gap.cause));
  }
  return offset;
}

Offset<flatbuffers::String> write_text(FlatBufferBuilder& builder, std::string_view text) {
  return text.empty() ? Offset<flatbuffers::String>(0)
                      : builder.CreateString(text.data(), text.size());
}

schema::Pairing pairing_of(const http::Anomalies& anomalies) noexcept {
  if (anomalies.has(http::Anomaly::unpaired)) return schema::Pairing::none;
  if (anomalies.has(http::Anomaly::resynchronised) ||
      anomalies.has(http::Anomaly::partial_connection)) {
    return schema::Pairing::realigned;
  }
  return schema::Pairing::counted;
}

Offset<schema::FlowHalf> write_half(FlatBufferBuilder& builder, const FlowHalf& half) {
  schema::FlowHalfBuilder out(builder);
  out.add_rtt_ns(ns_of(half.rtt));
  out.add_gap_bytes(half.gap_bytes);
  out.add_gaps_by_capture(half.gaps_by_capture);
  out.add_gaps(half.gaps);
  out.add_zero_windows(half.zero_windows);
  out.add_out_of_order(half.out_of_order);
  out.add_retransmitted_segments(half.retransmitted_segments);
  out.add_payload_bytes(half.payload_bytes);
  out.add_packets(half.packets);
  out.add_window(half.window);
  out.add_in_flight(half.in_flight);
  out.add_window_scale(half.window_scale);
  out.add_state(static_cast<schema::TcpState>(half.state));
  return out.Finish();
}

// The parts of a message that lie outside its table.
struct MessageParts {
  ByteVector head, trailer_section, body, sha256;
  Offset<flatbuffers::Vector<const schema::FieldSpan*>> fields, trailers;
  Offset<flatbuffers::Vector<const schema::Gap*>> gaps;
  Offset<flatbuffers::String> community_id;
  bool masked = false;
};

MessageParts write_parts(FlatBufferBuilder& builder, const http::Message& message,
                         std::size_t body_kept, const SecretNames* masked,
                         std::string_view community_id) {
  MessageParts parts;
  parts.body = write_body(builder, message.body, body_kept);
  parts.head = write_bytes(builder, message.head);
  parts.trailer_section = write_bytes(builder, message.trailer_section);
  if (masked != nullptr) {
    const bool suspicious = head_is_suspicious(message);
    const auto head = bytes_in(builder, parts.head, message.head.size());
    const auto trailers = bytes_in(builder, parts.trailer_section, message.trailer_section.size());
    const bool in_target = mask_target(head, message.target, *masked);
    const bool in_head = mask_fields(head, message.fields, suspicious, *masked);
    const bool in_trailers = mask_fields(trailers, message.trailers, suspicious, *masked);
    const bool in_body = body_kept != 0 && mask_body(bytes_in(builder, parts.body, body_kept),
                                                     message, in_head, *masked);
    parts.masked = in_target || in_head || in_trailers || in_body;
  }
  parts.fields = write_fields(builder, message.fields);
  parts.trailers = write_fields(builder, message.trailers);
  parts.gaps = write_gaps(builder, message.gaps);
  if (message.body_sha256) parts.sha256 = write_bytes(builder, *message.body_sha256);
  parts.community_id = write_text(builder, community_id);
  return parts;
}

} // namespace

schema::Endpoint endpoint_of(const wire::Endpoint& endpoint) noexcept {
  const wire::Address& address = endpoint.address;
  constexpr std::uint64_t kMapped = 0xffff; // ::ffff:a.b.c.d
  if (address.is_v4()) return {0, kMapped << 32 | load_be32(address.v4_bytes()), endpoint.port, 4};
  const auto half = [bytes = address.bytes.data()](std::size_t at) {
    return std::uint64_t{load_be32(bytes + at)} << 32 | load_be32(bytes + at + 4);
  };
  return {half(0), half(8), endpoint.port, 6};
}

std::size_t bytes_without_body(const http::Message& message) noexcept {
  return kMessageTable + message.head.size() + message.trailer_section.size() +
         (message.fields.size() + message.trailers.size()) * sizeof(schema::FieldSpan) +
         message.gaps.size() * sizeof(schema::Gap);
}

std::size_t bytes_of(const FlowRecord&) noexcept {
  return kFlowTable;
}

std::size_t bytes_of(const SegmentRecord& record) noexcept {
  return kSegmentTable + record.payload.size() + record.header.size();
}

std::size_t bytes_of(const DatagramRecord& record) noexcept {
  return kDatagramTable + record.payload.size();
}

WrittenMessage write(FlatBufferBuilder& builder, MessageTables& tables,
                     const http::Message& message, const MessageContext& context,
                     std::size_t body_kept, const SecretNames* masked,
                     std::string_view community_id) {
  const MessageParts parts = write_parts(builder, message, body_kept, masked, community_id);
  http::Anomalies anomalies = message.anomalies;
  anomalies.add(context.anomalies);
  if (body_kept < message.body.size()) anomalies.add(http::Anomaly::truncated);

  MessageTable table;
  table.flow = context.flow;
  table.client = endpoint_of(context.client);
  table.server = endpoint_of(context.server);
  table.first_byte_ns = ns_of(message.first_byte);
  table.last_byte_ns = ns_of(message.last_byte);
  table.declared_length = message.declared_length.value_or(0);
  table.full_body_length = message.body_length;
  table.anomalies = anomalies.bits();
  table.method = span_of(message.method);
  table.target = span_of(message.target);
  table.reason = span_of(message.reason);
  table.index = message.index;
  table.head = parts.head.o;
  table.fields = parts.fields.o;
  table.trailer_section = parts.trailer_section.o;
  table.trailers = parts.trailers.o;
  table.body = parts.body.o;
  table.body_sha256 = parts.sha256.o;
  table.gaps = parts.gaps.o;
  table.community_id = parts.community_id.o;
  table.status = message.status;
  table.interface = context.interface;
  table.kind = static_cast<schema::Kind>(message.kind);
  table.direction = static_cast<schema::Direction>(message.direction);
  table.pairing = pairing_of(message.anomalies);
  table.version_major = message.version_major;
  table.version_minor = message.version_minor;
  table.framing = static_cast<schema::Framing>(message.framing);
  table.has_declared_length = message.declared_length.has_value();
  table.complete = message.complete;
  table.end = static_cast<schema::End>(message.end);
  table.masked = parts.masked;
  return {tables.write(builder, table), parts.masked};
}

Offset<schema::FlowRecord> write(FlatBufferBuilder& builder, const FlowRecord& record,
                                 std::string_view community_id) {
  const auto to_server = write_half(builder, record.halves[index_of(Direction::to_server)]);
  const auto to_client = write_half(builder, record.halves[index_of(Direction::to_client)]);
  const auto community = write_text(builder, community_id);
  const schema::Endpoint client = endpoint_of(record.client);
  const schema::Endpoint server = endpoint_of(record.server);

  schema::FlowRecordBuilder out(builder);
  out.add_flow(record.flow);
  out.add_client(&client);
  out.add_server(&server);
  out.add_first_ns(ns_of(record.first));
  out.add_last_ns(ns_of(record.last));
  out.add_handshake_server_ns(ns_of(record.handshake_server));
  out.add_handshake_client_ns(ns_of(record.handshake_client));
  out.add_flags(record.flags.bits());
  out.add_to_server(to_server);
  out.add_to_client(to_client);
  out.add_community_id(community);
  out.add_interface(record.interface);
  out.add_event(static_cast<schema::FlowEvent>(record.event));
  out.add_close(static_cast<schema::CloseReason>(record.close));
  return out.Finish();
}

Offset<schema::SegmentRecord> write(FlatBufferBuilder& builder, const SegmentRecord& record) {
  const ByteVector payload = write_bytes(builder, record.payload);
  const ByteVector header = write_bytes(builder, record.header);
  const schema::Endpoint client = endpoint_of(record.client);
  const schema::Endpoint server = endpoint_of(record.server);

  schema::SegmentRecordBuilder out(builder);
  out.add_flow(record.flow);
  out.add_client(&client);
  out.add_server(&server);
  out.add_arrived_ns(ns_of(record.arrived));
  out.add_seq(record.seq.value);
  out.add_ack(record.ack.value);
  out.add_payload_bytes(record.payload_bytes);
  out.add_wire_length(record.wire_length);
  out.add_timestamp_value(record.options.timestamp_value);
  out.add_timestamp_echo(record.options.timestamp_echo);
  out.add_payload(payload);
  out.add_header(header);
  out.add_window(record.window);
  out.add_mss(record.options.mss);
  out.add_interface(record.interface);
  out.add_direction(static_cast<schema::Direction>(record.direction));
  out.add_flags(record.flags.bits);
  out.add_verdict(static_cast<schema::Verdict>(record.verdict));
  out.add_has_window_scale(record.options.has_window_scale);
  out.add_window_scale(record.options.window_scale);
  out.add_sack_permitted(record.options.sack_permitted);
  out.add_has_timestamps(record.options.has_timestamps);
  return out.Finish();
}

Offset<schema::DatagramRecord> write(FlatBufferBuilder& builder, const DatagramRecord& record) {
  const ByteVector payload = write_bytes(builder, record.payload);
  const schema::Endpoint source = endpoint_of(record.source);
  const schema::Endpoint destination = endpoint_of(record.destination);

  schema::DatagramRecordBuilder out(builder);
  out.add_arrived_ns(ns_of(record.arrived));
  out.add_source(&source);
  out.add_destination(&destination);
  out.add_wire_length(record.wire_length);
  out.add_payload(payload);
  out.add_length(record.length);
  out.add_checksum(record.checksum);
  out.add_interface(record.interface);
  return out.Finish();
}

} // namespace xdpcap::publish
