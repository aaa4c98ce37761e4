#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <system_error>

#include "dispatch/cases.hpp"
#include "dispatch/contenders.hpp"
#include "dispatch/harness.hpp"
#include "dispatch/report.hpp"

// xdpcap-bench: a thread for every stream, or a map? Every contender on every
// case, by the name `contender/case`; bench/dispatch/run.py runs each in a process
// of its own. Sizes come from the environment, because the names are made before
// options are read: XDPCAP_BENCH_PACKETS and XDPCAP_BENCH_SECONDS.
namespace xdpcap::bench {
namespace {

double setting(const char* name, double otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtod(text, nullptr);
}

template <Contender C>
void run(benchmark::State& state, const Factors& factors) {
  try {
    if (const std::string wrong = prove_apart<C>(factors); !wrong.empty()) {
      state.SkipWithError(wrong.c_str());
      return;
    }
    const Workload workload{factors,
                            static_cast<std::uint32_t>(setting("XDPCAP_BENCH_PACKETS", 2'000'000))};
    const Expected expected{{factors, false}, workload};
    std::vector<Measured> runs;
    for ([[maybe_unused]] auto _ : state) {
      runs.push_back(measure<C>(factors, workload, expected, setting("XDPCAP_BENCH_SECONDS", 0.5)));
      if (!runs.back().refused.empty()) {
        state.SkipWithError(runs.back().refused.c_str());
        return;
      }
      state.SetIterationTime(1 / runs.back().packets_per_s); // of one packet
    }
    if (!runs.empty()) say(state, std::move(runs));
  } catch (const std::system_error& refused) {
    state.SkipWithError(refused.what());
  }
}

} // namespace
} // namespace xdpcap::bench

int main(int argc, char** argv) {
  using namespace xdpcap::bench;
  for_each_contender([]<Contender C>() {
    for (const Case& chosen : cases()) {
      if (!has_workers<C>() && chosen.factors.workers != Factors{}.workers) continue;
      const std::string name = std::string{C::name} + "/" + chosen.name();
      benchmark::RegisterBenchmark(
          name.c_str(),
          [factors = chosen.factors](benchmark::State& state) { run<C>(state, factors); })
          ->UseManualTime()
          ->Iterations(static_cast<benchmark::IterationCount>(setting("XDPCAP_BENCH_RUNS", 3)));
    }
  });
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
