#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "apps/xdpcap_sub/terminal.hpp"
#include "consume/seen.hpp"

namespace xdpcap::sub {

using consume::Exchange;
using consume::Seen;

// Latencies in buckets that grow by a 64th; the middle of a bucket answers for it, so any quantile
// is right within 1 %. Room for a power of two is there once a latency of its size was.
class LatencyHistogram {
 public:
  void add(std::uint64_t ns);
  // The middle of the bucket that holds the quantile (0 to 1), and never less or more than what was
  // added; 0 where there is none.
  [[nodiscard]] std::uint64_t quantile(double fraction) const noexcept;
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

 private:
  static constexpr unsigned kStepBits = 6;
  static constexpr unsigned kSteps = 1U << kStepBits; // of each power of two
  using Power = std::array<std::uint32_t, kSteps>;

  std::array<std::unique_ptr<Power>, 64> powers_;
  std::uint64_t count_ = 0, least_ = UINT64_MAX, most_ = 0;
};

// Who is asked how often, how slow, with how many errors: by host and path
// (without the query). The number of rows is bounded; what comes later is summed up.
class Top {
 public:
  void add(const Exchange& exchange);
  // The busiest as a table, of at most `rows` lines (0: all), its heading among them. A last line
  // says how many are left out.
  [[nodiscard]] std::string table(const Terminal& terminal, std::size_t rows) const;

 private:
  static constexpr std::size_t kPlacesMax = 2000;
  struct Place {
    std::uint64_t requests = 0, client_errors = 0, server_errors = 0, unanswered = 0, bytes = 0;
    LatencyHistogram latencies;
  };
  std::unordered_map<std::string, Place> places_;
};

} // namespace xdpcap::sub
