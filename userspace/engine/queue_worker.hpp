#pragma once

#include <atomic>
#include <chrono>
#include <span>
#include <thread>

#include "capture/frame_source.hpp"
#include "core/check.hpp"
#include "engine/frame_log.hpp"
#include "engine/hand_over.hpp"
#include "engine/pipeline.hpp"
#include "engine/symmetry.hpp"
#include "tcp/flow_hash.hpp"

namespace xdpcap::engine {

// What workers share. Everything is optional: a lone worker shares nothing.
struct Shared {
  HandOver* hand_over = nullptr; // lanes between workers
  Symmetry* symmetry = nullptr;
  std::atomic<bool> handing_over{false}; // directions arrive apart: segments go to their owner
  std::atomic<bool> stopping{false};     // end now, whatever the source still has
  std::atomic<std::int64_t> capture_loss_ns{INT64_MIN}; // when the kernel side last dropped frames
  std::atomic<std::uint64_t> frames_left{UINT64_MAX};   // of -c COUNT
};

// One queue, one thread, one loop: a burst of frames comes in, each is decoded,
// its connection is found, its bytes become messages, and what the burst
// produced goes out. Frames go back when the burst ends.
template <capture::FrameSource Source>
class QueueWorker {
 public:
  QueueWorker(std::size_t number, Source& source, Pipeline& pipeline, Shared& shared,
              tcp::FlowHash hash, FrameLog* log)
      : number_(number),
        source_(source),
        pipeline_(pipeline),
        shared_(shared),
        hash_(hash),
        log_(log) {
    const HandOver* const lanes = shared.hand_over;
    XDPCAP_CHECK((lanes == nullptr) == (shared.symmetry == nullptr));
    XDPCAP_CHECK(lanes == nullptr ? !shared.handing_over : number < lanes->workers());
  }

  // Until the source is at its end or somebody says stop, and no other worker hands anything over
  // any more. The worker's thread. bench/engine/instructions.py counts what happens in here.
  [[gnu::noinline]] void run() noexcept {
    while (step()) {
      if (source_ended_) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }

  // One turn of run(). False when there is nothing more to come, and nobody hands anything over.
  bool step() noexcept {
    if (!source_ended_) [[likely]]
      return poll_once() || end_source();
    if (shared_.hand_over->all_sources_ended()) return false;
    receive_handed_in();
    pipeline_.end_burst(now_);
    pipeline_.flush();
    return true;
  }

  // The hot path. False when there is nothing more to come.
  bool poll_once() noexcept {
    const bool handing_over = shared_.handing_over.load(std::memory_order_relaxed);
    auto burst = source_.receive();
    const std::span<const wire::Frame> frames = allowed(burst.frames());
    for (const wire::Frame& frame : frames) {
      if (log_ != nullptr) [[unlikely]]
        log_->add(frame);
      const auto segment = pipeline_.decode(frame);
      if (segment.ok() && pipeline_.wants(*segment)) [[likely]]
        route(*segment, handing_over);
    }
    if (shared_.hand_over != nullptr) exchange();
    update_capture_loss();
    now_ = burst.now();
    pipeline_.end_burst(now_);
    // While more is waiting batches go on filling; when the wire falls silent nothing is held back.
    if (!source_.is_ready() || ++unflushed_ == kUnflushedMax) {
      unflushed_ = 0;
      pipeline_.flush();
    }
    if (log_ != nullptr) [[unlikely]]
      log_->offer();
    if (shared_.frames_left.load(std::memory_order_relaxed) == 0) [[unlikely]]
      return false;
    return !source_.finished() && !shared_.stopping.load(std::memory_order_relaxed);
  }

  // After run() of every worker has returned: takes what was still under way.
  void drain() noexcept {
    if (shared_.hand_over != nullptr) receive_handed_in();
    pipeline_.end_burst(now_);
    pipeline_.flush();
  }

 private:
  // What was to be handed over goes out now: there is no later burst. Answers whether others may
  // still hand something over.
  [[gnu::noinline]] bool end_source() noexcept {
    XDPCAP_CHECK(!source_ended_);
    source_ended_ = true;
    if (shared_.hand_over == nullptr) return false;
    for (std::size_t other = 0; other < shared_.hand_over->workers(); ++other) {
      if (other != number_) shared_.hand_over->lane(number_, other).flush();
    }
    shared_.hand_over->mark_source_ended();
    return true;
  }

  void route(const wire::Segment& segment, bool handing_over) noexcept {
    if (shared_.symmetry == nullptr) [[likely]] {
      pipeline_.accept(segment);
      return;
    }
    const std::uint64_t hash = hash_(segment.key);
    if (segment.flags.has(wire::TcpFlags::syn)) shared_.symmetry->meet(hash, number_);
    const std::size_t owner = handing_over ? shared_.hand_over->owner_of(hash) : number_;
    XDPCAP_DCHECK(owner < shared_.hand_over->workers());
    if (owner == number_) {
      pipeline_.accept(segment);
    } else {
      const bool sent = shared_.hand_over->lane(number_, owner).send(segment);
      pipeline_.frames().add(sent ? FrameCount::handed_over : FrameCount::hand_over_full);
    }
  }

  void exchange() noexcept {
    for (std::size_t other = 0; other < shared_.hand_over->workers(); ++other) {
      if (other != number_) shared_.hand_over->lane(number_, other).offer();
    }
    receive_handed_in();
  }

  void receive_handed_in() noexcept {
    for (std::size_t other = 0; other < shared_.hand_over->workers(); ++other) {
      if (other == number_) continue;
      const std::size_t segments =
          shared_.hand_over->lane(other, number_).receive([this](const wire::Segment& segment) {
            pipeline_.accept(segment);
          });
      pipeline_.frames().add(FrameCount::handed_in, segments);
    }
  }

  void update_capture_loss() noexcept {
    const std::int64_t at = shared_.capture_loss_ns.load(std::memory_order_relaxed);
    if (at == last_loss_ns_) return;
    last_loss_ns_ = at;
    pipeline_.update_capture_loss(instant_from_ns(at));
  }

  // What -c COUNT still allows of a burst: all workers together take exactly so many frames.
  std::span<const wire::Frame> allowed(std::span<const wire::Frame> frames) noexcept {
    std::uint64_t left = shared_.frames_left.load(std::memory_order_relaxed);
    if (left == UINT64_MAX) [[likely]]
      return frames;
    std::uint64_t taken = 0;
    do {
      taken = std::min<std::uint64_t>(left, frames.size());
    } while (!shared_.frames_left.compare_exchange_weak(left, left - taken));
    XDPCAP_CHECK(taken <= frames.size());
    pipeline_.frames().add(FrameCount::beyond_count, frames.size() - taken);
    return frames.first(taken);
  }

  // Bursts: a flow record may wait so long for company where frames never stop coming.
  static constexpr unsigned kUnflushedMax = 64;

  std::size_t number_;
  Source& source_;
  Pipeline& pipeline_;
  Shared& shared_;
  tcp::FlowHash hash_;
  FrameLog* log_;
  bool source_ended_ = false;
  unsigned unflushed_ = 0;
  Instant now_; // the packet clock at the last burst
  std::int64_t last_loss_ns_ = INT64_MIN;
};

} // namespace xdpcap::engine
