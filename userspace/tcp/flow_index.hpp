#pragma once

#include <bit>
#include <cstdint>

#include "core/check.hpp"
#include "core/region.hpp"

namespace xdpcap::tcp {

// Finds the slot of a flow by its hash: buckets of one cache line with ten
// 16-bit tags and ten 32-bit slots. A tag that fits only nominates a slot; the
// caller's `is_it(slot)` compares the key whole. Filled to about half, so a
// lookup touches one line and the record. All memory in the constructor. One
// thread.
class FlowIndex {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  explicit FlowIndex(std::uint32_t flows_max)
      : buckets_(std::bit_ceil(flows_max / 5 + 1)), memory_(buckets_ * sizeof(Bucket)) {
    XDPCAP_CHECK(std::has_single_bit(buckets_) && buckets_ * kCells > flows_max);
  }

  static std::size_t bytes_for(std::uint32_t flows_max) noexcept {
    return std::bit_ceil(flows_max / 5 + 1) * sizeof(Bucket);
  }

  template <class IsIt>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, IsIt&& is_it) const noexcept {
    const std::uint16_t tag = tag_of(hash);
    for (std::uint64_t at = home(hash);; ++at) {
      const Bucket& here = bucket(at);
      for (std::uint32_t cell = 0; cell < kCells; ++cell) {
        if (here.tags[cell] == tag && is_it(here.slots[cell])) return here.slots[cell];
      }
      if (here.passed == 0) [[likely]]
        return none;
      if (at - home(hash) == buckets_ - 1) return none; // each was full at some time
    }
  }

  // There is always room: the table of flows is never larger than `flows_max`.
  void insert(std::uint64_t hash, std::uint32_t slot) noexcept {
    for (std::uint64_t at = home(hash);; ++at) {
      Bucket& here = bucket(at);
      for (std::uint32_t cell = 0; cell < kCells; ++cell) {
        if (here.tags[cell] != 0) continue;
        here.tags[cell] = tag_of(hash);
        here.slots[cell] = slot;
        return;
      }
      ++here.passed;
      XDPCAP_CHECK(at - home(hash) < buckets_);
    }
  }

  // The slot must be in the index under this hash.
  void erase(std::uint64_t hash, std::uint32_t slot) noexcept {
    for (std::uint64_t at = home(hash);; ++at) {
      Bucket& here = bucket(at);
      for (std::uint32_t cell = 0; cell < kCells; ++cell) {
        if (here.tags[cell] == 0 || here.slots[cell] != slot) continue;
        XDPCAP_CHECK(here.tags[cell] == tag_of(hash));
        here.tags[cell] = 0;
        return;
      }
      XDPCAP_CHECK(here.passed != 0); // else it is not in the index
      --here.passed;
    }
  }

 private:
  static constexpr std::uint32_t kCells = 10;
  struct alignas(64) Bucket {
    std::uint16_t tags[kCells]; // 0: the cell is free
    std::uint32_t slots[kCells];
    std::uint32_t passed; // entries that wanted to be here and went on
  };
  static_assert(sizeof(Bucket) == 64);

  [[nodiscard]] std::uint64_t home(std::uint64_t hash) const noexcept { return hash >> 16; }
  static std::uint16_t tag_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint16_t>(hash | 1);
  }
  [[nodiscard]] Bucket& bucket(std::uint64_t at) const noexcept {
    return reinterpret_cast<Bucket*>(memory_.data())[at & (buckets_ - 1)];
  }

  std::uint64_t buckets_;
  Region memory_;
};

} // namespace xdpcap::tcp
