#include "apps/xdpcap_web/api/json_views.hpp"

#include <fmt/core.h>

#include <cmath>

#include "codec/batch_view.hpp"
#include "schemas/record_views.hpp"

namespace xdpcap::web {
namespace {

using codec::text_in;
using codec::text_of;

void append_request(JsonObject& object, const Half& request) {
  if (!request) {
    for (const std::string_view name : {"method", "host", "target"}) object.null(name);
    object.null("request_bytes");
    return;
  }
  object.text("method", text_in(request->head(), request->method()));
  object.text("host", codec::field_named(*request, "host"));
  object.text("target", text_in(request->head(), request->target()));
  object.number("request_bytes", request->full_body_length());
}

void append_response(JsonObject& object, const Half& response) {
  if (!response) {
    for (const std::string_view name : {"status", "reason", "response_bytes", "content_type"})
      object.null(name);
    return;
  }
  object.number("status", response->status());
  object.text("reason", text_in(response->head(), response->reason()));
  object.number("response_bytes", response->full_body_length());
  object.text("content_type", codec::field_named(*response, "content-type"));
}

} // namespace

void append_real(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
  } else {
    out += fmt::format("{:.6g}", value);
  }
}

void JsonObject::ms(std::string_view name, std::uint64_t ns) {
  std::string& out = member(name);
  out += fmt::format("{}", ns / 1'000'000);
  if (ns % 1'000'000 == 0) return;
  out += fmt::format(".{:06}", ns % 1'000'000);
  while (out.back() == '0') out.pop_back();
}

void JsonObject::real(std::string_view name, double value) {
  append_real(member(name), value);
}

void JsonObject::words(std::string_view name, std::string_view value) {
  codec::json::append_words(member(name), value);
}

void append_process(std::string& out, const ProcessPointer& process) {
  if (process == nullptr) {
    out += "null";
    return;
  }
  JsonObject object(out);
  append_members(object, static_cast<const record::Process&>(*process));
}

void append_flags(std::string& out, std::uint64_t anomalies) {
  out += '[';
  bool first = true;
  for (unsigned bit = 0; bit <= static_cast<unsigned>(schema::Anomaly::MAX); ++bit) {
    const auto anomaly = static_cast<schema::Anomaly>(bit);
    if ((anomalies >> bit & 1) == 0 || anomaly == schema::Anomaly::interim) continue;
    if (!first) out += ',';
    first = false;
    codec::json::append_latin1(out, name_of(anomaly));
  }
  out += ']';
}

void append_exchange_members(JsonObject& object, const Exchange& exchange, const Ends& ends) {
  const schema::HttpMessage& either = exchange.either();
  object.text("id", exchange.id.text());
  object.words("sensor", *exchange.sensor);
  object.ms("time", exchange.first_ns());
  append_request(object, exchange.request);
  append_response(object, exchange.response);
  object.text("version", fmt::format("{}.{}", either.version_major(), either.version_minor()));
  const auto latency = exchange.latency_ns();
  if (latency) {
    object.ms("latency_ms", *latency);
  } else {
    object.null("latency_ms");
  }
  const std::uint64_t last = std::max(exchange.request ? exchange.request->last_byte_ns() : 0,
                                      exchange.response ? exchange.response->last_byte_ns() : 0);
  object.ms("duration_ms", last > exchange.first_ns() ? last - exchange.first_ns() : 0);
  object.text("client", text_of(either.client()));
  object.text("server", text_of(either.server()));
  object.boolean("complete", exchange.request && exchange.response &&
                                 exchange.request->complete() && exchange.response->complete());
  append_flags(object.member("flags"),
               (exchange.request ? exchange.request->anomalies() : 0) |
                   (exchange.response ? exchange.response->anomalies() : 0));
  object.text("connection", exchange.id.connection.text());
  append_process(object.member("client_process"), ends.client);
  append_process(object.member("server_process"), ends.server);
}

void append_exchange(std::string& out, const Exchange& exchange, const Ends& ends) {
  JsonObject object(out);
  append_exchange_members(object, exchange, ends);
}

} // namespace xdpcap::web
