#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "capture/interface_capture.hpp"
#include "capture/live_ledger.hpp"
#include "capture/live_options.hpp"
#include "capture/live_source.hpp"
#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::capture {

// Live capture from one or more interfaces. Opening needs capabilities, and
// afterwards receiving, reading figures and stopping need none (putting back RSS
// settings and clsact filters of old kernels does: CAP_NET_ADMIN).
//
//   auto capture = LiveCapture::open(options);          main thread
//   ... one thread for each capture->workers(): receive from its source()
//   capture->check(), capture->ledger()                 main thread, now and then
//   capture->stop()                                     main thread: sources run dry and finish
//   ... join the workers
//   capture->close()                                    the final ledger; everything undone
//
// Frame::interface is the index into LiveOptions::interfaces.
class LiveCapture {
 public:
  static Result<LiveCapture, Error> open(const LiveOptions& options);

  // How many sockets open() would make, each with frames of its own: a tap has one for each worker.
  static Result<std::size_t, Error> count_queues(const LiveOptions& options);

  // Each interface spreads its queues over the workers in turn. A worker without
  // any queue, when there are more workers than queues, has a null source().
  [[nodiscard]] std::size_t workers() const noexcept { return worker_sources_.size(); }
  [[nodiscard]] LiveSource* source(std::size_t worker) const noexcept {
    return worker_sources_[worker].get();
  }

  // What was chosen and done, in sentences.
  [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }
  // Both directions of every connection come to one worker for sure: one queue,
  // a tap, or a NIC with symmetric RSS; and each connection on one interface.
  [[nodiscard]] bool symmetric() const noexcept;

  // Every interface is in tap mode.
  [[nodiscard]] bool only_taps() const noexcept;

  // Looks each second whether every interface is still seen, whatever the caller's
  // pace, and mends what it can; answers what a person should know. `at_end`: now, for
  // the last time.
  [[nodiscard]] std::vector<std::string> check(bool at_end = false);
  // False: every capture has ended by itself, nothing will come any more.
  [[nodiscard]] bool anything_left() const noexcept;
  // Why captures ended by themselves or miss frames now, in sentences; empty: none does.
  [[nodiscard]] std::string why_blind() const;

  // Any time until close(); see QueueLedger for what holds when.
  [[nodiscard]] LiveLedger ledger() const;

  // Lets nothing new in and has the sources finish once they are drained.
  // Returns within about a second; harmless when repeated.
  void stop();

  // After the workers have ended: the last figures, then everything is taken down.
  LiveLedger close();

 private:
  LiveCapture() = default;

  std::vector<std::string> notes_;
  std::chrono::steady_clock::time_point next_check_;
  std::vector<std::unique_ptr<InterfaceCapture>> interfaces_;
  std::vector<std::unique_ptr<LiveSource>> worker_sources_; // borrow from interfaces_
};

} // namespace xdpcap::capture
