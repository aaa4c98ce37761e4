#pragma once

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <array>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "core/spsc_ring.hpp"
#include "dispatch/contender.hpp"
#include "dispatch/ended_list.hpp"
#include "dispatch/stream_map.hpp"

namespace xdpcap::bench {

// A task for every stream on a fixed pool of threads, oneTBB's. One more thread
// receives, puts each packet into the ring of its stream, and hands the stream to
// the pool unless it is there already: so the packets of a stream stay in order,
// on whichever thread they are worked on. Desks are shared by streams, under a
// lock that is taken once for each run of a task.
class TaskPerStream {
 public:
  static constexpr std::string_view name = "task_per_stream_pool";

  explicit TaskPerStream(const Setup& setup)
      : threads_allowed_(tbb::global_control::max_allowed_parallelism, setup.factors.workers + 1),
        pool_(static_cast<int>(setup.factors.workers), 0) {
    pool_.initialize();
    actors_by_key_.reserve(setup.factors.streams);
    const std::uint32_t share = setup.factors.streams < kDesks
                                    ? setup.factors.streams
                                    : setup.factors.streams / kDesks * 2 + 64;
    for (auto& place : desks_) place = std::make_unique<Place>(DeskOptions{share, setup.digests});
  }

  void run(const Input& input, const Pace& pace) {
    pace_ = &pace;
    for (const Packet& packet : input.all) {
      pace.wait_for(packet.number);
      Actor* actor = actor_of(packet);
      if (actor == nullptr) {
        ++strays_;
        continue;
      }
      while (!actor->inbox.push(&packet)) std::this_thread::yield();
      ++actor->sent;
      wake(*actor);
      if (!ended_.empty()) bury();
    }
    for (auto& [key, actor] : actors_by_key_) {
      while (actor->done.load(std::memory_order_acquire) != actor->sent) {
        std::this_thread::sleep_for(std::chrono::microseconds{20});
      }
    }
    // A task that has done its packets may still have its last steps to go.
    while (tasks_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
    bury();
  }

  [[nodiscard]] Tally tally() const {
    Tally sum;
    for (const auto& place : desks_) sum += place->desk.tally();
    sum.strays += strays_;
    return sum;
  }

 private:
  static constexpr std::uint32_t kDesks = 64;
  static constexpr std::size_t kRoom = 256;
  static constexpr unsigned kPacketsAtOnce = 64; // then others have their turn

  struct alignas(64) Place {
    explicit Place(const DeskOptions& options) : desk(options) {}
    std::mutex mutex;
    Desk desk;
  };

  struct Actor {
    SpscRing<const Packet*> inbox{kRoom};
    std::uint64_t sent = 0; // the receiver's
    alignas(64) std::atomic<std::uint64_t> done{0};
    std::atomic<bool> is_scheduled{false};
    bool is_over = false;
    Place* place = nullptr;
    Stream stream;
  };

  void wake(Actor& actor) {
    if (actor.is_scheduled.exchange(true, std::memory_order_seq_cst)) return;
    schedule(actor);
  }
  void schedule(Actor& actor) {
    tasks_.fetch_add(1, std::memory_order_relaxed);
    pool_.enqueue([this, &actor] { work(actor); });
  }

  // A turn of one stream. One thread at a time: `is_scheduled` is its lock.
  void work(Actor& actor) {
    {
      const std::lock_guard lock{actor.place->mutex};
      std::uint64_t done = actor.done.load(std::memory_order_relaxed);
      for (unsigned i = 0; i < kPacketsAtOnce; ++i) {
        const auto packet = actor.inbox.pop();
        if (!packet) break;
        actor.is_over |= actor.place->desk.process(actor.stream, **packet, *pace_);
        ++done;
      }
      actor.done.store(done, std::memory_order_release);
    }
    if (actor.is_over) {
      ended_.add(&actor); // nothing follows the last packet
    } else {
      actor.is_scheduled.store(false, std::memory_order_seq_cst);
      std::atomic_thread_fence(
          std::memory_order_seq_cst); // or a packet could come unseen between the two
      if (!actor.inbox.empty()) wake(actor);
    }
    tasks_.fetch_sub(1, std::memory_order_release);
  }

  Actor* actor_of(const Packet& packet) {
    const wire::FlowKey& key = packet.segment.key;
    if (const auto found = actors_by_key_.find(key); found != actors_by_key_.end())
      return found->second;
    if (!packet.segment.flags.has(wire::TcpFlags::syn)) return nullptr;
    if (idle_.empty()) idle_.push_back(&actors_.emplace_back());
    Actor& actor = *idle_.back();
    idle_.pop_back();
    actor.sent = 0;
    actor.done.store(0, std::memory_order_relaxed);
    actor.is_over = false;
    actor.place = desks_[KeyHash{}(key) % kDesks].get();
    actor.stream = Stream{};
    actor.is_scheduled.store(false, std::memory_order_release);
    actors_by_key_.emplace(key, &actor);
    return &actor;
  }

  void bury() {
    for (Actor* actor : ended_.take()) {
      actors_by_key_.erase(wire::FlowKey{actor->stream.tcp.key});
      idle_.push_back(actor);
    }
  }

  tbb::global_control threads_allowed_;
  tbb::task_arena pool_;
  const Pace* pace_ = nullptr; // written while no task is there
  std::array<std::unique_ptr<Place>, kDesks> desks_;
  std::deque<Actor> actors_;
  std::vector<Actor*> idle_;
  boost::unordered_flat_map<wire::FlowKey, Actor*, KeyHash> actors_by_key_;
  EndedList<Actor> ended_;
  std::atomic<std::uint64_t> tasks_{0}; // in the pool
  std::uint64_t strays_ = 0;
};

} // namespace xdpcap::bench
