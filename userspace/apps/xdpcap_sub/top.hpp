#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "apps/xdpcap_sub/terminal.hpp"
#include "consume/seen.hpp"

namespace xdpcap::sub {

using consume::Exchange;
using consume::Seen;

// Latencies in buckets that grow by an eighth: any quantile is right within 13 %,
// in constant memory.
class LatencyHistogram {
 public:
  void add(std::uint64_t ns) noexcept;
  // The largest value of the bucket that holds the quantile (0 to 1); 0 where there is none.
  [[nodiscard]] std::uint64_t quantile(double fraction) const noexcept;
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

 private:
  static constexpr unsigned kSteps = 8; // of each power of two
  static constexpr unsigned kBuckets = 64 * kSteps;
  static unsigned bucket_of(std::uint64_t ns) noexcept;

  std::array<std::uint32_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
};

// Who is asked how often, how slow, with how many errors: by host and path
// (without the query). The number of rows is bounded; what comes later is summed up.
class Top {
 public:
  void add(const Exchange& exchange);
  // The busiest `rows` (0: all) as a table.
  [[nodiscard]] std::string table(const Terminal& terminal, std::size_t rows) const;

 private:
  static constexpr std::size_t kPlacesMax = 2000;
  struct Place {
    std::uint64_t requests = 0, client_errors = 0, server_errors = 0, unanswered = 0, octets = 0;
    LatencyHistogram latencies;
  };
  std::unordered_map<std::string, Place> places_;
};

} // namespace xdpcap::sub
