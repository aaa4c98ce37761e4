#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "dispatch/contender.hpp"
#include "dispatch/reference.hpp"
#include "usage.hpp"

namespace xdpcap::bench {

// One run of one contender, every packet of it checked.
struct Measured {
  std::string refused; // why there is no figure: the system refused, or the answer was wrong
  double packets_per_s = 0;
  double cpu_us_per_packet = 0; // of all threads
  double switches_per_packet = 0;
  double bytes_per_stream =
      0;                     // resident memory once all streams are open; 0 where they come and go
  double us_per_opening = 0; // of a stream: handshake and first exchange
  std::uint64_t order_violations = 0;
  std::uint64_t messages = 0;
  double p50_us = 0, p99_us = 0, p999_us = 0; // at half the packets_per_s of this run
};

// As many packets as last about `seconds` at this rate, in whole steps.
inline std::uint32_t packets_for(double seconds, double packets_per_s, std::uint32_t available) {
  const double steps =
      std::clamp(seconds * packets_per_s, 0.0, static_cast<double>(available)) / Expected::step;
  return std::max(static_cast<std::uint32_t>(steps), 1U) * Expected::step;
}

// Equal answers first: the same messages, byte for byte, in the order of each
// stream, on a small workload of the same kind.
template <Contender C>
std::string prove(Factors factors, std::uint32_t packets = 20000) {
  factors.streams = std::min(factors.streams, 300U);
  const Workload workload{factors, packets};
  const Setup setup{factors, true};
  C contender{setup};
  contender.run(workload.opening(), Pace{});
  const auto half = static_cast<std::uint32_t>(workload.steady().all.size() / 2);
  contender.run(workload.steady().slice(0, half), Pace{});
  contender.run(workload.steady().slice(half, UINT32_MAX), Pace{});
  Reference reference{setup};
  reference.run(workload.opening().all);
  reference.run(workload.steady().all);
  if (reference.tally().messages == 0) return "the workload itself is wrong";
  return contender.tally() == reference.tally() ? "" : "its answer is not the reference's";
}

// The same in a process of its own, so that nothing of it is left in the memory
// that is measured afterwards. To be called while there is no other thread.
template <Contender C>
std::string prove_apart(const Factors& factors) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::string wrong;
    try {
      wrong = prove<C>(factors);
    } catch (const std::exception& refused) {
      wrong = refused.what();
    }
    if (!wrong.empty()) std::fprintf(stderr, "%s\n", wrong.c_str());
    ::_exit(wrong.empty() ? 0 : 1);
  }
  int status = 1;
  if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0)
    return "its answer is not the reference's";
  return "";
}

// Opens the streams, finds out roughly how fast it is, measures about `seconds` in a
// closed loop, then as long in an open one at half that rate.
template <Contender C>
Measured measure(const Factors& factors, const Workload& workload, const Expected& expected,
                 double seconds) {
  Measured measured;
  const Setup setup{factors, false};
  const Input steady = workload.steady();
  const std::uint32_t total = expected.packets();
  const std::uint64_t resident_before = resident_bytes();
  const Usage before_opening = Usage::now();
  C contender{setup};
  contender.run(workload.opening(), Pace{});
  if (!factors.churn) {
    measured.us_per_opening = (Usage::now() - before_opening).wall_s * 1e6 / factors.streams;
    measured.bytes_per_stream = static_cast<double>(resident_bytes() - resident_before) /
                                static_cast<double>(factors.streams);
  }

  const auto closed_loop = [&](std::uint32_t from, std::uint32_t to) {
    const Input input = steady.slice(from, to);
    const Usage before = Usage::now();
    contender.run(input, Pace{});
    return Usage::now() - before;
  };
  // Until it says something: threads have to start, caches and pools to warm up.
  std::uint32_t at = 0;
  double rough = 1;
  for (std::uint32_t packets = Expected::step; at < total / 8; packets *= 2) {
    const Usage spent = closed_loop(at, at + packets);
    at += packets;
    rough = packets / spent.wall_s;
    if (spent.wall_s > seconds / 10) break;
  }

  const std::uint32_t closed = packets_for(seconds, rough, (total - at) / 3 * 2);
  const Usage spent = closed_loop(at, at + closed);
  at += closed;
  measured.packets_per_s = closed / spent.wall_s;
  measured.cpu_us_per_packet = spent.cpu_s * 1e6 / closed;
  measured.switches_per_packet = static_cast<double>(spent.switches) / closed;

  const double half = measured.packets_per_s / 2;
  std::vector<std::uint32_t> latencies(packets_for(seconds, half, total - at));
  const auto to = static_cast<std::uint32_t>(at + latencies.size());
  contender.run(steady.slice(at, to), Pace{half, at, latencies});
  std::sort(latencies.begin(), latencies.end());
  const auto percentile = [&](double part) {
    return latencies[static_cast<std::size_t>(part * static_cast<double>(latencies.size() - 1))] /
           1e3;
  };
  measured.p50_us = percentile(0.5);
  measured.p99_us = percentile(0.99);
  measured.p999_us = percentile(0.999);

  const Tally tally = contender.tally();
  measured.order_violations = tally.order_violations;
  measured.messages = tally.messages;
  if (tally != expected.after(to)) measured.refused = "its answer is not the reference's";
  return measured;
}

} // namespace xdpcap::bench
