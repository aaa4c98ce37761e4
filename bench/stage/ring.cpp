#include <benchmark/benchmark.h>

#include <thread>

#include "core/spsc_ring.hpp"

// The ring between threads: both ends on one thread, then a writer and a reader
// that wait for each other by yielding.
namespace xdpcap::bench {
namespace {

void ring_one_thread(benchmark::State& state) {
  SpscRing<std::uint64_t> ring{1024};
  std::uint64_t next = 0;
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(ring.push(next++));
    benchmark::DoNotOptimize(ring.pop());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ring_one_thread);

void ring_two_threads(benchmark::State& state) {
  constexpr std::uint64_t kValues = 1'000'000;
  SpscRing<std::uint64_t> ring{static_cast<std::size_t>(state.range(0))};
  for ([[maybe_unused]] auto _ : state) {
    bool in_order = true;
    std::jthread reader{[&] {
      for (std::uint64_t expected = 0; expected < kValues;) {
        const auto value = ring.pop();
        if (!value) {
          std::this_thread::yield();
          continue;
        }
        in_order &= *value == expected++;
      }
    }};
    for (std::uint64_t next = 0; next < kValues;) {
      if (ring.push(next)) {
        ++next;
      } else {
        std::this_thread::yield();
      }
    }
    reader.join();
    if (!in_order) state.SkipWithError("values came out of order");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kValues));
}
BENCHMARK(ring_two_threads)->Arg(64)->Arg(4096)->UseRealTime();

} // namespace
} // namespace xdpcap::bench
