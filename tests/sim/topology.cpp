#include "sim/topology.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "engine/pipeline_options.hpp"

namespace xdpcap::sim {

SimSource::Burst SimSource::receive() {
  last_.clear();
  for (std::size_t n = std::min(waiting_.size(), burst_max); n > 0; --n) {
    const auto [frame, number] = waiting_.front();
    waiting_.pop_front();
    // Each in memory of its own size, so that the address sanitizer sees a read behind its end.
    bytes_.push_back(std::make_unique<std::vector<std::byte>>(frame->bytes));
    wire::Frame lent;
    lent.bytes = *bytes_.back();
    lent.wire_length = frame->wire_length;
    lent.arrived = instant_from_ns(frame->at_us * 1000);
    lent_.push_back(lent);
    last_.push_back(number);
  }
  return {*this, now_};
}

void SimSource::take_back() noexcept {
  for (const auto& bytes : bytes_) std::fill(bytes->begin(), bytes->end(), std::byte{0xdd});
  bytes_.clear();
  lent_.clear();
}

void SimSource::arrive(const Frame& frame, std::size_t number) {
  waiting_.emplace_back(&frame, number);
}

namespace {

struct Member {
  Member(const Scenario& scenario, std::size_t shard, const tcp::HashSeed& seed)
      : lane{{.normal_batches = scenario.plan.normal_batches,
              .large_batches = scenario.plan.large_batches,
              .large_bytes = scenario.plan.large_batch_bytes},
             static_cast<std::uint16_t>(shard),
             bell},
        encoder{publish::EncoderOptions{
                    .sensor = "sim", .max_body = scenario.plan.body_max, .reveal = true},
                lane},
        pipeline{engine::pipeline_options(scenario.config, scenario.plan, scenario.config.checksums,
                                          seed, shard),
                 encoder},
        next_seq(codec::kTopics) {}

  publish::Doorbell bell;
  publish::BatchLane lane;
  publish::Encoder encoder;
  engine::Pipeline pipeline;
  SimSource source;
  std::vector<std::uint64_t> next_seq; // of its batches, as read
  bool ended = false;
};

class Run {
 public:
  Run(const Scenario& scenario, const Traffic& traffic, Random& random)
      : scenario_(scenario),
        traffic_(traffic),
        random_(random),
        hash_seed_{random.next(), random.next()} {
    const std::size_t workers = scenario.workers;
    if (workers > 1) {
      hand_over_.emplace(workers, scenario.plan.hand_over_lane);
      symmetry_.emplace();
      shared_.hand_over = &*hand_over_;
      shared_.symmetry = &*symmetry_;
      shared_.handing_over = scenario.hand_over == engine::HandOverMode::on;
    }
    shared_.frames_left = scenario.config.frames_max;
    for (std::size_t i = 0; i < workers; ++i) {
      Member& member = *members_.emplace_back(std::make_unique<Member>(scenario, i, hash_seed_));
      workers_.push_back(std::make_unique<engine::QueueWorker<SimSource>>(
          i, member.source, member.pipeline, shared_, tcp::FlowHash{hash_seed_}, nullptr));
    }
    outcome_.delivered.resize(traffic.frames.size());
  }

  Outcome go() {
    const std::size_t last = std::min(traffic_.frames.size(), scenario_.stops_after);
    while (next_ < last && shared_.frames_left.load() != 0) {
      if (random_.chance(0.4)) arrive(last);
      step(random_.below(members_.size()));
      take_batches(random_.chance(scenario_.publisher_pace));
    }
    stop();
    while (!all_ended()) {
      step(random_.below(members_.size()));
      take_batches(random_.chance(scenario_.publisher_pace));
    }
    finish();
    return std::move(outcome_);
  }

