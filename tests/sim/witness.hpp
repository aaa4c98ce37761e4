#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "sim/scenario.hpp"
#include "sim/topology.hpp"

// What the capture could know of one connection: the measure of what it has to publish.
namespace xdpcap::sim {

struct Range {
  std::size_t begin = 0, end = 0;
};

struct Witness {
  bool handshake = false; // SYN and SYN-ACK were captured
  bool unbroken = false;  // no frame is missing before the last one that was captured
  bool whole = false;     // no frame is missing
  // By sender: bytes that were taken by the receiver, and not captured before that.
  std::array<std::vector<Range>, 2> missed;
  // All bytes before were captured, and their acknowledgement too.
  std::array<std::size_t, 2> sure{};
  std::array<std::size_t, 2> acknowledged{}; // by what was captured
  std::array<bool, 2> fin_acknowledged{};

  [[nodiscard]] bool missed_all_of(std::size_t side, std::size_t begin, std::size_t end) const;
};

std::vector<Witness> witnesses(const Traffic& traffic, const Outcome& outcome);

// For a reader: the frames of one connection as the capture saw them.
std::string frames_text(const Traffic& traffic, const Outcome& outcome, std::size_t connection);

} // namespace xdpcap::sim
