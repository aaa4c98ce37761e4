#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <random>
#include <unordered_map>

#include "engine/flow.hpp"
#include "tcp/flow_hash.hpp"
#include "tcp/flow_table.hpp"
#include "usage.hpp"

// Finding the record of a flow, at random among many, and touching its first line
// and the one of a direction, as the fast path does. Others' maps beside it.
namespace xdpcap::bench {
namespace {

struct KeyHash {
  using is_avalanching = void;
  std::size_t operator()(const wire::FlowKey& key) const noexcept {
    return tcp::FlowHash{{.low = 0x5eed}}(key);
  }
};

wire::FlowKey key_of(std::uint32_t number) {
  const auto at = [](std::uint32_t address, std::uint16_t port) {
    std::array<std::byte, 4> bytes{};
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::byte>(address >> (24 - 8 * i));
    return wire::Endpoint{wire::Address::from_v4(bytes.data()), port};
  };
  return {at(0x0a000001 + number / 50000, static_cast<std::uint16_t>(10000 + number % 50000)),
          at(0xc0a80001, 80)};
}

std::vector<wire::FlowKey> shuffled_keys(std::uint32_t flows) {
  std::vector<wire::FlowKey> keys;
  for (std::uint32_t i = 0; i < flows; ++i) keys.push_back(key_of(i));
  std::shuffle(keys.begin(), keys.end(), std::minstd_rand{7});
  return keys;
}

class Own {
 public:
  explicit Own(std::uint32_t flows) : table_(flows, tcp::HashSeed{.low = 0x5eed}) {}
  void add(const wire::FlowKey& key) { table_.create(key, table_.hash_of(key))->tcp.id = 1; }
  engine::Flow* find(const wire::FlowKey& key) { return table_.find(key, table_.hash_of(key)); }

 private:
  tcp::FlowTable<engine::Flow> table_;
};
class Nodes {
 public:
  explicit Nodes(std::uint32_t flows) { flows_.reserve(flows); }
  void add(const wire::FlowKey& key) { flows_[key].tcp.key = key; }
  engine::Flow* find(const wire::FlowKey& key) { return &flows_.find(key)->second; }

 private:
  std::unordered_map<wire::FlowKey, engine::Flow, KeyHash> flows_;
};
class Flat {
 public:
  explicit Flat(std::uint32_t flows) { flows_.reserve(flows); }
  void add(const wire::FlowKey& key) {
    auto flow = std::make_unique<engine::Flow>();
    flow->tcp.key = key;
    flows_.emplace(key, std::move(flow));
  }
  engine::Flow* find(const wire::FlowKey& key) { return flows_.find(key)->second.get(); }

 private:
  boost::unordered_flat_map<wire::FlowKey, std::unique_ptr<engine::Flow>, KeyHash> flows_;
};

template <class Map>
void flow_lookup(benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  const std::vector<wire::FlowKey> keys = shuffled_keys(flows);
  const std::uint64_t resident_before = resident_bytes();
  Map map{flows};
  for (std::uint32_t i = 0; i < flows; ++i) map.add(key_of(i));
  state.counters["bytes_per_flow"] =
      static_cast<double>(resident_bytes() - resident_before) / flows;
  std::size_t next = 0;
  std::uint64_t touched = 0;
  for ([[maybe_unused]] auto _ : state) {
    engine::Flow* flow = map.find(keys[next]);
    if (++next == keys.size()) next = 0;
    touched += flow->tcp.half[next & 1].packets++;
  }
  benchmark::DoNotOptimize(touched);
  state.SetItemsProcessed(state.iterations());
}

#define XDPCAP_SIZES ->Arg(1000)->Arg(100'000)->Arg(1'000'000)
BENCHMARK_TEMPLATE(flow_lookup, Own) XDPCAP_SIZES;
BENCHMARK_TEMPLATE(flow_lookup, Nodes) XDPCAP_SIZES;
BENCHMARK_TEMPLATE(flow_lookup, Flat) XDPCAP_SIZES;
#undef XDPCAP_SIZES

} // namespace
} // namespace xdpcap::bench
