#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace xdpcap::engine {

// Watches whether both directions of a connection arrive at the same worker.
// Every worker notes the connections it meets; one that another worker met
// already is split. A fixed table of one word a connection, approximate on
// purpose: a collision forgets, it never invents.
class Symmetry {
 public:
  explicit Symmetry(std::size_t slots = 65536) : slots_(slots) {}

  // Any worker, when a segment opens a connection or answers an opening one.
  void meet(std::uint64_t hash, std::size_t worker) noexcept {
    const std::uint64_t mine = (hash & ~std::uint64_t{0xff}) | (worker + 1);
    auto& slot = slots_[(hash >> 16) % slots_.size()];
    const std::uint64_t there = slot.load(std::memory_order_relaxed);
    if (there == mine) return;
    if ((there ^ mine) < 256 && there != 0) split_.fetch_add(1, std::memory_order_relaxed);
    slot.store(mine, std::memory_order_relaxed);
  }

  // Connections seen at more than one worker.
  [[nodiscard]] std::uint64_t split() const noexcept {
    return split_.load(std::memory_order_relaxed);
  }

 private:
  std::vector<std::atomic<std::uint64_t>> slots_;
  std::atomic<std::uint64_t> split_{0};
};

} // namespace xdpcap::engine
