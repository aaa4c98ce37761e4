#include "engine/engine.hpp"

#include <fmt/core.h>
#include <pthread.h>
#include <sys/prctl.h>

#include <algorithm>
#include <chrono>

#include "core/check.hpp"
#include "core/live_clock.hpp"
#include "engine/memory_limit.hpp"
#include "engine/pipeline_options.hpp"

namespace xdpcap::engine {
namespace {

constexpr auto kStopTimeout = std::chrono::milliseconds{2000};

std::uint64_t losses_in(const capture::LiveLedger& live) {
  std::uint64_t losses = 0;
  for (const auto& interface : live.interfaces) {
    losses += interface.nic_missed + interface.tap.dropped();
    for (const auto& queue : interface.queues) {
      losses += queue.oversize + queue.socket.rx_dropped + queue.socket.rx_ring_full;
    }
  }
  return losses;
}

} // namespace

Result<std::unique_ptr<Engine>, Error> Engine::open(Config config) {
  std::unique_ptr<Engine> engine{new Engine(std::move(config))};
  engine->main_.check();
  const Config& wanted = engine->config_;
  const bool is_live = wanted.read_file.empty();
  auto limit =
      bound_memory(wanted.memory_limit, cgroup_memory_limit(), memory_of_host(), engine->notes_);
  if (!limit) return std::move(limit).error();
  std::size_t queues = 0;
  if (is_live) {
    auto counted = capture::LiveCapture::count_queues(wanted.live);
    if (!counted) return std::move(counted).error();
    queues = *counted;
  }
  auto plan = plan_memory({.limit = *limit,
                           .workers = is_live ? wanted.live.workers : 1,
                           .queues = queues,
                           .queue_batches = wanted.outputs.queue_batches,
                           .live = is_live,
                           .publishes = !wanted.outputs.pub.empty() || !wanted.outputs.push.empty(),
                           .host = engine->watches_host(),
                           .log = !wanted.write_file.empty(),
                           .body_max = wanted.body_max,
                           .head_max = wanted.head_max});
  if (!plan) return std::move(plan).error();
  engine->plan_ = *plan;
  engine->epoch_ns_ = utc_ns(LiveClock::now());
  // A file is replayed the same way each time; on a wire nobody may know the seed.
  if (is_live) engine->hash_seed_ = tcp::HashSeed::secret();

  if (auto planned = engine->plan_privileges(); !planned) return std::move(planned).error();
  if (auto opened = engine->open_source(); !opened) return std::move(opened).error();
  if (auto opened = engine->open_log(); !opened) return std::move(opened).error();
  if (auto opened = engine->open_host(); !opened) return std::move(opened).error();
  if (auto opened = engine->open_outputs(); !opened) return std::move(opened).error();
  if (auto dropped = engine->drop_privileges(); !dropped) return std::move(dropped).error();
  engine->make_workers();
  engine->make_host_encoder();
  if (engine->plan_.body_max < wanted.body_max) {
    engine->notes_.push_back(
        fmt::format("of a body at most {} KiB are kept, not {}: a larger --memory-limit keeps more",
                    engine->plan_.body_max >> 10, wanted.body_max >> 10));
  }
  if (is_live)
    engine->notes_.emplace_back(
        "capturing; Ctrl-C ends it"); // frames wait in the rings from here on
  return engine;
}

Engine::~Engine() {
  if (!finished_ && publisher_ != nullptr) (void)finish();
}

Result<void, Error> Engine::open_source() {
  if (config_.repeat_count != 0) {
    auto frames = capture::MemorySource::load(config_.read_file, config_.repeat_count);
    if (!frames) return std::move(frames).error();
    memory_.emplace(std::move(*frames));
    return {};
  }
  if (!config_.read_file.empty()) {
    auto file = capture::PcapSource::open(config_.read_file);
    if (!file) return std::move(file).error();
    file_.emplace(std::move(*file));
    return {};
  }
  capture::LiveOptions options = config_.live;
  options.filter = config_.filter;
  options.udp = config_.publish_datagrams;
  options.frames_per_queue = static_cast<std::uint32_t>(plan_.umem_frames);
  options.ring = options.frames_per_queue; // all of them may wait for the worker
  auto live = capture::LiveCapture::open(options);
  if (!live) return std::move(live).error();
  live_.emplace(std::move(*live));
  update_interfaces(live_->ledger());
  notes_.insert(notes_.end(), live_->notes().begin(), live_->notes().end());
  return {};
}

bool Engine::watches_host() const noexcept {
  return config_.read_file.empty() && config_.sockets_period.count() != 0;
}

Result<void, Error> Engine::open_host() {
  if (!watches_host()) return {};
  HostThreadOptions options;
  options.whole_host = config_.sockets_of_host;
  options.period = config_.sockets_period;
  for (const auto& interface : config_.live.interfaces)
    options.interfaces.push_back(interface.name);
  options.sockets_max = plan_.host_sockets;
  options.processes_max = plan_.host_processes;
  options.duties = duties_;
  host_ = std::make_unique<HostThread>(std::move(options));
  if (host_->failure()) return *host_->failure();
  notes_.insert(notes_.end(), host_->notes().begin(), host_->notes().end());
  return {};
}

Result<void, Error> Engine::open_log() {
  if (config_.write_file.empty()) return {};
  std::vector<capture::WrittenInterface> interfaces;
  if (file_) {
    for (const auto& interface : file_->interfaces())
      interfaces.push_back({interface.name, interface.link, 0});
  } else {
    for (const auto& interface : config_.live.interfaces)
      interfaces.push_back({interface.name, wire::LinkType::ethernet, 0});
  }
  auto writer = capture::PcapngWriter::open(config_.write_file, interfaces);
  if (!writer) return std::move(writer).error();
  log_ = std::make_unique<FrameLogWriter>(std::move(*writer), live_ ? live_->workers() : 1,
                                          plan_.log_blocks);
  return {};
}

Result<void, Error> Engine::open_outputs() {
  XDPCAP_CHECK(publisher_ == nullptr);
  publish::PublisherOptions options = config_.outputs;
  options.sensor = config_.sensor;
  options.epoch_ns = epoch_ns_;
  options.owner = owner_;
  options.confine_thread = [rights = duties_.traffic()] { sandbox::confine_or_abort(rights); };
  options.queue_batches = plan_.high_water_mark;
  options.connections_max = plan_.connections;
  options.queue_bytes_max = plan_.queue_bytes;
  if (config_.sink != Sink::zmq) {
    options.pub.clear();
    options.push.clear();
  }
  if (!live_) options.push_timeout.reset(); // nothing hurries a file
  options.publishes = topics();
  options.fill_stats = [this](publish::StatsBuilder& stats) { fill_stats(stats); };
  auto publisher = publish::Publisher::open(std::move(options));
  if (!publisher) return std::move(publisher).error();
  publisher_ = std::move(*publisher);
  for (const std::string& endpoint : publisher_->endpoints())
    notes_.push_back("publishing on " + endpoint);
  return {};
}

codec::TopicSet Engine::topics() const {
  using codec::Topic;
  codec::TopicSet topics;
  topics.add(Topic::http);
  topics.add(Topic::stats);
  if (config_.publish_flows) topics.add(Topic::flow);
  if (config_.segments != SegmentTopic::off) topics.add(Topic::tcp);
  if (config_.publish_datagrams) topics.add(Topic::udp);
  if (watches_host()) topics.add(Topic::socket);
  return topics;
}

// What the kernel puts into a tap is finished: even of this host's own segments the checksum is
// there. A mirror port shows what others sent.
wire::ChecksumMode Engine::checksum_mode() const {
  if (config_.checksums != wire::ChecksumMode::automatic || !live_) return config_.checksums;
  return live_->only_taps() ? wire::ChecksumMode::on : wire::ChecksumMode::mirrored;
}

template <class Source>
void Engine::add_worker(std::size_t number, Source& source) {
  auto worker = std::make_unique<Worker>();
  const std::size_t shard = workers_.size();
  XDPCAP_CHECK(number == shard);
  publish::BatchLane& lane = publisher_->add_lane(lane_of_worker(plan_));
  worker->encoder = std::make_unique<publish::Encoder>(
      publish::EncoderOptions{
          .sensor = config_.sensor,
          .epoch_ns = epoch_ns_,
          .when_full = live_ ? publish::WhenFull::drop : publish::WhenFull::wait,
          .max_body = plan_.body_max,
          .reveal = config_.reveal,
          .secrets = config_.secrets,
          .community_id = config_.community_id,
          .discard = config_.sink == Sink::null},
      lane);
  worker->pipeline = std::make_unique<Pipeline>(
      pipeline_options(config_, plan_, checksum_mode(), hash_seed_, shard), *worker->encoder);
  auto loop = std::make_shared<QueueWorker<Source>>(number, source, *worker->pipeline, shared_,
                                                    tcp::FlowHash{hash_seed_},
                                                    log_ != nullptr ? &log_->log(number) : nullptr);
  worker->run = [loop] { loop->run(); };
  worker->drain = [loop] { loop->drain(); };
  workers_.push_back(std::move(worker));
}

void Engine::make_workers() {
  XDPCAP_CHECK(workers_.empty() && publisher_ != nullptr);
  XDPCAP_CHECK(int{memory_.has_value()} + int{file_.has_value()} + int{live_.has_value()} == 1);
  shared_.frames_left = config_.frames_max;
  if (memory_) return add_worker(0, *memory_);
  if (file_) return add_worker(0, *file_);
  std::vector<std::size_t> with_source;
  for (std::size_t i = 0; i < live_->workers(); ++i) {
    if (live_->source(i) != nullptr) with_source.push_back(i);
  }
  plan_hand_over(with_source.size());
  for (std::size_t i = 0; i < with_source.size(); ++i)
    add_worker(i, *live_->source(with_source[i]));
}

// Its records wait for batches: a round may fill more of them than there are, and
// nobody but the host's thread waits.
void Engine::make_host_encoder() {
  if (host_ == nullptr) return;
  publish::BatchLane& lane = publisher_->add_lane(lane_of_host(plan_));
  host_encoder_ = std::make_unique<publish::Encoder>(
      publish::EncoderOptions{.sensor = config_.sensor,
                              .epoch_ns = epoch_ns_,
                              .when_full = publish::WhenFull::wait,
                              .reveal = config_.reveal,
                              .secrets = config_.secrets,
                              .discard = config_.sink == Sink::null},
      lane);
}

// Where the two directions of a connection may arrive at different workers,
// segments go to the worker that owns their connection from the first one on: a
// conversation is never followed by halves.
void Engine::plan_hand_over(std::size_t workers) {
  if (workers < 2) return;
  symmetry_ = std::make_unique<Symmetry>();
  hand_over_ = std::make_unique<HandOver>(workers, plan_.hand_over_lane);
  shared_.symmetry = symmetry_.get();
  shared_.hand_over = hand_over_.get();
  const bool on = config_.hand_over == HandOverMode::on ||
                  (config_.hand_over == HandOverMode::automatic && !live_->symmetric());
  shared_.handing_over = on;
  if (on)
    notes_.push_back(
        "the two directions of a connection may arrive on different queues: workers hand segments "
        "to the owner of the "
        "connection");
}

void Engine::start() {
  XDPCAP_CHECK(!finished_ && started_at_.time_since_epoch().count() == 0);
  publisher_->start();
  started_at_ = std::chrono::steady_clock::now();
  if (log_ != nullptr)
    log_->start([rights = duties_.traffic()] { sandbox::confine_or_abort(rights); });
  if (host_ != nullptr) host_->start(*host_encoder_, *publisher_);
  for (const auto& worker : workers_) {
    worker->thread = std::thread([&worker = *worker, rights = duties_.traffic()] {
      ::pthread_setname_np(::pthread_self(), "xdpcap-worker");
      sandbox::confine_or_abort(rights);
      ::prctl(PR_SET_TIMERSLACK, 1UL); // nanoseconds; by default every short wait is 50 us longer
      worker.run();
      worker.ended_at = std::chrono::steady_clock::now();
      worker.ended = true;
    });
  }
}

bool Engine::running() const noexcept {
  main_.check();
  if (publisher_->failed()) return false;
  if (live_ && !live_->anything_left()) return false;
  const auto ended = [](const auto& worker) { return worker->ended.load(); };
  // A worker whose interfaces are gone leaves the others at work; a file has one.
  return shared_.frames_left.load() != 0 && !std::all_of(workers_.begin(), workers_.end(), ended);
}

void Engine::hurry() noexcept {
  publisher_->hurry(kStopTimeout);
}

std::vector<std::string> Engine::tick(bool at_end) {
  main_.check();
  XDPCAP_CHECK(!finished_);
  std::vector<std::string> words;
  if (publisher_->endpoints_gone() != 0 && !std::exchange(reported_endpoint_, true)) {
    words.emplace_back(
        "the socket of an endpoint was removed: who subscribes goes on, but nobody new can come; "
        "start again to cure "
        "it");
  }
  if (log_ != nullptr && log_->failed() && !std::exchange(reported_log_, true)) {
    words.push_back(fmt::format("{}; the capture goes on without -w", log_->failure()));
  }
  if (!live_) return words;
  for (std::string& message : live_->check(at_end)) words.push_back(std::move(message));
  capture::LiveLedger seen = live_->ledger();
  update_losses(seen);
  update_interfaces(std::move(seen));
  if (const auto step = std::chrono::duration<double>(LiveClock::follow_utc()); step.count() != 0) {
    words.push_back(fmt::format(
        "the clock of this host was set by {:+.3f} s: records carry the new time from now on; "
        "timers and durations do not notice",
        step.count()));
  }
  if (symmetry_ != nullptr && symmetry_->split() != 0 && !shared_.handing_over &&
      config_.hand_over == HandOverMode::automatic) {
    shared_.handing_over = true;
    words.push_back(
        "connections arrive split over several queues: from now on workers hand segments to the "
        "owner of the "
        "connection");
  } else if (symmetry_ != nullptr && symmetry_->split() != 0 && !shared_.handing_over &&
             !reported_split_) {
    reported_split_ = true;
    words.push_back(
        "connections arrive split over several queues, and --hand-over is off: their halves are "
        "followed apart");
  }
  return words;
}

// What the kernel counts of a link goes with the link: the highest that was seen stays.
void Engine::update_interfaces(capture::LiveLedger seen) {
  const MutexLock lock{interfaces_mutex_};
  if (interfaces_) add_link_figures(seen, *interfaces_);
  interfaces_ = std::move(seen);
}

void Engine::update_losses(const capture::LiveLedger& live) {
  const std::uint64_t losses = losses_in(live);
  if (losses == losses_seen_) return;
  losses_seen_ = losses;
  shared_.capture_loss_ns = ns_since_1970(LiveClock::now());
}

void Engine::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
}

