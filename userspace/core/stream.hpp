#pragma once

#include <cstdint>

#include "core/bytes.hpp"
#include "core/check.hpp"
#include "core/instant.hpp"
#include "record/enums.hpp"

namespace xdpcap {

// Which half of a conversation sends. The client is who sent the SYN; without a
// SYN the first evidence decides (see tcp/connection.hpp).
using schema::Direction;
// Who lost the bytes of a gap.
using schema::GapCause;

inline constexpr Direction opposite(Direction direction) noexcept {
  return direction == Direction::to_server ? Direction::to_client : Direction::to_server;
}
inline constexpr std::size_t index_of(Direction direction) noexcept {
  XDPCAP_DCHECK(direction == Direction::to_server || direction == Direction::to_client);
  return static_cast<std::size_t>(direction);
}

// The next bytes of one direction, in order, each byte exactly once. Borrowed:
// they live as long as the call that hands them on.
struct StreamBytes {
  Direction direction = Direction::to_server;
  // True where these bytes begin a segment as its sender cut it. After a gap a
  // parser may only trust such a place.
  bool at_segment_start = true;
  std::uint64_t offset = 0; // of bytes[0]; 0 is the first byte after the SYN, or the first one seen
  Bytes bytes;
  Instant arrived;
};

// Bytes of one direction that will never come. Delivered in the place of the
// bytes, out of band.
struct StreamGap {
  Direction direction = Direction::to_server;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  GapCause cause = GapCause::unknown;
  Instant at;
};

// How one direction of a stream ended.
enum class StreamEnd : std::uint8_t {
  fin,     // its sender closed it
  rst,     // one of the two reset the connection
  timeout, // silence
  evicted, // this process needed the memory
  capture, // the capture itself ended
};

} // namespace xdpcap
