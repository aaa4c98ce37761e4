#pragma once

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

namespace xdpcap::bench {

// Streams that have ended, on their way back to the thread that made them. Any
// thread adds; one takes.
template <class T>
class EndedList {
 public:
  void add(T* ended) {
    const std::lock_guard lock{mutex_};
    list_.push_back(ended);
    is_empty_.store(false, std::memory_order_release);
  }
  // A moment's estimate, without the lock.
  [[nodiscard]] bool empty() const noexcept { return is_empty_.load(std::memory_order_acquire); }
  [[nodiscard]] std::vector<T*> take() {
    const std::lock_guard lock{mutex_};
    is_empty_.store(true, std::memory_order_relaxed);
    return std::exchange(list_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<T*> list_;
  std::atomic<bool> is_empty_{true};
};

} // namespace xdpcap::bench
