#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codec/json.hpp"
#include "consume/content.hpp"
#include "consume/filter.hpp"
#include "schemas/xdpcap_generated.h"

namespace xdpcap::consume {

// What else of a message is kept, besides what every view needs.
struct Keep {
  bool json_line = false; // for --json behind a filter
  bool contents = false;  // field lines and body, for HAR
  codec::JsonOptions json;
};

// A message that outlives its batch: it waits for its other half.
struct Seen {
  bool request = false;
  bool interim = false;  // 1xx
  bool unpaired = false; // a response whose request is not to be had
  bool complete = true;
  std::uint64_t source = 0; // which capture process it comes from
  std::uint64_t flow = 0;
  std::uint32_t index = 0;
  std::uint64_t first_ns = 0, last_ns = 0;
  std::uint16_t status = 0;
  std::uint64_t body_length = 0;
  std::uint64_t anomalies = 0; // bits by schema::Anomaly
  std::string method, target, host, reason, client, server, version, remarks, content_type;
  std::string start_line; // as sent, where it could not be read
  std::string sensor;     // where it was captured, if the caller says so

  std::string json_line;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::size_t head_bytes = 0;

  // What it costs in memory, about.
  [[nodiscard]] std::size_t bytes() const noexcept;
};

Seen see(const schema::HttpMessage& message, std::uint64_t source, const Keep& keep);

// Of a message seen with Keep::contents: the value of a field, several of that name joined by ", "
// (RFC 9110, 5.3); empty where there is none.
std::string field_of(const Seen& message, std::string_view name);
// Where a request went: with scheme and host, as it is in its target or in Host, else with the
// server's address.
std::string url_of(const Seen& request);
// The body of a message seen with Keep::contents, as its receiver reads it: content codings undone,
// at most kContentMax bytes of it.
DecodedBody content_of(const Seen& message);
inline constexpr std::size_t kContentMax = std::size_t{4} << 20;

// A request with its response; either may be missing. An interim response comes
// with a copy of the request that it is not yet the answer to.
struct Exchange {
  std::optional<Seen> request, response;

  [[nodiscard]] bool interim() const noexcept { return response && response->interim; }
  // From the request's last byte to the response's first, as seen here; 0 where the
  // response came first. Nothing where a half is missing.
  [[nodiscard]] std::optional<std::uint64_t> latency_ns() const noexcept;
  [[nodiscard]] ExchangeFacts facts() const noexcept;
};

} // namespace xdpcap::consume
