#pragma once

#include <cstdint>

#include "dispatch/pace.hpp"
#include "dispatch/workload.hpp"
#include "engine/flow.hpp"
#include "http/workspace.hpp"
#include "tcp/reassembler.hpp"

namespace xdpcap::bench {

// The state of one stream: the engine's own record, and what proves that its
// packets came in order.
struct Stream : engine::Flow {
  std::uint32_t packets = 0;
  std::uint64_t digest = 0; // of its messages so far, each in its place
};

// What a contender made of the packets.
struct Tally {
  std::uint64_t packets = 0;
  std::uint64_t strays = 0; // of no known stream: there are none in a workload
  std::uint64_t order_violations = 0;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;  // of heads and bodies
  std::uint64_t digest = 0; // the sum over all messages; the streams may mix in any way

  friend bool operator==(const Tally&, const Tally&) noexcept = default;
  Tally& operator+=(const Tally& other) noexcept;
};

struct DeskOptions {
  std::uint32_t streams = 1; // that have bytes here at the same time
  bool digests = false;      // read every byte of every message
};

// What a thread needs beside the streams to work on them: the memory for early
// bytes and for messages in progress, both the engine's. Each contender has as
// many as its threads need; how a packet is worked on is the same for all: this
// is the only place that does it. One thread at a time.
class Desk {
 public:
  explicit Desk(const DeskOptions& options);

  // Works on the next packet of a stream. True when it was the last one.
  bool process(Stream& stream, const Packet& packet, const Pace& pace) noexcept;
  void note_stray() noexcept { ++tally_.strays; }

  [[nodiscard]] const Tally& tally() const noexcept { return tally_; }

 private:
  struct Out;
  void open(Stream& stream, const wire::Segment& segment) noexcept;
  void count(Stream& stream, const http::Message& message) noexcept;

  tcp::Reassembler reassembler_;
  http::Workspace workspace_;
  bool digests_;
  Tally tally_;
};

} // namespace xdpcap::bench
