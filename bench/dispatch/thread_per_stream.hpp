#pragma once

#include <pthread.h>

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "dispatch/contender.hpp"
#include "dispatch/ended_list.hpp"
#include "dispatch/parking.hpp"
#include "dispatch/stream_map.hpp"

namespace xdpcap::bench {

// What a thread of a stream waits at: a mutex and condition variables around a
// list, taken whole.
class MutexInbox {
 public:
  static constexpr std::string_view contender = "thread_per_stream_mutex_condvar";

  void push(const Packet* packet) {
    std::unique_lock lock{mutex_};
    room_.wait(lock, [&] { return waiting_.size() < kRoom; });
    waiting_.push_back(packet);
    const bool was_empty = waiting_.size() == 1;
    lock.unlock();
    if (was_empty) some_.notify_one();
  }
  template <class Take>
  void pop_all(Take&& take) {
    {
      std::unique_lock lock{mutex_};
      some_.wait(lock, [&] { return !waiting_.empty(); });
      taken_.swap(waiting_);
    }
    room_.notify_one();
    for (const Packet* packet : taken_) take(packet);
    taken_.clear();
  }

  static constexpr std::size_t kRoom = 256;

 private:
  std::mutex mutex_;
  std::condition_variable some_, room_;
  std::vector<const Packet*> waiting_, taken_;
};

// The lock-free ring, and a futex where it is empty.
class RingInbox {
 public:
  static constexpr std::string_view contender = "thread_per_stream_ring_futex";

  void push(const Packet* packet) noexcept { ring_.push(packet); }
  template <class Take>
  void pop_all(Take&& take) noexcept {
    ring_.pop_all(take);
  }

 private:
  ParkingRing<const Packet*> ring_{MutexInbox::kRoom};
};

// A thread for every stream, made with its first packet, gone with its last one.
// One more thread receives and finds the thread of each packet. What a stream's
// thread works with is its own, memory too, and used again by later streams;
// a thread is always a new one.
template <class Inbox>
class ThreadPerStream {
 public:
  static constexpr std::string_view name = Inbox::contender;
  static constexpr bool has_workers = false;

  explicit ThreadPerStream(const Setup& setup) : setup_(setup) {
    actors_by_key_.reserve(setup.factors.streams);
  }
  ThreadPerStream(const ThreadPerStream&) = delete;
  ThreadPerStream& operator=(const ThreadPerStream&) = delete;
  ~ThreadPerStream() {
    for (auto& [key, actor] : actors_by_key_) actor->inbox.push(nullptr);
    for (auto& [key, actor] : actors_by_key_) ::pthread_join(actor->thread, nullptr);
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
      ++actor->sent;
      actor->inbox.push(&packet);
      if (!ended_.empty()) bury();
    }
    for (auto& [key, actor] : actors_by_key_) {
      while (actor->done.load(std::memory_order_acquire) != actor->sent) {
        std::this_thread::sleep_for(std::chrono::microseconds{20});
      }
    }
    bury();
  }

  [[nodiscard]] Tally tally() const {
    Tally sum;
    for (const Actor& actor : actors_) sum += actor.desk.tally();
    sum.strays += strays_;
    return sum;
  }

 private:
  struct Actor {
    Actor(ThreadPerStream& contender, bool digests) : owner(contender), desk({1, digests}) {}

    ThreadPerStream& owner;
    pthread_t thread{};
    std::uint64_t sent = 0; // the receiver's
    Inbox inbox;
    alignas(64) std::atomic<std::uint64_t> done{0};
    Stream stream; // from here on the thread's
    Desk desk;
  };

  static void* live(void* argument) {
    Actor& actor = *static_cast<Actor*>(argument);
    bool is_over = false;
    bool was_stopped = false;
    while (!is_over && !was_stopped) {
      actor.inbox.pop_all([&](const Packet* packet) {
        was_stopped |= packet == nullptr;
        if (packet == nullptr) return;
        is_over |= actor.desk.process(actor.stream, *packet, *actor.owner.pace_);
        actor.done.store(actor.done.load(std::memory_order_relaxed) + 1, std::memory_order_release);
      });
    }
    if (is_over) actor.owner.ended_.add(&actor);
    return nullptr;
  }

  Actor* actor_of(const Packet& packet) {
    const wire::FlowKey& key = packet.segment.key;
    if (const auto found = actors_by_key_.find(key); found != actors_by_key_.end())
      return found->second;
    if (!packet.segment.flags.has(wire::TcpFlags::syn)) return nullptr;
    try {
      Actor& actor = idle_.empty() ? actors_.emplace_back(*this, setup_.digests) : *idle_.back();
      start(actor);
      if (!idle_.empty()) idle_.pop_back();
      actors_by_key_.emplace(key, &actor);
      return &actor;
    } catch (const std::bad_alloc&) {
      refuse(ENOMEM); // memory maps run out at about the same place as threads do
    }
  }
  [[noreturn]] void refuse(int error) const {
    throw std::system_error(
        error, std::system_category(),
        "after " + std::to_string(actors_by_key_.size()) + " threads there can be no other one");
  }

  void start(Actor& actor) {
    actor.stream = Stream{};
    actor.sent = 0;
    actor.done.store(0, std::memory_order_relaxed);
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, kStackBytes);
    const int refused = ::pthread_create(&actor.thread, &attributes, &live, &actor);
    ::pthread_attr_destroy(&attributes);
    if (refused != 0) refuse(refused);
  }

  // Takes leave of the streams that have ended. Each packet of theirs is done.
  void bury() {
    for (Actor* actor : ended_.take()) {
      ::pthread_join(actor->thread, nullptr);
      actors_by_key_.erase(wire::FlowKey{actor->stream.tcp.key});
      idle_.push_back(actor);
    }
  }

  static constexpr std::size_t kStackBytes = std::size_t{64} << 10;

  Setup setup_;
  const Pace* pace_ = nullptr; // written while every thread sleeps at its inbox
  std::deque<Actor> actors_;
  std::vector<Actor*> idle_;
  boost::unordered_flat_map<wire::FlowKey, Actor*, KeyHash> actors_by_key_;
  EndedList<Actor> ended_;
  std::uint64_t strays_ = 0;
};

} // namespace xdpcap::bench
