#include "consume/seen.hpp"

#include <fmt/core.h>
#include <strings.h>

#include "codec/batch_view.hpp"

namespace xdpcap::consume {
namespace {

using codec::text_in;
using codec::text_of;

// Anomalies that a person should see beside the message; `interim` shows as its status.
std::string remarks_of(const schema::HttpMessage& message) {
  std::string remarks;
  for (unsigned bit = 0; bit <= static_cast<unsigned>(schema::Anomaly::MAX); ++bit) {
    const auto anomaly = static_cast<schema::Anomaly>(bit);
    if (anomaly == schema::Anomaly::interim || !codec::has(message, anomaly)) continue;
    if (!remarks.empty()) remarks += ' ';
    remarks += name_of(anomaly);
  }
  if (!message.complete()) {
    if (!remarks.empty()) remarks += ' ';
    remarks += fmt::format("incomplete:{}", name_of(message.end()));
  }
  return remarks;
}

void keep_contents(Seen& seen, const schema::HttpMessage& message) {
  seen.head_bytes = message.head() == nullptr ? 0 : message.head()->size();
  seen.body = text_of(message.body());
  if (message.fields() == nullptr) return;
  for (const schema::FieldSpan* field : *message.fields()) {
    seen.fields.emplace_back(text_in(message.head(), field->name()),
                             text_in(message.head(), field->value()));
  }
}

} // namespace

std::size_t Seen::bytes() const noexcept {
  std::size_t bytes = sizeof(Seen) + method.size() + target.size() + host.size() + reason.size() +
                      client.size() + server.size() + remarks.size() + content_type.size() +
                      start_line.size() + sensor.size() + json_line.size() + body.size();
  for (const auto& [name, value] : fields) bytes += sizeof(fields[0]) + name.size() + value.size();
  return bytes;
}

Seen see(const schema::HttpMessage& message, std::uint64_t source, const Keep& keep) {
  Seen seen;
  seen.request = message.kind() == schema::Kind::request;
  seen.interim = codec::has(message, schema::Anomaly::interim);
  seen.unpaired = message.pairing() == schema::Pairing::none;
  seen.complete = message.complete();
  seen.source = source;
  seen.flow = message.flow();
  seen.index = message.index();
  seen.first_ns = message.first_byte_ns();
  seen.last_ns = message.last_byte_ns();
  seen.status = message.status();
  seen.body_length = message.full_body_length();
  seen.method = text_in(message.head(), message.method());
  seen.target = text_in(message.head(), message.target());
  seen.reason = text_in(message.head(), message.reason());
  if (seen.request) seen.host = codec::field_named(message, "host");
  seen.client = text_of(message.client());
  seen.server = text_of(message.server());
  seen.version = fmt::format("HTTP/{}.{}", message.version_major(), message.version_minor());
  if (codec::has(message, schema::Anomaly::bad_start_line)) {
    const std::string_view head = text_of(message.head());
    seen.start_line = head.substr(0, head.find_first_of("\r\n"));
  }
  seen.anomalies = message.anomalies();
  seen.content_type = codec::field_named(message, "content-type");
  seen.remarks = remarks_of(message);
  if (keep.json_line) codec::append_json(seen.json_line, message, keep.json);
  if (keep.contents) keep_contents(seen, message);
  return seen;
}

std::string field_of(const Seen& message, std::string_view name) {
  std::string joined;
  bool found = false;
  for (const auto& [field, value] : message.fields) {
    if (field.size() != name.size() || ::strncasecmp(field.data(), name.data(), name.size()) != 0)
      continue;
    if (found) joined += ", ";
    joined += value;
    found = true;
  }
  return joined;
}

std::string url_of(const Seen& request) {
  if (request.target.find("://") != std::string::npos) return request.target;
  const std::string& host = request.host.empty() ? request.server : request.host;
  if (request.target.starts_with("/")) return "http://" + host + request.target;
  return "http://" + (request.target == "*" ? host + "/*" : request.target + "/");
}

DecodedBody content_of(const Seen& message) {
  const bool whole = message.complete && message.body.size() == message.body_length;
  return decode_body(message.body, field_of(message, "content-encoding"), kContentMax, whole);
}

std::optional<std::uint64_t> Exchange::latency_ns() const noexcept {
  if (!request || !response) return std::nullopt;
  return response->first_ns > request->last_ns ? response->first_ns - request->last_ns : 0;
}

ExchangeFacts Exchange::facts() const noexcept {
  ExchangeFacts facts{.has_request = request.has_value(), .has_response = response.has_value()};
  if (request) {
    facts.host = request->host;
    facts.method = request->method;
    facts.target = request->target;
  }
  if (response) facts.status = response->status;
  facts.latency_ns = latency_ns();
  return facts;
}

} // namespace xdpcap::consume
