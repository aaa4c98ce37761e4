#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/check.hpp"
#include "core/poison.hpp"
#include "core/region.hpp"

namespace xdpcap {

// A fixed number of equal pieces of memory, handed out and taken back in LIFO
// order so that the piece used last, still warm in the cache, is used next. One
// thread. Everything is reserved in the constructor; an empty pool answers
// `none`, and the caller counts what it had to shed. AddressSanitizer reports who touches a slab
// that is free.
class SlabPool {
 public:
  using Index = std::uint32_t;
  static constexpr Index none = UINT32_MAX;

  // `slab_bytes` is rounded up to whole cache lines.
  SlabPool(std::size_t slab_bytes, std::size_t slabs)
      : slab_bytes_((slab_bytes + kCacheLine - 1) / kCacheLine * kCacheLine),
        slabs_(slabs),
        memory_(slab_bytes_ * slabs) {
    XDPCAP_CHECK(slab_bytes != 0 && slabs < none);
    free_.reserve(slabs);
  }
  ~SlabPool() { unpoison(memory_.data(), touched_ * slab_bytes_); }
  SlabPool(const SlabPool&) = delete;
  SlabPool& operator=(const SlabPool&) = delete;

  // An unused slab, its contents undefined, or `none`.
  [[nodiscard]] Index allocate() noexcept {
    Index slab = none;
    if (!free_.empty()) {
      slab = free_.back();
      free_.pop_back();
    } else if (touched_ < slabs_) {
      slab = static_cast<Index>(touched_++);
    } else {
      return none;
    }
    XDPCAP_DCHECK(slab < touched_);
    unpoison(at(slab), slab_bytes_);
    return slab;
  }

  // Gives back what allocate() handed out; each slab once.
  void release(Index slab) noexcept {
    XDPCAP_CHECK(slab < touched_);
    XDPCAP_CHECK(free_.size() < touched_); // else one of them was given back twice
    XDPCAP_DCHECK(!is_poisoned(at(slab))); // else this one was
    poison(at(slab), slab_bytes_);
    free_.push_back(slab);
  }

  [[nodiscard]] std::byte* at(Index slab) const noexcept {
    XDPCAP_DCHECK(slab < touched_);
    return memory_.data() + slab * slab_bytes_;
  }

  [[nodiscard]] std::size_t slab_bytes() const noexcept { return slab_bytes_; }
  [[nodiscard]] std::size_t slabs() const noexcept { return slabs_; }
  [[nodiscard]] std::size_t in_use() const noexcept { return touched_ - free_.size(); }
  [[nodiscard]] std::size_t available() const noexcept { return slabs_ - in_use(); }

 private:
  static constexpr std::size_t kCacheLine = 64;

  std::size_t slab_bytes_;
  std::size_t slabs_;
  Region memory_;
  std::vector<Index> free_; // never grows past its reservation
  std::size_t touched_ = 0; // slabs from here on were never used: their pages are not committed
};

} // namespace xdpcap
