#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "core/bytes.hpp"
#include "core/slab_pool.hpp"

namespace xdpcap {

// Bytes of unknown final length, kept in slabs of a pool. The chain does not own
// its pool and must be cleared into the pool it was filled from. One thread;
// never allocates. Two words and a half: it fits into any record.
class ByteChain {
 public:
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  // Copies `bytes` behind what is there. Answers how many it took: fewer where
  // the pool ran dry.
  std::size_t append(SlabPool& pool, Bytes bytes) noexcept {
    XDPCAP_DCHECK((first_ == SlabPool::none) == (size_ == 0));
    std::size_t taken = 0;
    while (taken < bytes.size()) {
      if (last_ == SlabPool::none || header(pool, last_)->used == room(pool)) {
        if (!grow(pool)) break;
      }
      Header* slab = header(pool, last_);
      XDPCAP_CHECK(slab->used < room(pool));
      const std::size_t piece =
          std::min<std::size_t>(room(pool) - slab->used, bytes.size() - taken);
      std::memcpy(pool.at(last_) + sizeof(Header) + slab->used, bytes.data() + taken, piece);
      slab->used += static_cast<std::uint32_t>(piece);
      taken += piece;
    }
    size_ += taken;
    return taken;
  }

  void clear(SlabPool& pool) noexcept {
    std::uint64_t held = 0;
    for (SlabPool::Index slab = first_; slab != SlabPool::none;) {
      const SlabPool::Index next = header(pool, slab)->next;
      held += header(pool, slab)->used;
      pool.release(slab);
      slab = next;
    }
    XDPCAP_CHECK(held == size_);
    *this = ByteChain{};
  }

 private:
  friend class Pieces;
  struct Header {
    SlabPool::Index next;
    std::uint32_t used;
  };

  static Header* header(const SlabPool& pool, SlabPool::Index slab) noexcept {
    return reinterpret_cast<Header*>(pool.at(slab));
  }
  static std::size_t room(const SlabPool& pool) noexcept {
    return pool.slab_bytes() - sizeof(Header);
  }

  bool grow(SlabPool& pool) noexcept {
    const SlabPool::Index slab = pool.allocate();
    if (slab == SlabPool::none) return false;
    *header(pool, slab) = {SlabPool::none, 0};
    XDPCAP_DCHECK(last_ == SlabPool::none || header(pool, last_)->next == SlabPool::none);
    (last_ == SlabPool::none ? first_ : header(pool, last_)->next) = slab;
    last_ = slab;
    return true;
  }

  SlabPool::Index first_ = SlabPool::none;
  SlabPool::Index last_ = SlabPool::none;
  std::uint64_t size_ = 0;
};

// A sequence of byte pieces to be walked once: what a chain holds, or one piece
// that lies elsewhere (a body that came whole in one frame is never copied to be
// looked at). Borrowed, as the pieces are.
class Pieces {
 public:
  Pieces() noexcept = default;
  explicit Pieces(Bytes single) noexcept : single_(single), size_(single.size()) {}
  Pieces(const ByteChain& chain, const SlabPool& pool) noexcept
      : pool_(&pool), first_(chain.first_), size_(chain.size_) {}

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  class Iterator {
   public:
    using value_type = Bytes;
    using difference_type = std::ptrdiff_t;
    Iterator() noexcept = default;
    Bytes operator*() const noexcept {
      if (slab_ == SlabPool::none) return single_;
      return {pool_->at(slab_) + sizeof(ByteChain::Header), ByteChain::header(*pool_, slab_)->used};
    }
    Iterator& operator++() noexcept {
      XDPCAP_DCHECK(!(*this == std::default_sentinel));
      single_ = {};
      if (slab_ != SlabPool::none) slab_ = ByteChain::header(*pool_, slab_)->next;
      return *this;
    }
    void operator++(int) noexcept { ++*this; }
    friend bool operator==(const Iterator& at, std::default_sentinel_t) noexcept {
      return at.slab_ == SlabPool::none && at.single_.empty();
    }

   private:
    friend class Pieces;
    Iterator(Bytes single, const SlabPool* pool, SlabPool::Index slab) noexcept
        : single_(single), pool_(pool), slab_(slab) {}
    Bytes single_;
    const SlabPool* pool_ = nullptr;
    SlabPool::Index slab_ = SlabPool::none;
  };

  [[nodiscard]] Iterator begin() const noexcept { return {single_, pool_, first_}; }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  Bytes single_;
  const SlabPool* pool_ = nullptr;
  SlabPool::Index first_ = SlabPool::none;
  std::uint64_t size_ = 0;
};

} // namespace xdpcap
