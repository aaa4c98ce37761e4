#include "publish/publisher.hpp"

#include <fmt/core.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "core/check.hpp"
#include "core/live_clock.hpp"
#include "publish/accept_limit.hpp"

namespace xdpcap::publish {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// From one lane before the next has its turn.
constexpr std::size_t kBatchesAtOnce = 16;
constexpr milliseconds kIdleTimeout{20};
constexpr milliseconds kPushRetry{1};

std::string cure_for(int failure) {
  switch (failure) {
    case EADDRINUSE:
      return "the address is in use; stop the process that has it, or choose another one";
    case EADDRNOTAVAIL:
    case ENODEV:
      return "this host has no such address; see `ip address`";
    case EACCES:
      return "not permitted; choose a directory of your own, or a port above 1023";
    default:
      return zmq_strerror(failure);
  }
}

EndpointReport report_of(std::string name, const Counters<OutletCount>& counters) {
  return {{std::move(name), counters.get(OutletCount::batches_published),
           counters.get(OutletCount::batches_dropped)},
          counters.get(OutletCount::records_published),
          counters.get(OutletCount::records_dropped)};
}

} // namespace

Publisher::Publisher(PublisherOptions options)
    : options_(std::move(options)), last_beat_(steady_clock::now()) {}

Result<std::unique_ptr<Publisher>, Error> Publisher::open(PublisherOptions options) {
  std::unique_ptr<Publisher> publisher(new Publisher(std::move(options)));
  const PublisherOptions& wanted = publisher->options_;
  if (!wanted.pub.empty() || !wanted.push.empty()) {
    if (auto limited = limit_connections(wanted.connections_max); !limited)
      return std::move(limited).error();
  }
  try {
    publisher->start_zmq();
    if (wanted.curve && !wanted.curve->allowed_clients.empty()) {
      publisher->zap_handler_.emplace(publisher->context_, wanted.curve->allowed_clients);
    }
    for (const std::string& endpoint : wanted.pub) {
      if (Result<void, Error> bound = publisher->bind(endpoint, false); !bound)
        return std::move(bound).error();
    }
    for (const std::string& endpoint : wanted.push) {
      if (Result<void, Error> bound = publisher->bind(endpoint, true); !bound)
        return std::move(bound).error();
    }
  } catch (const zmq::error_t& error) {
    return Error{ExitCode::output, fmt::format("cannot set up ZeroMQ: {}", error.what())};
  }
  if (wanted.json)
    publisher->json_.emplace(wanted.json->fd, wanted.json->options, wanted.json->topics);
  return publisher;
}

Publisher::~Publisher() {
  stop(milliseconds{0});
}

