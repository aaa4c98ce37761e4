#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/check.hpp"

namespace xdpcap {

// One exact counter for each value of an enum whose last value is `count_`.
// One thread adds; any thread may read while it does, and sees each counter
// whole. Adding is a plain load and store: no lock prefix on the hot path.
template <class Name>
class Counters {
 public:
  static constexpr std::size_t size = static_cast<std::size_t>(Name::count_);

  void add(Name name, std::uint64_t n = 1) noexcept {
    XDPCAP_DCHECK(name < Name::count_);
    auto& cell = cells_[static_cast<std::size_t>(name)];
    cell.store(cell.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get(Name name) const noexcept {
    XDPCAP_DCHECK(name < Name::count_);
    return cells_[static_cast<std::size_t>(name)].load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::array<std::uint64_t, size> snapshot() const noexcept {
    std::array<std::uint64_t, size> values{};
    for (std::size_t i = 0; i < size; ++i) values[i] = cells_[i].load(std::memory_order_relaxed);
    return values;
  }

 private:
  std::array<std::atomic<std::uint64_t>, size> cells_{};
};

} // namespace xdpcap
