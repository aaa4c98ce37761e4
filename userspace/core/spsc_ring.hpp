#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "core/check.hpp"

namespace xdpcap {

// A bounded queue from exactly one writing thread to exactly one reading thread.
// Wait-free on both sides; never allocates after construction. A full ring
// answers false: what to do then (drop and count, or wait) is the writer's policy.
template <class T>
class SpscRing {
 public:
  // Room for at least `capacity` values; rounded up to a power of two.
  explicit SpscRing(std::size_t capacity) : slots_(std::bit_ceil(capacity < 2 ? 2 : capacity)) {}

  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  // Writer only.
  [[nodiscard]] bool push(T value) noexcept {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    XDPCAP_DCHECK(tail - head_seen_ <= slots_.size()); // else a second thread writes
    if (tail - head_seen_ == slots_.size()) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ == slots_.size()) return false;
    }
    slots_[tail & (slots_.size() - 1)] = std::move(value);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  // Reader only.
  [[nodiscard]] std::optional<T> pop() noexcept {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    XDPCAP_DCHECK(tail_seen_ - head <= slots_.size()); // else a second thread reads
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head == tail_seen_) return std::nullopt;
    }
    std::optional<T> value{std::move(slots_[head & (slots_.size() - 1)])};
    head_.store(head + 1, std::memory_order_release);
    return value;
  }

  [[nodiscard]] std::size_t capacity() const noexcept { return slots_.size(); }

  // Any thread; a moment's estimate.
  [[nodiscard]] bool empty() const noexcept {
    return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire);
  }

 private:
  static constexpr std::size_t kCacheLine = 64;

  std::vector<T> slots_;
  // Each side keeps what it last saw of the other beside its own index, so that
  // a ring neither full nor empty moves one cache line, not two.
  alignas(kCacheLine) std::atomic<std::size_t> tail_{0};
  std::size_t head_seen_ = 0;
  alignas(kCacheLine) std::atomic<std::size_t> head_{0};
  std::size_t tail_seen_ = 0;
};

} // namespace xdpcap
