#include "apps/xdpcap_web/api/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace xdpcap::web {
namespace {

constexpr std::size_t kParametersMax = 64;
// What is searched for is compared with all that was captured.
constexpr std::size_t kValueMax = 256;

} // namespace

ApiError bad(std::string_view parameter, std::string message) {
  return {.parameter = std::string(parameter), .message = std::move(message)};
}

Result<Parameters, ApiError> Parameters::parse(std::string_view query,
                                               std::initializer_list<std::string_view> known,
                                               std::span<const std::string_view> known_too) {
  Parameters parameters;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    std::string name, value;
    if (!percent_decode(pair.substr(0, equals), true, name) ||
        !percent_decode(pair.substr(std::min(equals + 1, pair.size())), true, value))
      return bad(name, "this parameter is not percent-encoded as RFC 3986 says");
    const bool is_known = std::find(known.begin(), known.end(), name) != known.end() ||
                          std::find(known_too.begin(), known_too.end(), name) != known_too.end();
    if (!is_known) {
      std::vector<std::string_view> names(known);
      names.insert(names.end(), known_too.begin(), known_too.end());
      return bad(name, names.empty()
                           ? "this call takes no parameters"
                           : fmt::format("there is no such parameter here; these are known: {}",
                                         fmt::join(names, ", ")));
    }
    if (value.size() > kValueMax)
      return bad(name,
                 fmt::format("this value is longer than {} bytes; give a shorter one", kValueMax));
    if (parameters.pairs_.size() >= kParametersMax)
      return bad(name, "these are too many parameters");
    parameters.pairs_.emplace_back(std::move(name), std::move(value));
  }
  return parameters;
}

std::vector<std::string> Parameters::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : pairs_) {
    if (key == name && !value.empty()) values.push_back(value);
  }
  return values;
}

std::string Parameters::one(std::string_view name) const {
  std::string last;
  for (const auto& [key, value] : pairs_) {
    if (key == name) last = value;
  }
  return last;
}

bool Parameters::has(std::string_view name) const {
  return !one(name).empty();
}

Result<std::uint64_t, ApiError> Parameters::number(std::string_view name, std::uint64_t without,
                                                   std::uint64_t least, std::uint64_t most) const {
  const std::string text = one(name);
  if (text.empty()) return without;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
    return bad(name, fmt::format("'{}' is no whole number from {} to {}", text, least, most));
  return value;
}

Result<std::uint64_t, ApiError> Parameters::time_ns(std::string_view name,
                                                    std::uint64_t without) const {
  const std::string text = one(name);
  if (text.empty()) return without;
  char* end = nullptr;
  const double ms = std::strtod(text.c_str(), &end);
  constexpr double kMax = 1.8e13; // in the year 2540
  if (*end != '\0' || !std::isfinite(ms) || ms < 0 || ms > kMax)
    return bad(name, fmt::format("'{}' is no time; write milliseconds since 1970", text));
  return static_cast<std::uint64_t>(ms * 1e6);
}

Result<bool, ApiError> Parameters::flag(std::string_view name) const {
  const std::string text = one(name);
  if (text == "1" || text == "true") return true;
  if (text.empty() || text == "0" || text == "false") return false;
  return bad(name, fmt::format("'{}' is neither 0 nor 1", text));
}

Result<std::string, ApiError> Parameters::one_of(
    std::string_view name, std::initializer_list<std::string_view> choices) const {
  const std::string text = one(name);
  if (text.empty()) return std::string(*choices.begin());
  if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
    std::vector<std::string_view> named;
    std::copy_if(choices.begin(), choices.end(), std::back_inserter(named),
                 [](auto one) { return !one.empty(); });
    return bad(name, fmt::format("'{}' is none of {}", text, fmt::join(named, ", ")));
  }
  return text;
}

Result<Query, ApiError> parse_query(const Parameters& parameters) {
  Query query;
  query.filter.hosts = parameters.all("host");
  query.filter.methods = parameters.all("method");
  query.filter.paths = parameters.all("path");
  for (std::string& status : parameters.all("status")) {
    if (status == "none") {
      query.without_response = true;
    } else if (consume::is_status_pattern(status)) {
      query.filter.statuses.push_back(std::move(status));
    } else {
      return bad("status", fmt::format("'{}' is no status; write 404, 5xx or none", status));
    }
  }
  for (const std::string_view name : {"latency", "min-latency"}) {
    if (!parameters.has(name)) continue;
    auto latency = consume::parse_duration_ns(parameters.one(name));
    if (!latency) return bad(name, latency.error().message);
    query.filter.min_latency_ns = *latency;
  }
  query.text = parameters.one("text");
  query.process = parameters.one("process");
  query.sensor = parameters.one("sensor");
  if (parameters.has("connection")) {
    query.connection = ConnectionId::parse(parameters.one("connection"));
    if (!query.connection)
      return bad("connection", "this is no id of a connection; take one from /api/connections");
  }
  auto from = parameters.time_ns("from", 0);
  if (!from) return std::move(from).error();
  auto to = parameters.time_ns("to", UINT64_MAX);
  if (!to) return std::move(to).error();
  query.from_ns = *from;
  query.to_ns = *to;
  return query;
}

} // namespace xdpcap::web
