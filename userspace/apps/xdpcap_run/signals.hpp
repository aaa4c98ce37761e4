#pragma once

#include <signal.h>
#include <unistd.h>

#include <chrono>

namespace xdpcap::run {

// Signals as answers to a question instead of interruptions. To be made before
// any thread, so that every thread leaves them to the one that asks.
//
//   SIGINT, SIGTERM     stop
//   SIGUSR1             report and go on
//   SIGHUP              report and go on, as a daemon's log rotation sends it; stop where standard
//                       error is a terminal, which hung up; nothing where it was ignored (nohup)
//   SIGUSR2, SIGALRM    nothing: they would end the process without a report
class Signals {
 public:
  enum class Request { nothing, stop, report };

  Signals() noexcept : has_terminal_(::isatty(STDERR_FILENO) == 1) {
    ::sigemptyset(&set_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
      struct sigaction inherited {};
      const bool is_ignored =
          ::sigaction(signal, nullptr, &inherited) == 0 && inherited.sa_handler == SIG_IGN;
      if (signal != SIGHUP || !is_ignored) ::sigaddset(&set_, signal);
    }
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    ::signal(SIGPIPE, SIG_IGN); // a closed pipe is an error of write(), with a sentence
    ::signal(SIGUSR2, SIG_IGN);
    ::signal(SIGALRM, SIG_IGN);
  }

  // Waits at most this long.
  [[nodiscard]] Request wait(std::chrono::milliseconds at_most) const noexcept {
    const timespec time{.tv_sec = at_most.count() / 1000,
                        .tv_nsec = at_most.count() % 1000 * 1'000'000};
    const int signal = ::sigtimedwait(&set_, nullptr, &time);
    if (signal == SIGUSR1 || (signal == SIGHUP && !has_terminal_)) return Request::report;
    return signal > 0 ? Request::stop : Request::nothing;
  }

  // From now on SIGINT or SIGTERM ends the process at once, if the calling thread is there to get
  // it; log rotation does not.
  void release() const noexcept {
    ::signal(SIGHUP, SIG_IGN);
    ::signal(SIGUSR1, SIG_IGN);
    ::pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
  }

 private:
  sigset_t set_{};
  bool has_terminal_;
};

} // namespace xdpcap::run
