#include "sim/scenario.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace xdpcap::sim {
namespace {

constexpr std::int64_t kStart_us = 1'700'000'000'000'000;

// Most properties are off in most runs: a run that has everything at once hides what one of them
// does.
double sometimes(Random& random, double most) {
  return random.chance(0.35) ? most * static_cast<double>(1 + random.below(10)) / 10 : 0;
}

void choose_traffic(Scenario& scenario, Random& random) {
  scenario.connections = random.between(1, 1 + random.skewed(40));
  NetworkTraits& network = scenario.network;
  network.lost_before = sometimes(random, 0.08);
  network.lost_behind = sometimes(random, 0.08);
  network.repeated = sometimes(random, 0.1);
  network.delayed = sometimes(random, 0.3);
  network.resent = sometimes(random, 0.1);
  network.probes = sometimes(random, 0.05);
  network.delay_us = static_cast<std::int64_t>(random.between(20, 20 + random.skewed(30'000)));
  scenario.dialogue.exchanges_max = random.between(1, 1 + random.skewed(24));
  scenario.dialogue.body_max = random.one_of<std::size_t>({200, 4000, 4000, 20'000, 150'000});
  scenario.envelope.tunnels = random.chance(0.4);
  scenario.envelope.fragmented = sometimes(random, 0.2);
  scenario.resets = sometimes(random, 0.5);
  scenario.reused_ports = sometimes(random, 0.6);
  scenario.stragglers = sometimes(random, 0.6);
  scenario.clocks = random.one_of({0.0, 0.7, 1.0});
  scenario.giant_segments = random.chance(0.2);
  if (random.chance(0.25)) scenario.lost_by_capture = random.one_of({0.002, 0.02, 0.1});
  if (random.chance(0.08)) scenario.envelope.snap_length = random.between(100, 600);
  if (random.chance(0.1)) scenario.joined_late = 0.1 * static_cast<double>(random.between(1, 9));
}

void choose_checksums(Scenario& scenario, Random& random) {
  using wire::ChecksumMode;
  scenario.config.checksums =
      random.one_of({ChecksumMode::on, ChecksumMode::mirrored, ChecksumMode::automatic});
  const bool can_offload = scenario.config.checksums != ChecksumMode::on;
  if (can_offload) scenario.offloads = sometimes(random, 1);
  // Where a forged segment differs from one that hardware was to finish.
  if (scenario.config.checksums != ChecksumMode::automatic && scenario.envelope.snap_length == 0)
    scenario.network.forged = sometimes(random, 0.3);
}

template <class Size>
void shrink(Size& size, Random& random, Size least) {
  size = std::max<Size>(size >> random.between(4, 16), least);
}

void choose_memory(Scenario& scenario, Random& random) {
  engine::MemoryWish wish;
  wish.workers = scenario.workers;
  wish.live = true;
  wish.limit = (std::size_t{64} << 20) * scenario.workers << random.below(4);
  wish.log = !scenario.config.write_file.empty();
  scenario.plan = *engine::plan_memory(wish);
  scenario.tiny_memory = random.chance(0.25);
  if (!scenario.tiny_memory) return;
  engine::MemoryPlan& plan = scenario.plan;
  if (random.chance(0.5)) shrink<std::uint32_t>(plan.flows, random, 2);
  if (random.chance(0.5)) shrink<std::uint32_t>(plan.half_open, random, 8);
  if (random.chance(0.5)) {
    shrink<std::size_t>(plan.out_of_order_store, random, 32 << 10);
    plan.out_of_order_bytes_max = static_cast<std::uint32_t>(plan.out_of_order_store / 4);
  }
  if (random.chance(0.5)) shrink<std::size_t>(plan.fragments, random, 0);
  if (random.chance(0.5)) shrink<std::size_t>(plan.http, random, 16 << 10);
  if (random.chance(0.5)) shrink<std::uint64_t>(plan.body_max, random, 100);
  if (random.chance(0.5)) plan.normal_batches = random.between(2, 6);
  if (random.chance(0.5)) plan.large_batches = random.below(3);
}

void choose_topology(Scenario& scenario, Random& random) {
  scenario.workers = random.chance(0.4) ? 1 : random.between(2, 4);
  scenario.symmetric = random.chance(0.4);
  using engine::HandOverMode;
  scenario.hand_over = random.one_of(
      {HandOverMode::on, HandOverMode::on, HandOverMode::automatic, HandOverMode::off});
  // Fragments come in by another queue than the rest, as they have no ports.
  if (scenario.workers > 1 && !scenario.hands_over()) scenario.envelope.fragmented = 0;
  if (!scenario.follows_whole()) {
    scenario.dialogue.heads_only = scenario.dialogue.odd_endings = false;
  }
  scenario.config.segments =
      random.one_of({engine::SegmentTopic::off, engine::SegmentTopic::off,
                     engine::SegmentTopic::headers, engine::SegmentTopic::payload});
  scenario.config.reveal = true;
  if (random.chance(0.1)) scenario.ring = random.between(4, 64);
  scenario.skew_us = random.one_of<std::size_t>({100, 1000, 20'000});
  scenario.publisher_pace = random.chance(0.8) ? 1 : 0.02;
  if (random.chance(0.15)) scenario.config.frames_max = random.between(1, 1 + random.skewed(3000));
  if (random.chance(0.2)) scenario.stops_after = random.between(1, 1 + random.skewed(4000));
}

TcpTraits tcp_traits(const Scenario& scenario, const Dialogue& dialogue, Random& random) {
  TcpTraits traits;
  traits.network = scenario.network;
  traits.clocks = random.chance(scenario.clocks);
  traits.small_segments = random.chance(0.2);
  traits.both_close = random.chance(0.1);
  for (const std::size_t side : {kClient, kServer}) {
    // Near the end of the numbers often, so that they wrap.
    traits.isn[side] = random.chance(0.5)
                           ? random.word()
                           : UINT32_MAX - static_cast<std::uint32_t>(random.below(3000));
    traits.clock_at[side] = random.chance(0.3)
                                ? UINT32_MAX - static_cast<std::uint32_t>(random.below(50))
                                : random.word();
    traits.window_scale[side] = random.chance(0.8) ? static_cast<int>(random.below(15)) : -1;
    traits.window[side] = static_cast<std::uint32_t>(random.one_of({4000, 30'000, 65'535, 65'535}));
    if (scenario.stalls > 0) { // a window that is full soon
      traits.window[side] = 4000;
      traits.window_scale[side] = std::min(traits.window_scale[side], 3);
    }
    traits.offloads[side] = random.chance(scenario.offloads);
    if (scenario.giant_segments && random.chance(0.5))
      traits.segment_max[side] = random.between(1460, 40'000);
  }
  const bool scaled = traits.window_scale[0] >= 0 && traits.window_scale[1] >= 0;
  for (const std::size_t side : {kClient, kServer}) {
    if (!scaled) continue;
    // What the field can say, without a rest.
    const auto shift = static_cast<unsigned>(traits.window_scale[side]);
    traits.window[side] = std::max(traits.window[side] >> shift, 4U) << shift;
  }
  traits.stalls = scenario.stalls;
  traits.resets = random.chance(scenario.resets);
  traits.resets_side = random.below(2);
  traits.resets_at = random.below(dialogue.stream[traits.resets_side].size() + 1);
  return traits;
}

std::string address(Random& random, bool v6) {
  return v6 ? fmt::format("2001:db8::{:x}", random.between(1, 9))
            : fmt::format("10.0.0.{}", random.between(1, 9));
}

void add_frames(Traffic& traffic, const Scenario& scenario, Random& random) {
  const std::size_t number = traffic.connections.size() - 1;
  Connection& connection = traffic.connections.back();
  for (std::size_t i = 0; i < connection.trace.passed.size(); ++i) {
    for (Frame& frame :
         connection.envelope.frames(random, connection.trace.passed[i], scenario.envelope)) {
      frame.connection = number;
      frame.passed = i;
      traffic.frames.push_back(std::move(frame));
    }
  }
}

// A segment that the network kept for a long time.
void add_straggler(Connection& connection, Random& random) {
  if (connection.trace.reset) return; // what the one that is gone did not take is new to everybody
  std::vector<Passed>& passed = connection.trace.passed;
  Passed late = passed[random.below(passed.size())];
  if (late.payload.empty() || late.forged) return;
  late.at_us =
      connection.trace.ended_us + static_cast<std::int64_t>(random.between(1'000, 20'000'000));
  connection.trace.ended_us = late.at_us;
  passed.push_back(std::move(late));
}

} // namespace

Scenario make_scenario(std::uint64_t seed, Random& random) {
  Scenario scenario;
  scenario.seed = seed;
  choose_traffic(scenario, random);
  choose_topology(scenario, random);
  choose_checksums(scenario, random);
  choose_memory(scenario, random);
  // The response to a HEAD is read right only by who saw the request.
  const bool may_lose = scenario.lost_by_capture != 0 || scenario.envelope.snap_length != 0 ||
                        scenario.joined_late != 0 || scenario.ring != SIZE_MAX ||
                        scenario.tiny_memory || scenario.config.frames_max != UINT64_MAX ||
                        scenario.stops_after != SIZE_MAX;
  if (may_lose) scenario.dialogue.heads_only = false;
  // What is not sent yet can be distinguished from what is not captured yet, or lost.
  scenario.network.acks_unsent = !may_lose && scenario.network.lost_before == 0 &&
                                 scenario.envelope.fragmented == 0 &&
                                 (scenario.workers == 1 || scenario.symmetric);
  // By numbers of its own: seeds without it mean what they meant before it was there.
  Random own{~seed};
  if (own.chance(0.2)) scenario.stalls = own.one_of({0.05, 0.3});
  return scenario;
}

Traffic make_traffic(const Scenario& scenario, Random& random) {
  Traffic traffic;
  std::int64_t now = kStart_us;
  for (std::size_t i = 0; i < scenario.connections; ++i) {
    Random own = random.fork();
    now += static_cast<std::int64_t>(own.skewed(50'000));
    Dialogue dialogue = make_dialogue(own, fmt::format("c{}", i), scenario.dialogue);
    TcpTraits tcp = tcp_traits(scenario, dialogue, own);
    const bool v6 = own.chance(0.3);
    Envelope envelope{own,
                      address(own, v6) + "1",
                      address(own, v6) + "2",
                      static_cast<std::uint16_t>(20'000 + i),
                      v6,
                      scenario.envelope.tunnels};
    std::int64_t start = now;
    if (i != 0 && own.chance(scenario.reused_ports)) {
      const Connection& before = traffic.connections.back();
      envelope = before.envelope;
      start = before.trace.ended_us + static_cast<std::int64_t>(own.between(1'000, 8'000'000));
      for (const std::size_t side : {kClient, kServer}) {
        const auto used = static_cast<std::uint32_t>(before.dialogue.stream[side].size());
        tcp.isn[side] = before.tcp.isn[side] + used + 2 + own.word() % 100'000'000;
      }
    }
    Trace trace = talk(own, dialogue, tcp, start);
    traffic.connections.push_back(
        {std::move(dialogue), tcp, std::move(trace), std::move(envelope)});
    if (own.chance(scenario.stragglers)) add_straggler(traffic.connections.back(), own);
    add_frames(traffic, scenario, own);
  }
  std::stable_sort(traffic.frames.begin(), traffic.frames.end(),
                   [](const Frame& a, const Frame& b) { return a.at_us < b.at_us; });
  const auto late =
      static_cast<std::size_t>(scenario.joined_late * static_cast<double>(traffic.frames.size()));
  for (std::size_t i = 0; i < traffic.frames.size(); ++i) {
    traffic.frames[i].is_lost = i < late || random.chance(scenario.lost_by_capture);
  }
  return traffic;
}

std::string describe(const Scenario& scenario) {
  const NetworkTraits& network = scenario.network;
  const engine::MemoryPlan& plan = scenario.plan;
  std::string text = fmt::format("seed {}: {} connections, {} workers, hand-over {}, queues {}\n",
                                 scenario.seed, scenario.connections, scenario.workers,
                                 scenario.hand_over == engine::HandOverMode::on    ? "on"
                                 : scenario.hand_over == engine::HandOverMode::off ? "off"
                                                                                   : "automatic",
                                 scenario.symmetric ? "symmetric" : "split");
  text += fmt::format(
      "  network: lost {} + {}, repeated {}, delayed {}, resent {}, forged {}, probes {}, delay {} "
      "us\n",
      network.lost_before, network.lost_behind, network.repeated, network.delayed, network.resent,
      network.forged, network.probes, network.delay_us);
  text += fmt::format(
      "  connections: clocks {}, offloads {}, resets {}, ports used again {}, stragglers {}, "
      "stalls {}, bodies {}\n",
      scenario.clocks, scenario.offloads, scenario.resets, scenario.reused_ports,
      scenario.stragglers, scenario.stalls, scenario.dialogue.body_max);
  text += fmt::format(
      "  capture: lost {}, snap length {}, fragments {}, joined at {}, ring {}, skew {} us, "
      "checksums {}\n",
      scenario.lost_by_capture, scenario.envelope.snap_length, scenario.envelope.fragmented,
      scenario.joined_late, static_cast<std::int64_t>(scenario.ring), scenario.skew_us,
      static_cast<int>(scenario.config.checksums));
  text += fmt::format("  stop: -c {}, after {} frames; batches taken {}\n",
                      static_cast<std::int64_t>(scenario.config.frames_max),
                      static_cast<std::int64_t>(scenario.stops_after), scenario.publisher_pace);
  text += fmt::format(
      "  memory{}: flows {}, half open {}, early bytes {}, fragments {}, http {}, body {}, batches "
      "{} + {}\n",
      scenario.tiny_memory ? " (tiny)" : "", plan.flows, plan.half_open, plan.out_of_order_store,
      plan.fragments, plan.http, plan.body_max, plan.normal_batches, plan.large_batches);
  return text;
}

} // namespace xdpcap::sim
