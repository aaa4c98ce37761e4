#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/dialogue.hpp"

// Two TCP ends that say a dialogue over a bad network, with the capture in its middle. The ends
// keep to RFC 9293, 5961 and 7323 as receivers do, so what they took is the truth that the engine
// is measured by.
namespace xdpcap::sim {

struct NetworkTraits {
  double lost_before = 0;      // a segment, on its way to the capture
  double lost_behind = 0;      // captured, and never arrived
  double repeated = 0;         // by the network
  double delayed = 0;          // so that others overtake it, before the capture
  double resent = 0;           // without need
  double forged = 0;           // somebody sends other bytes just before, which the receiver refuses
  bool acks_unsent = false;    // some of these with an acknowledgement of what was not sent yet
  double probes = 0;           // keep-alive
  std::int64_t delay_us = 500; // end to capture
};

struct TcpTraits {
  NetworkTraits network;
  std::array<std::uint32_t, 2> isn{};
  std::array<int, 2> window_scale{-1, -1};           // -1: not offered
  std::array<std::uint32_t, 2> window{65535, 65535}; // bytes that the receiver takes
  std::array<std::size_t, 2> segment_max{1460, 1460};
  std::array<bool, 2> offloads{}; // the capture sees segments before the checksum is made
  bool clocks = false;
  std::array<std::uint32_t, 2> clock_at{};
  bool small_segments = false;
  bool resets = false; // one side gives up in the middle
  std::size_t resets_side = 0, resets_at = 0;
  bool both_close = false; // nobody waits for the other's FIN
  double stalls = 0;       // how often an application stops reading, until its window is full
};

enum class Sum : std::uint8_t { valid, partial, bad };

// A segment as it passes the capture.
struct Passed {
  std::int64_t at_us = 0;
  std::size_t side = 0; // who sent it
  std::uint32_t seq = 0, ack = 0;
  std::uint8_t flags = 0; // of wire::TcpFlags
  std::uint16_t window = 0;
  bool has_clock = false;
  std::uint32_t clock = 0, echo = 0;
  int window_scale = -1;
  std::string payload;
  std::size_t offset = 0; // of the payload in the stream
  Sum sum = Sum::valid;
  bool forged = false;  // its bytes are nobody's
  bool refused = false; // by its receiver: an old timestamp, or beyond the window
};

// Bytes that a receiver took, from which segment.
struct Accepted {
  std::size_t begin = 0, end = 0;
  std::size_t passed = 0; // index into Trace::passed
};

struct Trace {
  std::vector<Passed> passed;                    // by time
  std::array<std::vector<Accepted>, 2> accepted; // of the stream that this side sends
  std::array<std::size_t, 2> received{};         // of it, without a hole
  std::array<bool, 2> closed{};                  // its FIN was received as well
  bool reset = false;
  std::int64_t ended_us = 0;
};

Trace talk(Random& random, const Dialogue& dialogue, const TcpTraits& traits,
           std::int64_t start_us);

} // namespace xdpcap::sim
