#pragma once

#include <signal.h>

#include <chrono>

namespace xdpcap::run {

// Signals as answers to a question instead of interruptions. To be made before
// any thread, so that every thread leaves them to the one that asks.
class Signals {
 public:
  enum class Heard { nothing, stop, report };

  Signals() noexcept {
    ::sigemptyset(&set_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) ::sigaddset(&set_, signal);
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    ::signal(SIGPIPE, SIG_IGN); // a closed pipe is an error of write(), with a sentence
  }

  // Waits at most this long.
  [[nodiscard]] Heard wait(std::chrono::milliseconds patience) const noexcept {
    const timespec time{.tv_sec = patience.count() / 1000, .tv_nsec = patience.count() % 1000 * 1'000'000};
    const int signal = ::sigtimedwait(&set_, nullptr, &time);
    if (signal == SIGUSR1) return Heard::report;
    return signal > 0 ? Heard::stop : Heard::nothing;
  }

  // From now on a second SIGINT or SIGTERM ends the process at once.
  void release() const noexcept { ::pthread_sigmask(SIG_UNBLOCK, &set_, nullptr); }

 private:
  sigset_t set_{};
};

} // namespace xdpcap::run
