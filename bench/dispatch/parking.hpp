#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <utility>

#include "core/spsc_ring.hpp"

namespace xdpcap::bench {

// A place where one thread sleeps until another one wakes it. std::atomic::wait
// would do, but yields several times before it sleeps, which among thousands of
// threads is the worst one can do.
class Bed {
 public:
  // Sleeps unless `is_ready()`, which is asked once more after the intention was made known.
  template <class IsReady>
  void sleep_unless(IsReady&& is_ready) noexcept {
    asleep_.store(1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!is_ready()) ::syscall(SYS_futex, &asleep_, FUTEX_WAIT_PRIVATE, 1, nullptr, nullptr, 0);
    asleep_.store(0, std::memory_order_relaxed);
  }
  // To be called after what makes `is_ready` true.
  void wake() noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (asleep_.load(std::memory_order_relaxed) == 0) [[likely]]
      return;
    asleep_.store(0, std::memory_order_relaxed);
    ::syscall(SYS_futex, &asleep_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }

 private:
  static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));
  std::atomic<std::uint32_t> asleep_{0};
};

// The engine's ring, whose ends sleep when there is nothing to do: the reader on
// an empty ring after `spins` looks, the writer on a full one.
template <class T>
class ParkingRing {
 public:
  explicit ParkingRing(std::size_t capacity, unsigned spins = 0) : ring_(capacity), spins_(spins) {}

  void push(const T& value) noexcept {
    while (!ring_.push(value)) {
      bool pushed = false;
      reader_.wake();
      writer_.sleep_unless([&] { return pushed = ring_.push(value); });
      if (pushed) break;
    }
    reader_.wake();
  }

  // Waits for something and hands all there is to `take`, the oldest first.
  template <class Take>
  void pop_all(Take&& take) noexcept {
    for (unsigned spin = 0; ring_.empty() && spin < spins_; ++spin) __builtin_ia32_pause();
    if (ring_.empty()) reader_.sleep_unless([&] { return !ring_.empty(); });
    while (auto value = ring_.pop()) take(*value);
    writer_.wake();
  }

 private:
  SpscRing<T> ring_;
  unsigned spins_;
  alignas(64) Bed reader_;
  alignas(64) Bed writer_;
};

} // namespace xdpcap::bench
