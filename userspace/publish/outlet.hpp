#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <zmq.hpp>

#include "codec/json.hpp"
#include "codec/topic.hpp"
#include "core/bytes.hpp"
#include "core/check.hpp"
#include "core/counters.hpp"
#include "core/error.hpp"

// Where batches go. All outlets are used by the publisher thread alone; their
// counters may be read by any. Exceptions of ZeroMQ end at the publisher.
namespace xdpcap::publish {

using SteadyInstant = std::chrono::steady_clock::time_point;

// A finished batch, borrowed while it is sent.
struct Outgoing {
  codec::Topic topic = codec::Topic::http;
  std::uint32_t records = 0;
  Bytes bytes;
};

enum class OutletCount : std::uint8_t {
  batches_published,
  batches_dropped,
  records_published,
  records_dropped,
  count_
};

// Bytes in messages that ZeroMQ has not let go of yet, with what each costs beside: what all queues
// together hold.
class InFlight {
 public:
  void add(std::size_t bytes) noexcept { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  void remove(std::size_t bytes) noexcept {
    const std::size_t before = bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    XDPCAP_CHECK(before >= bytes);
  }
  [[nodiscard]] std::size_t bytes() const noexcept {
    return bytes_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::size_t> bytes_{0};
};

// A copy of the batch that ZeroMQ may keep as long as it likes: a subscriber that
// stands still must never hold a worker's batch. Copies of the message share it.
zmq::message_t copy_to_message(Bytes bytes, InFlight& in_flight);

// What peers of a socket that publishes may send: a subscription, and what a handshake takes
// (an identity of 255 characters, a key). libzmq hangs up on who sends more.
inline constexpr std::int64_t kPeerMessageMax = 512;
inline constexpr std::int64_t kPeerMessageMaxCurve = 1536;
// For all kinds of sockets that are bound: what a peer may cost, in bytes and in time.
void limit_peers(zmq::socket_t& socket, bool curve);

// The live plane. Sends to whoever is there and has room. A subscriber that is
// slow loses its own batches, and learns it from topic_seq. The socket is an XPUB, which
// is a PUB that tells what is subscribed to: a topic nobody wants costs nothing.
//
// libzmq keeps each subscription of each peer for as long as it is connected, also in manual mode.
// Only what begins the name of a topic can ever match; of anything else kUnknownMax may be kept at
// a time, and whoever subscribes to more is hung up on, which frees what was kept for him.
class PubOutlet {
 public:
  PubOutlet(std::string name, zmq::socket_t socket)
      : name_(std::move(name)), socket_(std::move(socket)) {}

  [[nodiscard]] bool wants(codec::Topic topic) const noexcept;
  void send(const Outgoing& batch, const zmq::message_t& payload);
  // Reads subscriptions. Also makes libzmq look at its subscribers' credit, which
  // a busy sender does only every three million TSC ticks otherwise (a millisecond or so):
  // meanwhile it would drop for a subscriber that has long caught up.
  void service();
  // What is still queued has this long to reach its subscribers.
  void close(int linger_ms);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const Counters<OutletCount>& counters() const noexcept { return counters_; }
  [[nodiscard]] bool subscribed() const noexcept { return !prefixes_.empty(); }
  // Subscriptions to what is no topic, and peers that were hung up on, so far.
  [[nodiscard]] std::uint64_t unknown_subscriptions() const noexcept {
    return unknown_seen_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t peers_disconnected() const noexcept {
    return disconnected_.load(std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t kUnknownMax = 64;
  static constexpr int kChangesAtOnce = 64; // of subscriptions, before the next batch is sent

  void change(zmq::message_t& message);
  void disconnect(zmq::message_t& message);

  std::string name_;
  zmq::socket_t socket_;
  std::set<std::string, std::less<>> prefixes_; // of topics' names: 27 can be
  std::set<std::string, std::less<>> unknown_;
  std::atomic<std::uint64_t> unknown_seen_{0}, disconnected_{0};
  Counters<OutletCount> counters_;
};

// The work plane. A batch waits for room at one of the receivers, at most
// `timeout` (nothing: as long as it takes), then it is dropped and counted. It waits
// in a queue of its own, so nobody else waits with it.
class PushOutlet {
 public:
  PushOutlet(std::string name, zmq::socket_t socket,
             std::optional<std::chrono::milliseconds> timeout)
      : name_(std::move(name)), socket_(std::move(socket)), timeout_(timeout) {}

  void send(const Outgoing& batch, const zmq::message_t& payload, SteadyInstant now);
  void service(SteadyInstant now);
  // What waits is given up, and counted.
  void drop_waiting();
  void close(int linger_ms);

  [[nodiscard]] bool idle() const noexcept { return waiting_.empty(); }
  // It waits without limit and its queue is full: take no more batches.
  [[nodiscard]] bool blocked() const noexcept {
    return !timeout_ && waiting_.size() >= kWaitingMax;
  }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const Counters<OutletCount>& counters() const noexcept { return counters_; }

 private:
  struct Waiting {
    codec::Topic topic;
    std::uint32_t records;
    zmq::message_t payload;
    SteadyInstant since;
  };
  static constexpr std::size_t kWaitingMax = 256;

  bool try_send(Waiting& waiting);
  void drop(const Waiting& waiting) noexcept;

  std::string name_;
  zmq::socket_t socket_;
  std::optional<std::chrono::milliseconds> timeout_;
  std::deque<Waiting> waiting_;
  Counters<OutletCount> counters_;
};

// JSON lines on a descriptor, which stays the caller's. Waits while the reader is
// slow, from hurry() on so long for each piece at most; fails for good where the descriptor does (a
// closed pipe, a full disk, a reader that reads no more).
class JsonOutlet {
 public:
  JsonOutlet(int fd, codec::JsonOptions options, std::vector<codec::Topic> topics)
      : fd_(fd), options_(std::move(options)), topics_(std::move(topics)) {
    options_.drain = [this](std::string& lines) { drain(lines); };
  }
  JsonOutlet(const JsonOutlet&) = delete;
  JsonOutlet& operator=(const JsonOutlet&) = delete;

  // Any thread.
  void hurry(std::chrono::milliseconds timeout) noexcept { timeout_ms_.store(timeout.count()); }

  [[nodiscard]] bool wants(codec::Topic topic) const noexcept;
  void send(const Outgoing& batch);

  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }
  [[nodiscard]] const Counters<OutletCount>& counters() const noexcept { return counters_; }

 private:
  void drain(std::string& lines);
  bool write_all(std::string_view text);
  bool wait_for_room();

  std::atomic<std::int64_t> timeout_ms_{-1}; // none
  int fd_;
  codec::JsonOptions options_;
  std::vector<codec::Topic> topics_;
  std::string lines_;
  std::optional<Error> failure_;
  Counters<OutletCount> counters_;
};

} // namespace xdpcap::publish
