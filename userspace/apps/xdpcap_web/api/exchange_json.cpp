#include <fmt/core.h>

#include "apps/xdpcap_web/api/json_views.hpp"
#include "codec/batch_view.hpp"
#include "consume/content.hpp"

// One exchange in full: heads, fields, bodies, timing (json_views.hpp).
namespace xdpcap::web {

namespace {

using codec::text_in;
using codec::text_of;

// Of each half. With escapes an answer is 4 MiB at most, whatever was sent.
constexpr std::size_t kDecodedMax = std::size_t{1} << 20;

void append_fields(std::string& out, const flatbuffers::Vector<const schema::FieldSpan*>* fields,
                   const flatbuffers::Vector<std::uint8_t>* bytes) {
  codec::json::append_array(out, fields, [&](const schema::FieldSpan* field) {
    out += '[';
    codec::json::append_latin1(out, text_in(bytes, field->name()));
    out += ',';
    codec::json::append_field_value(out, text_in(bytes, field->value()));
    out += ']';
  });
}

// All values of a field in one list, as RFC 9110, 5.3 joins them.
std::string joined_field(const schema::HttpMessage& message, std::string_view lower_case_name) {
  std::string joined;
  if (message.fields() == nullptr) return joined;
  for (const schema::FieldSpan* field : *message.fields()) {
    const std::string_view name = text_in(message.head(), field->name());
    const bool same = std::equal(
        name.begin(), name.end(), lower_case_name.begin(), lower_case_name.end(),
        [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
    if (!same) continue;
    if (!joined.empty()) joined += ", ";
    joined += text_in(message.head(), field->value());
  }
  return joined;
}

void append_body(std::string& out, const schema::HttpMessage& message, bool raw) {
  const std::string_view kept = text_of(message.body());
  const bool whole = message.complete() && kept.size() == message.full_body_length();
  const consume::DecodedBody decoded = consume::decode_body(
      kept, raw ? std::string{} : joined_field(message, "content-encoding"), kDecodedMax, whole);
  JsonObject object(out);
  object.number("bytes", kept.size());
  codec::json::append_array(
      object.member("encoding"), &decoded.codings,
      [&](const std::string& coding) { codec::json::append_latin1(out, coding); });
  object.boolean("decoded", decoded.decoded);
  object.number("decoded_bytes", decoded.bytes.size());
  object.boolean("cut", decoded.cut);
  object.words_or_null("error", decoded.error);
  if (consume::reads_as_text(decoded.bytes)) {
    codec::json::append_utf8(object.member("text"), decoded.bytes);
    object.null("base64");
  } else {
    object.null("text");
    codec::json::append_base64(object.member("base64"), decoded.bytes);
  }
}

void append_gaps(std::string& out, const schema::HttpMessage& message) {
  codec::json::append_array(out, message.gaps(), [&](const schema::Gap* gap) {
    JsonObject object(out);
    object.number("offset", gap->offset());
    object.number("length", gap->length());
    object.text("cause", name_of(gap->cause()));
  });
}

void append_half(std::string& out, const Half& half, bool raw) {
  if (!half) {
    out += "null";
    return;
  }
  const std::string_view head = text_of(half->head());
  JsonObject object(out);
  object.text("start_line", head.substr(0, head.find_first_of("\r\n")));
  object.text("head", head);
  append_fields(object.member("headers"), half->fields(), half->head());
  append_fields(object.member("trailers"), half->trailers(), half->trailer_section());
  object.text("version", fmt::format("{}.{}", half->version_major(), half->version_minor()));
  object.text("framing", name_of(half->framing()));
  if (half->has_declared_length()) {
    object.number("declared_length", half->declared_length());
  } else {
    object.null("declared_length");
  }
  object.number("body_length", half->full_body_length());
  object.ms("first", half->first_byte_ns());
  object.ms("last", half->last_byte_ns());
  object.boolean("complete", half->complete());
  object.text("end", name_of(half->end()));
  append_flags(object.member("flags"), half->anomalies());
  append_gaps(object.member("gaps"), *half);
  object.boolean("masked", half->masked());
  append_body(object.member("body"), *half, raw);
}

void append_timing(std::string& out, const Exchange& exchange, const Connection* connection) {
  JsonObject object(out);
  const auto span = [&](std::string_view name, const Half& half) {
    if (half) {
      object.ms(name, half->last_byte_ns() > half->first_byte_ns()
                          ? half->last_byte_ns() - half->first_byte_ns()
                          : 0);
    } else {
      object.null(name);
    }
  };
  span("send_ms", exchange.request);
  if (const auto latency = exchange.latency_ns()) {
    object.ms("wait_ms", *latency);
  } else {
    object.null("wait_ms");
  }
  span("receive_ms", exchange.response);
  const std::uint64_t last =
      exchange.response ? exchange.response->last_byte_ns() : exchange.request->last_byte_ns();
  object.ms("total_ms", last > exchange.first_ns() ? last - exchange.first_ns() : 0);
  object.ms_or_null("handshake_client_ms",
                    connection == nullptr ? 0 : connection->handshake_client_ns);
  object.ms_or_null("handshake_server_ms",
                    connection == nullptr ? 0 : connection->handshake_server_ns);
}

} // namespace

void append_exchange_in_full(std::string& out, const Exchange& exchange, const Ends& ends,
                             const Connection* connection, bool raw) {
  JsonObject object(out);
  append_exchange_members(object, exchange, ends);
  append_half(object.member("request"), exchange.request, raw);
  append_half(object.member("response"), exchange.response, raw);
  codec::json::append_array(object.member("interim"), &exchange.interim,
                            [&](const Half& half) { append_half(out, half, raw); });
  append_timing(object.member("timing"), exchange, connection);
  if (connection == nullptr) {
    object.null("tcp");
  } else {
    append_connection(object.member("tcp"), *connection, false);
  }
}

} // namespace xdpcap::web
