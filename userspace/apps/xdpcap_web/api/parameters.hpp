#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/xdpcap_web/api/query.hpp"
#include "apps/xdpcap_web/server/http_types.hpp"
#include "core/result.hpp"

namespace xdpcap::web {

// The parameters of a request, each of which has to be one that the call knows.
class Parameters {
 public:
  static Result<Parameters, ApiError> parse(std::string_view query,
                                            std::initializer_list<std::string_view> known,
                                            std::span<const std::string_view> known_too = {});

  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  // The value, empty where it is not given; the last one where it is given twice.
  [[nodiscard]] std::string one(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& pairs() const noexcept {
    return pairs_;
  }

  [[nodiscard]] Result<std::uint64_t, ApiError> number(std::string_view name, std::uint64_t without,
                                                       std::uint64_t least,
                                                       std::uint64_t most) const;
  // Milliseconds since 1970, as nanoseconds.
  [[nodiscard]] Result<std::uint64_t, ApiError> time_ns(std::string_view name,
                                                        std::uint64_t without) const;
  [[nodiscard]] Result<bool, ApiError> flag(
      std::string_view name) const; // 0, 1, true, false; absent: false
  // One of these; the first one where it is absent.
  [[nodiscard]] Result<std::string, ApiError> one_of(
      std::string_view name, std::initializer_list<std::string_view> choices) const;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

ApiError bad(std::string_view parameter, std::string message);

// The names that make up a Query, and the query they make.
inline constexpr std::array<std::string_view, 12> kQueryNames{
    "host", "method",     "status",  "path",   "latency", "min-latency",
    "text", "connection", "process", "sensor", "from",    "to"};
Result<Query, ApiError> parse_query(const Parameters& parameters);

} // namespace xdpcap::web
