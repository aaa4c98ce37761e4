#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::consume {

// What a filter looks at, borrowed from whoever holds the exchange.
struct ExchangeFacts {
  bool has_request = false, has_response = false;
  std::string_view host, method, target; // of the request
  std::uint16_t status = 0;              // of the response
  std::optional<std::uint64_t> latency_ns;
};

// Which exchanges are shown. Every condition given must hold; one that asks for a
// half that is missing does not hold. Several values of one condition: any of them.
struct Filter {
  std::vector<std::string> hosts =
      {}; // exact or with * and ?, case aside; without a port: any port
  std::vector<std::string> methods = {};  // case aside
  std::vector<std::string> statuses = {}; // "404", "5xx"
  std::vector<std::string> paths = {};    // with *: the whole target; else a part of it
  std::uint64_t min_latency_ns = 0;

  [[nodiscard]] bool empty() const noexcept {
    return hosts.empty() && methods.empty() && statuses.empty() && paths.empty() &&
           min_latency_ns == 0;
  }
  [[nodiscard]] bool matches(const ExchangeFacts& exchange) const;
};

// Whether `text` is a status (100 to 999) or some of a class of RFC 9110 (5xx, 50x).
bool is_status_pattern(std::string_view text) noexcept;
// "100ms", "2s", "1.5s", "300us"; a number alone is milliseconds.
Result<std::uint64_t, Error> parse_duration_ns(std::string_view text);

} // namespace xdpcap::consume
