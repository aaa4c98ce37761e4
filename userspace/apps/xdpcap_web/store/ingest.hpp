#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "apps/xdpcap_web/store/batch_listener.hpp"
#include "apps/xdpcap_web/store/model.hpp"
#include "consume/receiver.hpp"
#include "core/error.hpp"
#include "core/mutex.hpp"
#include "core/result.hpp"

namespace xdpcap::web {

// The thread that receives: batches go into the model and to the listeners. It never waits for a
// browser.
class Ingest {
 public:
  static Result<std::unique_ptr<Ingest>, Error> open(const consume::Sources& sources, Model& model);
  ~Ingest();
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;

  void start();
  void stop();

  // A listener lives until it is removed, and is not called again after remove() came back. Any
  // thread.
  void add(BatchListener* listener);
  void remove(BatchListener* listener);

  [[nodiscard]] std::uint64_t damaged() const noexcept {
    return damaged_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t batches() const noexcept {
    return batches_.load(std::memory_order_relaxed);
  }
  // Why receiving ended by itself, if it did.
  [[nodiscard]] std::optional<Error> failure() const;

 private:
  Ingest(std::unique_ptr<consume::Receiver> receiver, Model& model)
      : receiver_(std::move(receiver)), model_(model) {}
  void run();
  void on_received(const consume::Received& received);

  std::unique_ptr<consume::Receiver> receiver_;
  Model& model_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> damaged_{0}, batches_{0};
  mutable Mutex mutex_;
  std::vector<BatchListener*> listeners_ XDPCAP_GUARDED_BY(mutex_);
  std::optional<Error> failure_ XDPCAP_GUARDED_BY(mutex_);
  std::thread thread_;
};

// Nanoseconds of a clock that only goes forward: ages do not change when the wall clock is set.
std::uint64_t monotonic_now_ns();

} // namespace xdpcap::web
