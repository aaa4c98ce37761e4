#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "dispatch/harness.hpp"

namespace xdpcap::bench {

// What Google Benchmark shows of several runs: the one in the middle by packets/s,
// and how far the others are away.
inline void say(benchmark::State& state, std::vector<Measured> runs) {
  std::sort(runs.begin(), runs.end(),
            [](const Measured& a, const Measured& b) { return a.packets_per_s < b.packets_per_s; });
  const Measured& median = runs[runs.size() / 2];
  auto& counters = state.counters;
  counters["packets_per_s"] = median.packets_per_s;
  counters["packets_per_s_min"] = runs.front().packets_per_s;
  counters["packets_per_s_max"] = runs.back().packets_per_s;
  counters["ns_per_packet"] = 1e9 / median.packets_per_s;
  counters["cpu_s_per_million"] = median.cpu_us_per_packet;
  counters["switches_per_packet"] = median.switches_per_packet;
  counters["octets_per_stream"] = runs.back().octets_per_stream;
  counters["us_per_opening"] = median.us_per_opening;
  counters["p50_us"] = median.p50_us;
  counters["p99_us"] = median.p99_us;
  counters["p999_us"] = median.p999_us;
  counters["messages"] = static_cast<double>(median.messages);
  double violations = 0;
  for (const Measured& run : runs) violations += static_cast<double>(run.order_violations);
  counters["order_violations"] = violations;
}

} // namespace xdpcap::bench
