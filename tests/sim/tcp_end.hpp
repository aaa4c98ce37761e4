#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace xdpcap::sim {

constexpr std::int64_t kRtoMin = 200'000, kRtoMax = 2'000'000, kDelayedAck = 40'000; // us
constexpr std::size_t kEventsMax = 400'000; // of one connection

// What one end knows. Offsets are those of the two streams; a FIN takes one more.
struct End {
  bool open = false; // the handshake is done
  bool syn_seen = false;
  bool dead = false;                     // answers with RST
  std::size_t una = 0, nxt = 0, top = 0; // acknowledged; to be sent next; sent at most
  std::size_t released = 0;
  bool fin_sent = false;
  std::size_t next = 0; // received without a hole
  std::size_t read = 0; // of it, by the application
  bool stalled = false; // the application does not read
  std::map<std::size_t, std::size_t> early;
  bool fin_known = false, fin_taken = false;
  std::size_t edge = 0; // of the other's window
  bool scaled = false;
  std::uint32_t ts_recent = 0;
  bool has_ts = false;
  std::size_t last_ack_sent = 0;
  std::int64_t rto = kRtoMin;
  std::uint64_t timer = 0, ack_timer = 0; // generations
  bool ack_due = false;
  unsigned repeated_acks = 0;
};

} // namespace xdpcap::sim
