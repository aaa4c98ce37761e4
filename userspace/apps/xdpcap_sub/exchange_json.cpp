#include "apps/xdpcap_sub/exchange_json.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "codec/json_object.hpp"

namespace xdpcap::sub {
namespace {

using codec::json::Object;
using consume::Exchange;
using consume::Seen;

void add_ms(Object& object, std::string_view name, std::optional<std::uint64_t> ns) {
  std::string& out = object.member(name);
  if (!ns) {
    out += "null";
    return;
  }
  out += fmt::format("{}.{:06}", *ns / 1'000'000, *ns % 1'000'000);
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
}

void add_nulls(Object& object, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) object.member(name) += "null";
}

void add_request(Object& object, const std::optional<Seen>& request) {
  if (!request) {
    add_nulls(object, {"method", "url", "host", "target", "request_bytes"});
    return;
  }
  object.text("method", request->method);
  object.text("url", consume::url_of(*request));
  object.text("host", request->host);
  object.text("target", request->target);
  object.number("request_bytes", request->body_length);
}

void add_response(Object& object, const std::optional<Seen>& response) {
  if (!response) {
    add_nulls(object, {"status", "reason", "response_bytes", "content_type"});
    return;
  }
  object.number("status", response->status);
  object.text("reason", response->reason);
  object.number("response_bytes", response->body_length);
  object.text("content_type", response->content_type);
}

void add_flags(Object& object, std::uint64_t anomalies) {
  std::string& out = object.member("flags");
  out += '[';
  bool first = true;
  for (unsigned bit = 0; bit <= static_cast<unsigned>(schema::Anomaly::MAX); ++bit) {
    if ((anomalies >> bit & 1) == 0) continue;
    if (!first) out += ',';
    first = false;
    codec::json::append_latin1(out, name_of(static_cast<schema::Anomaly>(bit)));
  }
  out += ']';
}

void add_half(Object& object, std::string_view name, const std::optional<Seen>& half) {
  std::string_view line = half ? std::string_view(half->json_line) : "null";
  if (line.ends_with('\n')) line.remove_suffix(1);
  object.member(name) += line;
}

} // namespace

void append_json(std::string& out, const Exchange& exchange) {
  const auto& [request, response] = exchange;
  const Seen& first = request ? *request : *response;
  const std::uint64_t last =
      std::max(request ? request->last_ns : 0, response ? response->last_ns : 0);
  {
    Object object(out);
    object.text("kind", "exchange");
    object.text("sensor", first.sensor);
    object.time("time", first.first_ns);
    add_request(object, request);
    add_response(object, response);
    add_ms(object, "latency_ms", exchange.latency_ns());
    add_ms(object, "duration_ms", last > first.first_ns ? last - first.first_ns : 0);
    object.text("client", first.client);
    object.text("server", first.server);
    object.boolean("complete", request && response && request->complete && response->complete);
    add_flags(object, (request ? request->anomalies : 0) | (response ? response->anomalies : 0));
    object.number("flow", first.flow);
    object.number("index", first.index);
    add_half(object, "request", request);
    add_half(object, "response", response);
  }
  out += '\n';
}

} // namespace xdpcap::sub
