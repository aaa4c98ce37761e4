#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <zmq.hpp>

#include "codec/json.hpp"
#include "core/error.hpp"
#include "core/mutex.hpp"
#include "core/result.hpp"
#include "publish/batch.hpp"
#include "publish/outlet.hpp"
#include "publish/records.hpp"
#include "publish/stats_writer.hpp"
#include "transport/curve.hpp"
#include "transport/endpoint.hpp"
#include "transport/ipc_directory.hpp"

namespace xdpcap::publish {

// JSON lines on a descriptor that stays the caller's.
struct JsonOutput {
  int fd = 1;
  codec::JsonOptions options;
  std::vector<codec::Topic> topics{codec::Topic::http};
};

struct PublisherOptions {
  std::string sensor;
  std::uint64_t epoch_ns = 0;
  std::vector<std::string> pub, push; // endpoints; none at all: batches are taken and thrown away
  // High-water mark: batches that may wait for one subscriber or receiver. ZeroMQ
  // counts messages, not bytes, and cannot lower the mark of who is connected
  // (a reader that has reported nothing since is then never written to again).
  int queue_batches = 1024;
  // Bytes that all queues together may hold; batches in several queues count once.
  // Past it batches are dropped for everybody, and counted: only large bodies and
  // a receiver that stands still get there.
  std::size_t queue_bytes_max = std::size_t{256} << 20;
  // Subscribers and receivers of all endpoints together; who comes when there are as many is hung
  // up on.
  std::size_t connections_max = 256;
  // How long a batch waits for room at a PUSH endpoint. Nothing: for ever (for reading a file).
  std::optional<std::chrono::milliseconds> push_timeout = std::chrono::milliseconds{50};
  bool insecure = false;                       // allow TCP beyond loopback without CURVE
  std::optional<transport::CurveServer> curve; // for every TCP endpoint
  transport::Owner owner;                      // of a directory and socket made for ipc

  // Called first on each thread that is started here, ZeroMQ's included: gives up what it does not
  // need.
  std::function<void()> confine_thread;

  std::optional<JsonOutput> json;

  // What this capture fills when there is something to say: part of each heartbeat.
  codec::TopicSet publishes;

  std::chrono::milliseconds heartbeat{1000};
  // Called on the publisher thread before each heartbeat.
  std::function<void(StatsBuilder&)> fill_stats;
};

// What became of the records at an endpoint.
struct EndpointReport : record::EndpointCounts {
  std::uint64_t records_published = 0, records_dropped = 0;
};

// Owns ZeroMQ, the endpoints and the thread that sends. In this order:
// open(); add_lane() for each worker; start(); the workers' encoders close;
// stop(). All calls on one thread, except failed(), failure(), subscribed(), wants(), report().
class Publisher {
 public:
  // Binds the endpoints. Where one cannot be bound, the sentence says which and
  // what cures it, and nothing is left behind.
  static Result<std::unique_ptr<Publisher>, Error> open(PublisherOptions options);
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // The lane of one worker; it lives as long as the publisher. Shards count from 0.
  BatchLane& add_lane(const LaneShape& shape);
  void start();
  // Any time after open(): JSON lines that nobody reads hold up the end no longer than this.
  void hurry(std::chrono::milliseconds timeout) noexcept {
    if (json_) json_->hurry(timeout);
  }
  // Sends what is in the lanes and one last heartbeat, waits as long as receivers take
  // something at least once in `timeout`, closes, and removes socket files. May be
  // called again.
  void stop(std::chrono::milliseconds timeout);

  // Output failed for good (a closed pipe): the engine should end with failure().
  [[nodiscard]] bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }
  [[nodiscard]] std::optional<Error> failure() const;
  // Somebody subscribes to a PUB endpoint.
  [[nodiscard]] bool subscribed() const noexcept {
    return subscribed_.load(std::memory_order_relaxed);
  }
  // Somebody takes this topic: a subscriber, a PUSH endpoint, JSON lines.
  [[nodiscard]] bool wants(codec::Topic topic) const noexcept {
    return codec::TopicSet::of_bits(wanted_.load(std::memory_order_relaxed)).has(topic);
  }
  // What became of the batches at each endpoint so far.
  [[nodiscard]] std::vector<EndpointReport> report() const;
  // Sockets of ipc endpoints that somebody removed: who subscribes goes on, and nobody new comes
  // in.
  [[nodiscard]] unsigned endpoints_gone() const noexcept {
    return endpoints_gone_.load(std::memory_order_relaxed);
  }
  // As bound: tcp://127.0.0.1:* has got its port.
  [[nodiscard]] const std::vector<std::string>& endpoints() const noexcept { return bound_; }
  // For inproc subscribers, which must be gone before the publisher is.
  [[nodiscard]] zmq::context_t& context() noexcept { return context_; }

 private:
  explicit Publisher(PublisherOptions options);

  void start_zmq();
  Result<void, Error> bind(const std::string& text, bool push);
  void run();
  void drain(std::chrono::milliseconds timeout);
  bool wait_for_receivers(std::chrono::milliseconds timeout);
  bool forward_lane(BatchLane& lane, std::size_t batches_max);
  void forward(const Outgoing& batch);
  void service(SteadyInstant now);
  void beat(bool last);
  void add_peer_counts(StatsBuilder& stats) const;
  void fail(Error error);
  [[nodiscard]] bool blocked() const noexcept;
  [[nodiscard]] std::chrono::milliseconds timeout(SteadyInstant now) const noexcept;
  void remove_sockets() noexcept;

  PublisherOptions options_;
  InFlight in_flight_; // outlives the context, whose threads count down
  zmq::context_t context_;
  std::optional<transport::ZapHandler> zap_handler_;
  std::deque<PubOutlet> pubs_;
  std::deque<PushOutlet> pushes_;
  std::optional<JsonOutlet> json_;
  std::vector<std::string> bound_;
  std::vector<std::string> socket_files_, directories_; // ours to remove

  Doorbell doorbell_;
  std::deque<BatchLane> lanes_;
  flatbuffers::FlatBufferBuilder stats_builder_;
  std::uint64_t stats_seq_ = 0;
  SteadyInstant last_beat_;
  Counters<OutletCount> overflow_; // dropped for all endpoints: queue_bytes_max

  std::atomic<bool> stopping_{false};
  std::atomic<std::int64_t> stop_timeout_ms_{0};
  std::atomic<unsigned> endpoints_gone_{0};
  std::atomic<bool> subscribed_{false};
  std::atomic<std::uint32_t> wanted_{0};
  std::atomic<bool> failed_{false};
  mutable Mutex failure_mutex_;
  std::optional<Error> failure_ XDPCAP_GUARDED_BY(failure_mutex_);
  std::thread thread_;
};

} // namespace xdpcap::publish
