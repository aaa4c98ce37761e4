#include "consume/har.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "codec/json_text.hpp"
#include "core/utf8.hpp"

namespace xdpcap::consume {
namespace {

using nlohmann::json;

json headers_of(const Seen& message) {
  json headers = json::array();
  for (const auto& [name, value] : message.fields)
    headers.push_back({{"name", utf8_of_latin1(name)}, {"value", utf8_of_latin1(value)}});
  return headers;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && digit_of(text[i + 1]) >= 0 &&
                        digit_of(text[i + 2]) >= 0;
    if (escape) {
      decoded += static_cast<char>(digit_of(text[i + 1]) << 4 | digit_of(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return is_utf8(decoded) ? decoded : utf8_of_latin1(decoded);
}

json query_of(const std::string& target) {
  json query = json::array();
  const std::size_t mark = target.find('?');
  if (mark == std::string::npos) return query;
  std::string_view rest = std::string_view(target).substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    if (!pair.empty())
      query.push_back(
          {{"name", percent_decoded(pair.substr(0, equals))}, {"value", percent_decoded(value)}});
  }
  return query;
}

// Adds `text` and, where it is not text, `encoding`. What is wrong with it, or how much of it is
// not there, is its comment.
void add_text(json& object, const DecodedBody& content, codec::BodyFormat format) {
  if (!content.error.empty()) object["comment"] = content.error;
  if (content.cut)
    object["comment"] = fmt::format("only its first {} bytes are here", content.bytes.size());
  if (format == codec::BodyFormat::none || content.bytes.empty()) return;
  if (format == codec::BodyFormat::text && reads_as_text(content.bytes)) {
    object["text"] = content.bytes;
    return;
  }
  std::string quoted;
  codec::json::append_base64(quoted, content.bytes);
  object["text"] = quoted.substr(1, quoted.size() - 2);
  object["encoding"] = "base64";
}

json request_of(const Seen& message, codec::BodyFormat format) {
  json request{
      {"method", utf8_of_latin1(message.method)}, {"url", utf8_of_latin1(url_of(message))},
      {"httpVersion", message.version},           {"cookies", json::array()},
      {"headers", headers_of(message)},           {"queryString", query_of(message.target)},
      {"headersSize", message.head_bytes + 2}, // and the empty line
      {"bodySize", message.body_length}};
  if (message.body_length != 0) {
    json data{{"mimeType", utf8_of_latin1(field_of(message, "content-type"))},
              {"params", json::array()},
              {"text", ""}};
    add_text(data, content_of(message), format);
    request["postData"] = std::move(data);
  }
  return request;
}

json response_of(const Seen& message, codec::BodyFormat format) {
  std::string type = utf8_of_latin1(field_of(message, "content-type"));
  const DecodedBody decoded = content_of(message);
  // The size of what a reader gets, and how many bytes its coding saved on the way.
  const bool is_coded = decoded.decoded && !decoded.codings.empty() && !message.body.empty();
  const std::uint64_t size = is_coded ? decoded.bytes.size() : message.body_length;
  json content{{"size", size},
               {"mimeType", type.empty() ? "application/octet-stream" : std::move(type)}};
  if (is_coded)
    content["compression"] =
        static_cast<std::int64_t>(size) - static_cast<std::int64_t>(message.body_length);
  add_text(content, decoded, format);
  return {{"status", message.status},
          {"statusText", utf8_of_latin1(message.reason)},
          {"httpVersion", message.version},
          {"cookies", json::array()},
          {"headers", headers_of(message)},
          {"content", std::move(content)},
          {"redirectURL", utf8_of_latin1(field_of(message, "location"))},
          {"headersSize", message.head_bytes + 2},
          {"bodySize", message.body_length}};
}

json no_response() {
  return {{"status", 0},
          {"statusText", ""},
          {"httpVersion", ""},
          {"cookies", json::array()},
          {"headers", json::array()},
          {"content", {{"size", 0}, {"mimeType", "x-unknown"}}},
          {"redirectURL", ""},
          {"headersSize", -1},
          {"bodySize", -1}};
}

double ms(std::uint64_t from_ns, std::uint64_t to_ns) {
  return to_ns > from_ns ? static_cast<double>(to_ns - from_ns) / 1e6 : 0.0;
}

json entry_of(const Exchange& exchange, codec::BodyFormat format) {
  const Seen& request = *exchange.request;
  const double send = ms(request.first_ns, request.last_ns);
  const double wait = exchange.response ? static_cast<double>(*exchange.latency_ns()) / 1e6 : 0.0;
  const double receive =
      exchange.response ? ms(exchange.response->first_ns, exchange.response->last_ns) : 0.0;
  std::string started;
  codec::json::append_time(started, request.first_ns);
  const std::size_t colon = request.server.rfind(':');
  std::string address = request.server.substr(0, colon);
  if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
  json entry{
      {"startedDateTime", started.substr(1, started.size() - 2)},
      {"time", send + wait + receive},
      {"request", request_of(request, format)},
      {"response", exchange.response ? response_of(*exchange.response, format) : no_response()},
      {"cache", json::object()},
      {"timings", {{"send", send}, {"wait", wait}, {"receive", receive}}},
      {"serverIPAddress", std::move(address)},
      {"connection", std::to_string(request.flow)},
      {"_client", request.client}};
  const std::string& remarks = exchange.response && !exchange.response->remarks.empty()
                                   ? exchange.response->remarks
                                   : request.remarks;
  if (!remarks.empty()) entry["_remarks"] = remarks;
  return entry;
}

} // namespace

std::string har_head(std::string_view program) {
  const json creator{{"name", program}, {"version", XDPCAP_VERSION}};
  return "{\"log\":{\"version\":\"1.2\",\"creator\":" + creator.dump() + ",\"entries\":[";
}

std::string har_entry(const Exchange& exchange, codec::BodyFormat body) {
  // A field value may still hold whatever bytes: what is not UTF-8 is replaced, never thrown over.
  return entry_of(exchange, body).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string_view har_tail() noexcept {
  return "\n]}}\n";
}

} // namespace xdpcap::consume
