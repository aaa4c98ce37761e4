#pragma once

#include <cstdint>

#include "core/instant.hpp"

namespace xdpcap {

// The packet clock of a live capture, and UTC.
//
// An Instant of a live capture is CLOCK_MONOTONIC plus the distance to UTC when the process first
// asked, so it never steps: timers and durations are right whatever is done to the wall clock (a
// first NTP synchronisation, `date --set`, a virtual machine that is resumed). What leaves the
// process is UTC: utc_ns() adds the steps that the wall clock has made since. Slewing moves both
// clocks alike. A file brings its own time, and nobody follows the wall clock then. Any thread.
class LiveClock {
 public:
  [[nodiscard]] static Instant now() noexcept;
  // Of CLOCK_MONOTONIC, which is the time of BPF programs (bpf_ktime_get_ns).
  [[nodiscard]] static Instant from_monotonic(std::uint64_t ns) noexcept;

  // Compares the clocks; to be called about once a second by a live capture. Answers by how much
  // the wall clock was set since the last time, if it was.
  static Duration follow_utc() noexcept;
};

// Nanoseconds of UTC since 1970.
[[nodiscard]] std::uint64_t utc_ns(Instant instant) noexcept;

namespace detail {
// For tests: by so much the wall clock has been set since the process began.
void set_utc_step(Duration step) noexcept;
} // namespace detail

} // namespace xdpcap