// ZeroMQ's threads begin with the first socket, and have from then on what the thread has that made
// it.
void Publisher::start_zmq() {
  if (options_.pub.empty() && options_.push.empty()) return;
  std::exception_ptr failure;
  std::thread([&] {
    try {
      if (options_.confine_thread) options_.confine_thread();
      zmq::socket_t(context_, zmq::socket_type::pub).close();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

Result<void, Error> Publisher::bind(const std::string& text, bool push) {
  Result<transport::Endpoint, Error> endpoint = transport::parse_endpoint(text);
  if (!endpoint) return std::move(endpoint).error();
  const bool curve = options_.curve && endpoint->transport == transport::Endpoint::Transport::tcp;
  if (!endpoint->is_local() && !curve && !options_.insecure) {
    return Error{ExitCode::usage,
                 fmt::format("{} can be reached from other hosts, and captured traffic would go "
                             "there in clear text; give "
                             "a key with --curve-secret-key-file, or say --insecure",
                             text)};
  }
  Result<bool, Error> created = transport::prepare_endpoint(*endpoint, options_.owner);
  if (!created) return std::move(created).error();
  if (*created) directories_.push_back(endpoint->directory());

  zmq::socket_t socket(context_, push ? zmq::socket_type::push : zmq::socket_type::xpub);
  socket.set(zmq::sockopt::sndhwm, options_.queue_batches);
  // Only where asked for: else 127.0.0.1 would be bound, and named, as a mapped IPv6 address.
  socket.set(zmq::sockopt::ipv6,
             endpoint->host == "*" || endpoint->host.find(':') != std::string::npos);
  socket.set(zmq::sockopt::linger, 0);
  limit_peers(socket, curve);
  // Each subscription is told, also to what another peer subscribed to before.
  if (!push) socket.set(zmq::sockopt::xpub_verbose, true);
  if (curve) apply(*options_.curve, socket);
  try {
    socket.bind(text);
  } catch (const zmq::error_t& error) {
    return Error{ExitCode::output,
                 fmt::format("cannot publish at {}: {}", text, cure_for(error.num()))};
  }
  bound_.push_back(socket.get(zmq::sockopt::last_endpoint));
  if (endpoint->transport == transport::Endpoint::Transport::ipc) {
    socket_files_.push_back(endpoint->path);
    if (auto opened = transport::open_socket_to(*endpoint, options_.owner); !opened) return opened;
  }
  push ? static_cast<void>(pushes_.emplace_back(text, std::move(socket), options_.push_timeout))
       : static_cast<void>(pubs_.emplace_back(text, std::move(socket)));
  return {};
}

BatchLane& Publisher::add_lane(const LaneShape& shape) {
  XDPCAP_CHECK(!thread_.joinable()); // the thread walks them
  XDPCAP_CHECK(lanes_.size() < UINT16_MAX);
  return lanes_.emplace_back(shape, static_cast<std::uint16_t>(lanes_.size()), doorbell_);
}

void Publisher::start() {
  XDPCAP_CHECK(!thread_.joinable() && !stopping_.load());
  thread_ = std::thread([this] {
    // Signals are for the main thread; SIGPIPE becomes EPIPE.
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    ::pthread_setname_np(::pthread_self(), "publisher");
    if (options_.confine_thread) options_.confine_thread();
    try {
      run();
    } catch (const std::exception& error) {
      fail({ExitCode::output, fmt::format("publishing ended: {}", error.what())});
    }
    for (BatchLane& lane : lanes_) lane.abandon();
  });
}

void Publisher::stop(milliseconds timeout) {
  stop_timeout_ms_.store(timeout.count());
  stopping_.store(true, std::memory_order_release);
  doorbell_.ring();
  if (thread_.joinable()) thread_.join();
  for (BatchLane& lane : lanes_) lane.abandon();
  remove_sockets();
}

std::optional<Error> Publisher::failure() const {
  const MutexLock lock(failure_mutex_);
  return failure_;
}

std::vector<EndpointReport> Publisher::report() const {
  std::vector<EndpointReport> reports;
  for (const PubOutlet& pub : pubs_) reports.push_back(report_of(pub.name(), pub.counters()));
  for (const PushOutlet& push : pushes_) reports.push_back(report_of(push.name(), push.counters()));
  if (json_) reports.push_back(report_of("json", json_->counters()));
  if (overflow_.get(OutletCount::batches_dropped) != 0)
    reports.push_back(report_of("queue limit", overflow_));
  return reports;
}

void Publisher::run() {
  while (!stopping_.load(std::memory_order_acquire) && !failed()) {
    bool worked = false;
    for (BatchLane& lane : lanes_) {
      if (!blocked()) worked = forward_lane(lane, kBatchesAtOnce) || worked;
    }
    const SteadyInstant now = steady_clock::now();
    service(now);
    if (now - last_beat_ >= options_.heartbeat) beat(false);
    if (!worked) {
      doorbell_.wait(timeout(now), [this] {
        if (stopping_.load(std::memory_order_acquire)) return true;
        return !blocked() && std::any_of(lanes_.begin(), lanes_.end(),
                                         [](const BatchLane& lane) { return lane.has_next(); });
      });
    }
  }
  drain(milliseconds{stop_timeout_ms_.load()});
}

// The end: everything that was handed over goes out, as long as somebody takes it.
void Publisher::drain(milliseconds timeout) {
  for (BatchLane& lane : lanes_) {
    while (forward_lane(lane, kBatchesAtOnce)) {
      while (blocked() && wait_for_receivers(timeout)) {
      }
    }
  }
  // The last heartbeat needs room in the queues, too.
  while (wait_for_receivers(timeout)) {
  }
  const bool somebody_stands_still = in_flight_.bytes() != 0;
  for (PushOutlet& push : pushes_) push.drop_waiting();
  beat(true);
  // For the heartbeat, and for what ZeroMQ has taken into its buffers.
  const auto linger = somebody_stands_still ? std::min(timeout, milliseconds{200}) : timeout;
  const int linger_ms = static_cast<int>(std::min<std::int64_t>(linger.count(), 60'000));
  for (PubOutlet& pub : pubs_) pub.close(linger_ms);
  for (PushOutlet& push : pushes_) push.close(linger_ms);
  zap_handler_.reset();
  context_.close();
}

// Waits until less is in flight. False: nothing is, or nobody took anything for so long.
bool Publisher::wait_for_receivers(milliseconds timeout) {
  const std::size_t before = in_flight_.bytes();
  const SteadyInstant deadline = steady_clock::now() + timeout;
  for (;;) {
    const SteadyInstant now = steady_clock::now();
    service(now);
    const std::size_t left = in_flight_.bytes();
    if (left == 0 || (left >= before && now >= deadline)) return false;
    if (left < before) return true;
    std::this_thread::sleep_for(kPushRetry);
  }
}

// Answers whether there was anything.
bool Publisher::forward_lane(BatchLane& lane, std::size_t batches_max) {
  std::size_t forwarded = 0;
  for (; forwarded < batches_max; ++forwarded) {
    Batch* batch = lane.next();
    if (batch == nullptr) break;
    schema::GetMutableBatch(batch->data())->mutate_published_ns(utc_ns(LiveClock::now()));
    forward({batch->topic, batch->records, batch->bytes()});
    lane.recycle(batch);
  }
  return forwarded != 0;
}

void Publisher::forward(const Outgoing& batch) {
  if (json_ && json_->wants(batch.topic)) {
    json_->send(batch);
    if (json_->failure()) fail(*json_->failure());
  }
  // Before each batch, not only each round: with I/O thread and worker on our
  // core, many batches can pass between two of our turns.
  for (PubOutlet& pub : pubs_) pub.service();
  const bool wanted = std::any_of(pubs_.begin(), pubs_.end(),
                                  [&](const PubOutlet& pub) { return pub.wants(batch.topic); });
  if (!wanted && pushes_.empty()) return;
  if (in_flight_.bytes() + batch.bytes.size() > options_.queue_bytes_max) {
    overflow_.add(OutletCount::batches_dropped);
    overflow_.add(OutletCount::records_dropped, batch.records);
    return;
  }
  const zmq::message_t payload = copy_to_message(batch.bytes, in_flight_);
  for (PubOutlet& pub : pubs_) {
    if (pub.wants(batch.topic)) pub.send(batch, payload);
  }
  const SteadyInstant now = pushes_.empty() ? SteadyInstant{} : steady_clock::now();
  for (PushOutlet& push : pushes_) push.send(batch, payload, now);
}

void Publisher::service(SteadyInstant now) {
  bool subscribed = false;
  codec::TopicSet wanted = pushes_.empty() ? codec::TopicSet{} : codec::TopicSet::all();
  for (PubOutlet& pub : pubs_) {
    pub.service();
    subscribed = subscribed || pub.subscribed();
  }
  for (const codec::Topic topic : codec::kRecordTopics) {
    const auto wants = [topic](const auto& outlet) { return outlet.wants(topic); };
    if (std::any_of(pubs_.begin(), pubs_.end(), wants) || (json_ && wants(*json_)))
      wanted.add(topic);
  }
  wanted_.store(wanted.bits(), std::memory_order_relaxed);
  subscribed_.store(subscribed, std::memory_order_relaxed);
  for (PushOutlet& push : pushes_) push.service(now);
  if (zap_handler_) zap_handler_->serve();
}

void Publisher::beat(bool last) {
  const SteadyInstant now = steady_clock::now();
  std::vector<record::TopicPosition> positions;
  // First how far each topic has come, then everything up to there is sent: a
  // heartbeat must never speak of batches that come behind it.
  for (BatchLane& lane : lanes_) {
    if (blocked()) break; // nothing can be sent, so nothing can be said
    for (const codec::Topic topic : codec::kRecordTopics) {
      positions.push_back({lane.shard(), name_of(topic), lane.next_seq(topic)});
    }
    forward_lane(lane, lane.batches());
  }
  const auto is_gone = [](const std::string& path) {
    return ::access(path.c_str(), F_OK) != 0 && errno == ENOENT;
  };
  endpoints_gone_ =
      static_cast<unsigned>(std::count_if(socket_files_.begin(), socket_files_.end(), is_gone));
  StatsBuilder stats;
  if (options_.fill_stats) options_.fill_stats(stats);
  add_peer_counts(stats);
  const std::vector<EndpointReport> reports = report();
  const std::vector<record::EndpointCounts> endpoints(reports.begin(), reports.end());
  std::vector<std::string_view> publishes;
  for (std::size_t i = 0; i < codec::kTopics; ++i) {
    if (options_.publishes.has(static_cast<codec::Topic>(i)))
      publishes.push_back(codec::kTopicNames[i]);
  }
  const Heartbeat heartbeat{
      .sensor = options_.sensor,
      .epoch_ns = options_.epoch_ns,
      .topic_seq = stats_seq_++,
      .stats = {.at_ns = utc_ns(LiveClock::now()),
                .interval_ns = static_cast<std::uint64_t>(
                    std::chrono::duration_cast<std::chrono::nanoseconds>(now - last_beat_).count()),
                .last = last,
                .counters = stats.counters(),
                .topics = positions,
                .endpoints = endpoints,
                .publishes = publishes}};
  last_beat_ = now;
  forward({codec::Topic::stats, 1, write_heartbeat(stats_builder_, heartbeat)});
}

void Publisher::add_peer_counts(StatsBuilder& stats) const {
  std::uint64_t unknown = 0, disconnected = 0;
  for (const PubOutlet& pub : pubs_) {
    unknown += pub.unknown_subscriptions();
    disconnected += pub.peers_disconnected();
  }
  stats.add("publish_unknown_subscriptions", unknown);
  stats.add("publish_peers_disconnected", disconnected);
  stats.add("publish_connections_refused", connections_refused());
  stats.add("health_endpoint_gone", endpoints_gone());
}

void Publisher::fail(Error error) {
  const MutexLock lock(failure_mutex_);
  if (!failure_) failure_ = std::move(error);
  failed_.store(true, std::memory_order_release);
}

bool Publisher::blocked() const noexcept {
  return std::any_of(pushes_.begin(), pushes_.end(),
                     [](const PushOutlet& push) { return push.blocked(); });
}

milliseconds Publisher::timeout(SteadyInstant now) const noexcept {
  for (const PushOutlet& push : pushes_) {
    if (!push.idle()) return kPushRetry;
  }
  const auto to_beat =
      std::chrono::duration_cast<milliseconds>(last_beat_ + options_.heartbeat - now);
  return std::clamp(to_beat, milliseconds{0}, kIdleTimeout);
}

void Publisher::remove_sockets() noexcept {
  for (const std::string& path : std::exchange(socket_files_, {})) ::unlink(path.c_str());
  for (const std::string& directory : std::exchange(directories_, {}))
    ::rmdir(directory.c_str()); // if empty
}

} // namespace xdpcap::publish
