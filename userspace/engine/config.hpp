#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/live_options.hpp"
#include "engine/pipeline.hpp"
#include "publish/publisher.hpp"

namespace xdpcap::engine {

// How far messages go; short of `zmq` only to measure.
enum class Sink : std::uint8_t {
  null,   // rebuilt and counted
  encode, // written into batches, which are thrown away
  zmq,    // published
};

enum class HandOverMode : std::uint8_t { automatic, on, off };

// All settings of a run, after the command line was understood.
struct Config {
  // Where frames come from: a file, or interfaces.
  std::string read_file;
  std::size_t repeat_count =
      0; // read the file into memory first and play it so often; 0: read it as it is played
  capture::LiveOptions live;
  HandOverMode hand_over = HandOverMode::automatic;

  // What is made of them.
  wire::Filter filter;
  wire::TunnelSet tunnels = wire::TunnelSet::all();
  wire::ChecksumMode checksums = wire::ChecksumMode::automatic;
  tcp::OverlapPolicy overlap = tcp::OverlapPolicy::first;
  std::uint64_t body_max = std::uint64_t{1} << 20;
  std::size_t head_max = std::size_t{256} << 10;
  bool hash_bodies = false;
  bool reveal = false;
  publish::SecretNames secrets; // masked beside those that always are, where nothing is revealed
  bool community_id = false;
  bool publish_flows = true;
  SegmentTopic segments = SegmentTopic::off;
  bool publish_datagrams = false;
  std::size_t datagram_payload_max = 256;

  // What is reported of the host itself, in live capture; period 0: nothing.
  std::chrono::nanoseconds sockets_period = std::chrono::seconds{1};
  bool sockets_of_host = false; // of every network namespace, not only of that of the interfaces

  // Where it goes.
  Sink sink = Sink::zmq;
  std::string sensor;
  publish::PublisherOptions outputs; // sensor and epoch are filled in by the engine
  std::string write_file;
  std::uint64_t frames_max = UINT64_MAX;

  std::size_t memory_limit = std::size_t{512} << 20;
  std::optional<std::string> user;      // to become after set-up
  std::optional<std::string> pub_group; // that may subscribe
  bool sandbox = true;                  // seccomp and Landlock after set-up
};

} // namespace xdpcap::engine
