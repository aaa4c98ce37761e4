#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/check.hpp"

namespace xdpcap::tcp {

// What became of a TCP segment. Each frame that holds one ends in exactly one of
// these; `held` frames move on to held_delivered or held_dropped, so
//   held == held_delivered + held_dropped + what is held now.
enum class SegmentVerdict : std::uint8_t {
  delivered,         // payload handed on, in order
  control,           // no payload, and in place
  opening,           // a SYN or SYN-ACK
  duplicate,         // nothing but bytes seen before
  held,              // came early
  keep_alive,        // RFC 9293, 3.8.4: one byte or none before the next one
  old_timestamp,     // nothing but bytes seen before, with an old timestamp (PAWS, RFC 7323, 5)
  beyond_end,        // bytes behind the sender's FIN
  after_close,       // for a connection that has ended
  reset,             // an RST that ended, or may end, the connection
  reset_ignored,     // an RST outside the window
  no_connection,     // no payload, and no connection is known
  out_of_order_full, // came early, and there was no room
  flow_table_full,   // of a new connection there was no room for
  bad_checksum,      // begins no connection: its checksum is wrong
  conflict,          // nothing but bytes seen before, with other values
  count_,
};

inline constexpr std::string_view name_of(SegmentVerdict verdict) noexcept {
  XDPCAP_CHECK(verdict < SegmentVerdict::count_);
  constexpr std::array<std::string_view, static_cast<std::size_t>(SegmentVerdict::count_)> kNames{
      "delivered",     "control",       "opening",           "duplicate",       "held",
      "keep_alive",    "old_timestamp", "beyond_end",        "after_close",     "reset",
      "reset_ignored", "no_connection", "out_of_order_full", "flow_table_full", "bad_checksum",
      "conflict"};
  return kNames[static_cast<std::size_t>(verdict)];
}

// What else the reassembly counts.
enum class StreamCount : std::uint8_t {
  held_delivered, // held frames whose turn came
  held_dropped,   // held frames given up: nothing of them was wanted any more
  held_cut,       // frames of which only a part was held, for want of room
  gaps_network,
  gaps_capture,
  gaps_other,
  gap_bytes,
  overlap_conflicts,
  resets_revoked,
  beyond_window, // early segments outside the receive window
  count_,
};

inline constexpr std::string_view name_of(StreamCount count) noexcept {
  XDPCAP_CHECK(count < StreamCount::count_);
  constexpr std::array<std::string_view, static_cast<std::size_t>(StreamCount::count_)> kNames{
      "held_delivered", "held_dropped", "held_cut",          "gaps_network",   "gaps_capture",
      "gaps_other",     "gap_bytes",    "overlap_conflicts", "resets_revoked", "beyond_window"};
  return kNames[static_cast<std::size_t>(count)];
}

} // namespace xdpcap::tcp
