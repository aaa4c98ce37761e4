#include "apps/xdpcap_web/store/ingest.hpp"

#include <fmt/core.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <exception>

namespace xdpcap::web {

std::uint64_t monotonic_now_ns() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

Result<std::unique_ptr<Ingest>, Error> Ingest::open(const consume::Sources& sources, Model& model) {
  auto receiver = consume::Receiver::open(sources);
  if (!receiver) return std::move(receiver).error();
  return std::unique_ptr<Ingest>(new Ingest(std::move(*receiver), model));
}

Ingest::~Ingest() {
  stop();
}

void Ingest::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "ingest");
    try {
      run();
    } catch (const std::exception& error) {
      const MutexLock lock{mutex_};
      failure_ =
          Error{ExitCode::output,
                fmt::format("receiving ended by an error it did not expect: {}", error.what())};
    }
  });
}

void Ingest::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Ingest::run() {
  using Clock = std::chrono::steady_clock;
  constexpr auto kTimeout = std::chrono::milliseconds(50);
  auto expired = Clock::now();
  while (!stopping_) {
    if (const auto received = receiver_->next(kTimeout)) on_received(*received);
    const auto now = Clock::now();
    if (now - expired < std::chrono::milliseconds(250)) continue;
    expired = now;
    damaged_ = receiver_->damaged();
    model_.expire(monotonic_now_ns());
  }
}

void Ingest::on_received(const consume::Received& received) {
  ++batches_;
  BatchPointer kept;
  model_.add(*received.batch, received.bytes, received.topic, received.lost, kept,
             monotonic_now_ns());
  if (kept == nullptr) return;
  const MutexLock lock{mutex_};
  for (BatchListener* listener : listeners_) listener->on_batch(kept, received.topic);
}

void Ingest::add(BatchListener* listener) {
  const MutexLock lock{mutex_};
  listeners_.push_back(listener);
}

void Ingest::remove(BatchListener* listener) {
  const MutexLock lock{mutex_};
  std::erase(listeners_, listener);
}

std::optional<Error> Ingest::failure() const {
  const MutexLock lock{mutex_};
  return failure_;
}

} // namespace xdpcap::web