std::chrono::nanoseconds Engine::worked() const noexcept {
  auto last = started_at_;
  for (const auto& worker : workers_) {
    last = std::max(last, worker->ended ? worker->ended_at : std::chrono::steady_clock::now());
  }
  return last - started_at_;
}

Ledger Engine::finish() {
  main_.check();
  if (!finished_) {
    finished_ = true;
    // Sockets are drained, a file is left where it is.
    if (live_) live_->stop();
    if (!live_) shared_.stopping = true;
    for (const auto& worker : workers_) {
      if (worker->thread.joinable()) worker->thread.join();
    }
    for (const auto& worker : workers_) worker->drain();
    if (hand_over_ != nullptr) XDPCAP_CHECK(hand_over_->is_empty());
    for (const auto& worker : workers_) worker->pipeline->finish();
    if (host_ != nullptr) host_->stop();
    if (live_) {
      if (const std::string why = live_->why_blind(); !why.empty())
        fail({ExitCode::environment, why + "."});
      update_interfaces(live_->close());
    }
    if (log_ != nullptr) {
      for (std::size_t i = 0; i < workers_.size(); ++i) log_->log(i).flush();
      if (auto stopped = log_->stop(); !stopped) fail(std::move(stopped).error());
    }
    publisher_->stop(kStopTimeout);
    if (publisher_->failure()) fail(*publisher_->failure());
    if (file_ && file_->trouble()) fail(*file_->trouble());
  }
  return ledger();
}

} // namespace xdpcap::engine
