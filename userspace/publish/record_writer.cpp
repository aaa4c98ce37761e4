#include "publish/record_writer.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "core/check.hpp"
#include "core/live_clock.hpp"
#include "publish/masking/masking.hpp"

namespace xdpcap::publish {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using ByteVector = Offset<flatbuffers::Vector<std::uint8_t>>;

// Table with all its scalars, its vtable, the builder's scratch pad while it is
// written, the length words and paddings of its vectors, and its offset in the batch.
constexpr std::size_t kMessageTable = 1024;
static_assert(MessageTables::bytes_max < kMessageTable / 2);

// Field spans go over as they are.
static_assert(sizeof(http::FieldSpan) == sizeof(schema::FieldSpan) &&
              alignof(http::FieldSpan) == 4);
static_assert(std::is_trivially_copyable_v<http::FieldSpan> &&
              offsetof(http::FieldSpan, value) == 8);

schema::Span span_of(http::Span span) noexcept {
  return {span.offset, span.length};
}

// The only copy of a body's bytes on their way from the pool to the wire.
ByteVector write_body(Builder& builder, const Pieces& body, std::size_t kept) {
  if (kept == 0) return 0;
  std::byte* at = nullptr;
  const ByteVector offset = builder.add_vector<std::uint8_t>(kept, at);
  for (const Bytes piece : body) {
    const std::size_t taken = std::min(piece.size(), kept);
    std::memcpy(at, piece.data(), taken);
    at += taken;
    kept -= taken;
    if (kept == 0) break;
  }
  XDPCAP_CHECK(kept == 0); // else memory goes out that nobody wrote
  return offset;
}

// Where the bytes of a vector are now: they move when the builder grows.
std::span<std::byte> bytes_in(const FlatBufferBuilder& builder, ByteVector vector,
                              std::size_t size) noexcept {
  if (vector.IsNull()) return {};
  XDPCAP_CHECK(sizeof(flatbuffers::uoffset_t) + size <= vector.o && vector.o <= builder.GetSize());
  std::uint8_t* const at = builder.GetCurrentBufferPointer() + builder.GetSize() - vector.o;
  return {reinterpret_cast<std::byte*>(at) + sizeof(flatbuffers::uoffset_t), size};
}

ByteVector write_bytes(Builder& builder, Bytes bytes) {
  if (bytes.empty()) return 0;
  std::byte* at = nullptr;
  const ByteVector offset = builder.add_vector<std::uint8_t>(bytes.size(), at);
  std::memcpy(at, bytes.data(), bytes.size());
  return offset;
}

Offset<flatbuffers::Vector<const schema::FieldSpan*>> write_fields(
    Builder& builder, std::span<const http::FieldSpan> fields) {
  if (fields.empty()) return 0;
  std::byte* at = nullptr;
  const auto offset = builder.add_vector<schema::FieldSpan>(fields.size(), at);
  std::memcpy(at, fields.data(), fields.size_bytes());
  return offset;
}

Offset<flatbuffers::Vector<const schema::Gap*>> write_gaps(FlatBufferBuilder& builder,
                                                           std::span<const http::BodyGap> gaps) {
  if (gaps.empty()) return 0;
  schema::Gap* at = nullptr;
  const auto offset = builder.CreateUninitializedVectorOfStructs<schema::Gap>(gaps.size(), &at);
  for (const http::BodyGap& gap : gaps) {
    *at++ = schema::Gap(gap.offset, gap.length, gap.cause);
  }
  return offset;
}

schema::Pairing pairing_of(const http::Anomalies& anomalies) noexcept {
  if (anomalies.has(http::Anomaly::unpaired)) return schema::Pairing::none;
  if (anomalies.has(http::Anomaly::resynchronised) ||
      anomalies.has(http::Anomaly::partial_connection)) {
    return schema::Pairing::realigned;
  }
  return schema::Pairing::counted;
}

// The parts of a message that lie outside its table.
struct MessageParts {
  ByteVector head, trailer_section, body, sha256;
  Offset<flatbuffers::Vector<const schema::FieldSpan*>> fields, trailers;
  Offset<flatbuffers::Vector<const schema::Gap*>> gaps;
  Offset<flatbuffers::String> community_id;
  bool masked = false;
};

MessageParts write_parts(Builder& builder, const http::Message& message, std::size_t body_kept,
                         const SecretNames* masked, std::string_view community_id) {
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
  parts.community_id = record::write_text(builder, community_id);
  return parts;
}

// Arguments as one line, parted by blanks.
record::Text write_command(FlatBufferBuilder& builder, std::string_view command,
                           const SecretNames* masked) {
  std::array<char, record::kTextMax> line;
  command = command.substr(0, line.size());
  std::copy(command.begin(), command.end(), line.begin());
  if (masked != nullptr) (void)mask_arguments({line.data(), command.size()}, *masked);
  std::replace(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(command.size()), '\0', ' ');
  return record::write_text(builder, {line.data(), command.size()});
}

} // namespace

std::size_t bytes_without_body(const http::Message& message) noexcept {
  return kMessageTable + message.head.size() + message.trailer_section.size() +
         (message.fields.size() + message.trailers.size()) * sizeof(schema::FieldSpan) +
         message.gaps.size() * sizeof(schema::Gap);
}

WrittenMessage write(Builder& builder, MessageTables& tables, const http::Message& message,
                     const MessageContext& context, std::size_t body_kept,
                     const SecretNames* masked, std::string_view community_id) {
  const MessageParts parts = write_parts(builder, message, body_kept, masked, community_id);
  http::Anomalies anomalies = message.anomalies;
  anomalies.add(context.anomalies);
  if (body_kept < message.body.size()) anomalies.add(http::Anomaly::truncated);

  record::HttpMessageTable table;
  table.flow = context.flow;
  table.client = table_form(context.client);
  table.server = table_form(context.server);
  table.first_byte_ns = utc_ns(message.first_byte);
  table.last_byte_ns = utc_ns(message.last_byte);
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
  table.kind = message.kind;
  table.direction = message.direction;
  table.pairing = pairing_of(message.anomalies);
  table.version_major = message.version_major;
  table.version_minor = message.version_minor;
  table.framing = message.framing;
  table.has_declared_length = message.declared_length.has_value();
  table.complete = message.complete;
  table.end = message.end;
  table.masked = parts.masked;
  return {tables.write(builder, table), parts.masked};
}

std::size_t bytes_with_process(const record::SocketRecord& record) noexcept {
  const record::Process* process = record.process.get();
  return bytes_of(record) +
         (process == nullptr ? 0 : bytes_of(*process) + record::room_for(process->command));
}

Offset<schema::SocketRecord> write(FlatBufferBuilder& builder, const record::SocketRecord& record,
                                   ProcessesWritten& processes, const SecretNames* masked) {
  ProcessesWritten::Offset process;
  if (record.process != nullptr) {
    process = processes.find(*record.process);
    if (process.o == 0) {
      process =
          write(builder, *record.process, write_command(builder, record.process->command, masked));
      processes.add(*record.process, process);
    }
  }
  return write(builder, record, process);
}

} // namespace xdpcap::publish
