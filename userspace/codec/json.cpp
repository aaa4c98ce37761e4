#include "codec/json.hpp"

#include "codec/batch_view.hpp"
#include "codec/json_object.hpp"
#include "core/utf8.hpp"

namespace xdpcap::codec {
namespace {

using json::Object;

// Of a body between two calls of JsonOptions::drain: whole groups of base64.
constexpr std::size_t kPieceBytes = 3 * std::size_t{16384};

void append_spans(std::string& out, const flatbuffers::Vector<const schema::FieldSpan*>* fields,
                  const flatbuffers::Vector<std::uint8_t>* bytes) {
  json::append_array(out, fields, [&](const schema::FieldSpan* field) {
    out += '[';
    json::append_latin1(out, text_in(bytes, field->name()));
    out += ',';
    json::append_field_value(out, text_in(bytes, field->value()));
    out += ']';
  });
}

void append_bytes(Object& object, std::string_view name, std::string_view bytes,
                  const JsonOptions& options) {
  if (options.body == BodyFormat::none) return;
  const bool as_text = options.body == BodyFormat::text && is_utf8(bytes);
  std::string& out = object.member(name);
  out += '"';
  for (std::size_t at = 0; at < bytes.size(); at += kPieceBytes) {
    const std::string_view piece = bytes.substr(at, kPieceBytes);
    as_text ? json::append_utf8_inside(out, piece) : json::append_base64_inside(out, piece);
    if (options.drain) options.drain(out);
  }
  out += '"';
  object.text(std::string(name) + "_encoding", as_text ? "utf-8" : "base64");
}

// ---- what schemas/record_json.hpp calls, by an attribute of the schema or by type

template <class Flag>
void append_bits(std::string& out, std::uint64_t bits) {
  out += '[';
  bool first = true;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((bits >> bit & 1) == 0) continue;
    if (!first) out += ',';
    first = false;
    json::append_latin1(out, name_of(static_cast<Flag>(bit)));
  }
  out += ']';
}

void add_words(Object& object, std::string_view name, const flatbuffers::String* text) {
  json::append_words(object.member(name), text_of(text));
}

template <class Table>
void append_table(std::string& out, const Table* table, const JsonOptions& options) {
  Object object(out);
  if (table != nullptr) append_members(object, *table, options);
}

template <class Element>
void append_list(std::string& out, const flatbuffers::Vector<Element>* list,
                 const JsonOptions& options) {
  json::append_array(out, list, [&](const auto* element) {
    if constexpr (std::is_same_v<decltype(element), const flatbuffers::String*>) {
      json::append_words(out, text_of(element));
    } else {
      append_table(out, element, options);
    }
  });
}

// Source and destination, as the packets had them.
template <class Record>
void add_source_and_destination(Object& object, const Record& record, const JsonOptions&) {
  const bool from_client = record.direction() == schema::Direction::to_server;
  object.text("src", text_of(from_client ? record.client() : record.server()));
  object.text("dst", text_of(from_client ? record.server() : record.client()));
}

std::uint64_t duration_ns(std::uint64_t first_ns, std::uint64_t last_ns) noexcept {
  return last_ns >= first_ns ? last_ns - first_ns : 0;
}

void add_duration(Object& object, const schema::HttpMessage& message, const JsonOptions&) {
  object.number("duration_ns", duration_ns(message.first_byte_ns(), message.last_byte_ns()));
}

void add_start_line(Object& object, const schema::HttpMessage& message, const JsonOptions&) {
  if (message.kind() == schema::Kind::request) {
    object.text("method", text_in(message.head(), message.method()));
    object.text("target", text_in(message.head(), message.target()));
  } else {
    object.number("status", message.status());
    object.text("reason", text_in(message.head(), message.reason()));
  }
  std::string& out = object.member("version");
  out += '"';
  json::append_number(out, message.version_major());
  if (message.version_major() < 2) { // HTTP/2 and later have no minor version (RFC 9113, 3.1)
    out += '.';
    json::append_number(out, message.version_minor());
  }
  out += '"';
}

void add_fields(Object& object, const schema::HttpMessage& message, const JsonOptions&) {
  append_spans(object.member("headers"), message.fields(), message.head());
  object.number("header_count", message.fields() == nullptr ? 0 : message.fields()->size());
}

void add_trailers(Object& object, const schema::HttpMessage& message, const JsonOptions&) {
  append_spans(object.member("trailers"), message.trailers(), message.trailer_section());
}

void add_body(Object& object, const schema::HttpMessage& message, const JsonOptions& options) {
  append_bytes(object, "body", text_of(message.body()), options);
}

void add_times(Object& object, const schema::FlowRecord& record, const JsonOptions&) {
  object.time("time", record.last_ns());
  object.time("first", record.first_ns());
  object.number("duration_ns", duration_ns(record.first_ns(), record.last_ns()));
}

} // namespace
} // namespace xdpcap::codec

#include "schemas/record_json.hpp"

namespace xdpcap::codec {
namespace {

template <class Record>
void append_line(std::string& out, const Record& record, const JsonOptions& options) {
  {
    Object object(out);
    append_members(object, record, options);
  }
  out += '\n';
}

template <class Record>
void append_lines(std::string& out, const flatbuffers::Vector<flatbuffers::Offset<Record>>* records,
                  const JsonOptions& options) {
  if (records == nullptr) return;
  for (const Record* record : *records) append_line(out, *record, options);
}

// The sender of a heartbeat stands in its envelope.
void append_stats(std::string& out, const schema::StatsRecord& record, const schema::Batch& batch) {
  {
    Object object(out);
    object.text("kind", "stats");
    json::append_words(object.member("sensor"), text_of(batch.sensor()));
    object.time("time", record.at_ns());
    object.time("epoch", batch.epoch());
    append_members(object, record, {});
  }
  out += '\n';
}

} // namespace

std::optional<BodyFormat> body_format_named(std::string_view name) noexcept {
  if (name == "none") return BodyFormat::none;
  if (name == "text") return BodyFormat::text;
  if (name == "base64") return BodyFormat::base64;
  return std::nullopt;
}

void append_json(std::string& out, const schema::HttpMessage& message, const JsonOptions& options) {
  append_line(out, message, options);
}

void append_json(std::string& out, const schema::Batch& batch, const JsonOptions& options) {
  append_lines(out, batch.messages(), options);
  append_lines(out, batch.flows(), options);
  append_lines(out, batch.segments(), options);
  append_lines(out, batch.datagrams(), options);
  append_lines(out, batch.sockets(), options);
  append_lines(out, batch.interfaces(), options);
  if (batch.stats() == nullptr) return;
  for (const schema::StatsRecord* record : *batch.stats()) append_stats(out, *record, batch);
}

} // namespace xdpcap::codec
