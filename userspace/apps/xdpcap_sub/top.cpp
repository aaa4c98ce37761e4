#include "apps/xdpcap_sub/top.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace xdpcap::sub {

unsigned LatencyHistogram::bucket_of(std::uint64_t ns) noexcept {
  if (ns < kSteps) return static_cast<unsigned>(ns);
  const auto power = static_cast<unsigned>(std::bit_width(ns)) - 1;
  const auto step = static_cast<unsigned>(ns >> (power - 3)) & (kSteps - 1);
  return (power - 2) * kSteps + step;
}

void LatencyHistogram::add(std::uint64_t ns) noexcept {
  ++buckets_[bucket_of(ns)];
  ++count_;
}

std::uint64_t LatencyHistogram::quantile(double fraction) const noexcept {
  const auto rank = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (unsigned bucket = 0; bucket < kBuckets && count_ != 0; ++bucket) {
    seen += buckets_[bucket];
    if (seen < std::max<std::uint64_t>(rank, 1)) continue;
    if (bucket < kSteps) return bucket;
    const unsigned power = bucket / kSteps + 2;
    return ((std::uint64_t{kSteps} + bucket % kSteps + 1) << (power - 3)) -
           1; // the last bucket's end wraps to the largest number
  }
  return 0;
}

void Top::add(const Exchange& exchange) {
  if (!exchange.request || exchange.interim()) return;
  const Seen& request = *exchange.request;
  std::string name =
      (request.host.empty() ? request.server : request.host) + request.target.substr(0, request.target.find('?'));
  if (places_.size() >= kPlacesMax && !places_.contains(name)) name = "(others)";
  Place& place = places_[name];
  ++place.requests;
  if (!exchange.response) {
    ++place.unanswered;
    return;
  }
  place.client_errors += exchange.response->status / 100 == 4 ? 1U : 0U;
  place.server_errors += exchange.response->status / 100 == 5 ? 1U : 0U;
  place.octets += exchange.response->body_length;
  place.latencies.add(*exchange.latency_ns());
}

std::string Top::table(const Terminal& terminal, std::size_t rows) const {
  std::vector<const std::pair<const std::string, Place>*> order;
  for (const auto& place : places_) order.push_back(&place);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return a->second.requests != b->second.requests ? a->second.requests > b->second.requests : a->first < b->first;
  });
  if (rows != 0 && order.size() > rows) order.resize(rows);

  constexpr std::size_t kBeforeAddress = 9 + 7 + 7 + 8 + 10 + 10 + 9 + 2;
  const std::size_t space = terminal.columns > kBeforeAddress + 10 ? terminal.columns - kBeforeAddress : 0;
  std::string out = fmt::format("{:>9}{:>7}{:>7}{:>8}{:>10}{:>10}{:>9}  {}\n", "requests", "4xx", "5xx", "silent",
                                "p50", "p99", "body", "address");
  for (const auto* place : order) {
    const Place& p = place->second;
    const auto time = [&p](double fraction) {
      return p.latencies.count() == 0 ? "-" : duration_text(p.latencies.quantile(fraction));
    };
    std::string line =
        fmt::format("{:>9}{:>7}{:>7}{:>8}{:>10}{:>10}{:>9}  {}", p.requests, p.client_errors, p.server_errors,
                    p.unanswered, time(0.5), time(0.99), size_text(p.octets), printable(place->first, space));
    if (terminal.colour && p.server_errors != 0) line = fmt::format("\x1b[31m{}\x1b[0m", line);
    out += line + '\n';
  }
  return out;
}

} // namespace xdpcap::sub
