#pragma once

#include <atomic>
#include <chrono>

namespace xdpcap::publish {

// How workers wake the publisher thread without a lock. ring() costs one atomic
// exchange while the publisher is awake, which is when it matters; only where it
// sleeps does it cost a system call.
//
// Nothing is missed: both sides exchange the same word, so either the worker sees
// that the publisher sleeps, or the publisher, before it sleeps, sees what the
// worker did before it rang.
class Doorbell {
 public:
  Doorbell(); // throws std::system_error where the process is out of descriptors
  ~Doorbell();
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  // Any thread.
  void ring() noexcept {
    if (asleep_.exchange(false, std::memory_order_acq_rel)) [[unlikely]]
      wake();
  }

  // The publisher only. Sleeps until somebody rings, at most `timeout`; not at
  // all where `busy()`, asked after the word was set, says there is work.
  template <class Busy>
  void wait(std::chrono::milliseconds timeout, Busy busy) noexcept {
    asleep_.exchange(true, std::memory_order_acq_rel);
    if (!busy()) sleep(timeout);
    asleep_.exchange(false, std::memory_order_acq_rel);
  }

 private:
  void wake() noexcept;
  void sleep(std::chrono::milliseconds timeout) noexcept;

  int event_fd_;
  std::atomic<bool> asleep_{false};
};

} // namespace xdpcap::publish
