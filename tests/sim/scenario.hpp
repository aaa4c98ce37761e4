#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/config.hpp"
#include "engine/memory_plan.hpp"
#include "sim/dialogue.hpp"
#include "sim/envelope.hpp"
#include "sim/tcp_talk.hpp"

// What a seed means: everything that a run is made of, but the order of its steps.
namespace xdpcap::sim {

struct Scenario {
  std::uint64_t seed = 0;

  // Traffic.
  std::size_t connections = 1;
  NetworkTraits network;
  DialogueTraits dialogue;
  EnvelopeTraits envelope;
  double clocks = 0.7, offloads = 0, resets = 0, reused_ports = 0, stragglers = 0; // of connections
  double stalls = 0;           // of the segments that an application reads
  double lost_by_capture = 0;  // of frames
  bool giant_segments = false; // as segmentation offload makes them
  double joined_late = 0;      // the capture begins after so much of the traffic

  // Topology.
  std::size_t workers = 1;
  engine::HandOverMode hand_over = engine::HandOverMode::automatic;
  bool symmetric = true; // both directions of a connection come in by one queue
  engine::Config config;
  engine::MemoryPlan plan;
  bool tiny_memory = false;
  std::size_t ring = SIZE_MAX;        // frames that may wait for a worker; more are dropped
  std::size_t skew_us = 20'000;       // that a worker may be behind the wire
  double publisher_pace = 1;          // how often batches are taken
  std::size_t stops_after = SIZE_MAX; // frames on the wire

  [[nodiscard]] bool hands_over() const noexcept {
    return workers > 1 && hand_over == engine::HandOverMode::on;
  }
  // Each connection is followed by one worker from its first segment on.
  [[nodiscard]] bool follows_whole() const noexcept {
    return workers == 1 || symmetric || hands_over();
  }
};

Scenario make_scenario(std::uint64_t seed, Random& random);
std::string describe(const Scenario& scenario);

struct Connection {
  Dialogue dialogue;
  TcpTraits tcp;
  Trace trace;
  Envelope envelope;
};

struct Traffic {
  std::vector<Connection> connections;
  std::vector<Frame> frames; // by time
};

Traffic make_traffic(const Scenario& scenario, Random& random);

} // namespace xdpcap::sim