 private:
  // Some frames come in, as long as no worker is left too far behind.
  void arrive(std::size_t last) {
    for (std::size_t n = random_.between(1, 1 + random_.skewed(100)); n > 0 && next_ < last; --n) {
      const Frame& frame = traffic_.frames[next_];
      // Fragments come by another queue, and nothing shows that a SYN is still under way.
      const bool other_queue =
          frame.is_fragment != std::exchange(last_was_fragment_, frame.is_fragment);
      if (other_queue || frame.at_us - swept_us_ > static_cast<std::int64_t>(scenario_.skew_us))
        sweep(frame.at_us);
      const Instant now = instant_from_ns(frame.at_us * 1000);
      for (const auto& member : members_) member->source.advance(now);
      const std::size_t number = next_++;
      if (frame.is_lost) continue;
      SimSource& source = members_[queue_of(frame)]->source;
      if (source.waiting() >= scenario_.ring) {
        ++outcome_.ring_full;
        shared_.capture_loss_ns = frame.at_us * 1000;
        continue;
      }
      source.arrive(frame, number);
    }
  }
  // Every worker catches up with the wire.
  void sweep(std::int64_t now_us) {
    const auto is_behind = [](const auto& member) {
      return member->source.waiting() != 0 && !member->ended;
    };
    while (std::any_of(members_.begin(), members_.end(), is_behind))
      step(random_.below(members_.size()));
    for (std::size_t turn = 0; turn < 3 * members_.size(); ++turn) step(turn % members_.size());
    swept_us_ = now_us;
    // As Engine::tick() does.
    if (symmetry_ && symmetry_->split() != 0 &&
        scenario_.hand_over == engine::HandOverMode::automatic)
      shared_.handing_over = true;
  }
  // As receive-side scaling chooses it: fragments have no ports.
  std::size_t queue_of(const Frame& frame) const {
    const Connection& connection = traffic_.connections[frame.connection];
    const std::size_t side = connection.trace.passed[frame.passed].side;
    std::size_t hash = std::hash<std::string>{}(connection.envelope.client()) ^ hash_seed_.low;
    if (!frame.is_fragment) hash ^= connection.envelope.client_port() * 0x9e3779b97f4a7c15ULL;
    if (!scenario_.symmetric) hash ^= side * 0xff51afd7ed558ccdULL;
    return (hash ^ hash >> 29) % members_.size();
  }

  void step(std::size_t number) {
    Member& member = *members_[number];
    if (member.ended) return;
    const std::uint64_t before = shared_.frames_left.load();
    member.ended = !workers_[number]->step();
    const std::vector<std::size_t> burst = member.source.last_burst();
    std::size_t taken = burst.size();
    if (before != UINT64_MAX) taken = static_cast<std::size_t>(before - shared_.frames_left.load());
    for (std::size_t i = 0; i < taken; ++i) outcome_.delivered[burst[i]] = true;
    outcome_.beyond_count += burst.size() - taken;
  }
  [[nodiscard]] bool all_ended() const {
    return std::all_of(members_.begin(), members_.end(),
                       [](const auto& member) { return member->ended; });
  }
  void stop() {
    // A capture drains its sockets, a file is left where it is.
    if (random_.chance(0.3)) shared_.stopping = true;
    for (const auto& member : members_) member->source.stop();
  }
  // In the order of Engine::finish().
  void finish() {
    for (const auto& worker : workers_) worker->drain();
    take_batches(true);
    for (const auto& member : members_) {
      member->pipeline.finish();
      take_batches(random_.chance(scenario_.publisher_pace));
    }
    take_batches(true);
    std::vector<const engine::Pipeline*> pipelines;
    for (const auto& member : members_) pipelines.push_back(&member->pipeline);
    outcome_.ledger = engine::make_ledger(pipelines, std::nullopt, {});
    for (std::size_t i = 0; i < members_.size(); ++i) note_leftovers(i);
  }
  void take_batches(bool does) {
    if (!does) return;
    for (const auto& member : members_) {
      while (publish::Batch* batch = member->lane.next()) {
        outcome_.published.take(*batch, member->next_seq);
        member->lane.recycle(batch);
      }
    }
  }
  void note_leftovers(std::size_t number) {
    const engine::Pipeline& pipeline = members_[number]->pipeline;
    const auto note = [&](const char* what, std::uint64_t count) {
      if (count != 0)
        outcome_.leftovers.push_back(fmt::format("worker {}: {} {}", number, count, what));
    };
    note("slabs of early bytes", pipeline.tracker().reassembler().out_of_order().slabs_in_use());
    note("frames held", pipeline.tracker().reassembler().frames_held());
    note("flows", pipeline.tracker().table().size());
    note("bytes of messages in progress", pipeline.workspace().memory_in_use());
    for (std::size_t other = 0; hand_over_ && other < members_.size(); ++other) {
      note("blocks in a lane", hand_over_->lane(number, other).empty() ? 0 : 1);
    }
    for (std::size_t topic = 0; topic < codec::kTopics; ++topic) {
      outcome_.published.batches_missing +=
          members_[number]->lane.next_seq(static_cast<codec::Topic>(topic)) -
          members_[number]->next_seq[topic];
    }
  }

  const Scenario& scenario_;
  const Traffic& traffic_;
  Random& random_;
  tcp::HashSeed hash_seed_;
  std::optional<engine::HandOver> hand_over_;
  std::optional<engine::Symmetry> symmetry_;
  engine::Shared shared_;
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<std::unique_ptr<engine::QueueWorker<SimSource>>> workers_;
  std::size_t next_ = 0;
  std::int64_t swept_us_ = 0;
  bool last_was_fragment_ = false;
  Outcome outcome_;
};

} // namespace

Outcome run(const Scenario& scenario, const Traffic& traffic, Random& random) {
  return Run{scenario, traffic, random}.go();
}

} // namespace xdpcap::sim
