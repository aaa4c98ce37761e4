#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "core/thread_annotations.hpp"

namespace xdpcap {

// A std::mutex whose use clang checks: what it guards says so with XDPCAP_GUARDED_BY, and touching
// that without the lock does not compile.
class XDPCAP_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() XDPCAP_ACQUIRE() { mutex_.lock(); }
  void unlock() XDPCAP_RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds a mutex until the end of its block.
class XDPCAP_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) XDPCAP_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() XDPCAP_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// A std::condition_variable for a Mutex. Waits end for no reason, too: wait in a loop that looks at
// what is waited for. (A predicate would be a function of its own, which holds no lock as far as
// clang knows.)
class CondVar {
 public:
  void wait(Mutex& mutex) XDPCAP_REQUIRES(mutex) {
    std::unique_lock<std::mutex> held(mutex.mutex_, std::adopt_lock);
    condition_.wait(held);
    held.release();
  }
  // False: it is `until`.
  bool wait_until(Mutex& mutex, std::chrono::steady_clock::time_point until)
      XDPCAP_REQUIRES(mutex) {
    std::unique_lock<std::mutex> held(mutex.mutex_, std::adopt_lock);
    const bool woken = condition_.wait_until(held, until) == std::cv_status::no_timeout;
    held.release();
    return woken;
  }
  void notify_one() noexcept { condition_.notify_one(); }
  void notify_all() noexcept { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

} // namespace xdpcap
