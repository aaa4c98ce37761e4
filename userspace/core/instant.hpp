#pragma once

#include <chrono>
#include <cstdint>

namespace xdpcap {

// The clock of the packets: nanoseconds since 1970 (live: core/live_clock.hpp). It has no now():
// time enters with the frames, so a file replays the same way each time.
struct PacketClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<PacketClock>;
  static constexpr bool is_steady = false;
};

using Duration = PacketClock::duration;
using Instant = PacketClock::time_point;

inline constexpr Instant instant_from_ns(std::int64_t ns_since_1970) noexcept {
  return Instant{Duration{ns_since_1970}};
}
inline constexpr std::int64_t ns_since_1970(Instant instant) noexcept {
  return instant.time_since_epoch().count();
}

// Clocks of 32 bits, for records that have no room for more.
inline constexpr std::uint32_t wrapping_ms(Instant at) noexcept {
  return static_cast<std::uint32_t>(ns_since_1970(at) / 1'000'000);
}
inline constexpr std::uint32_t wrapping_us(Instant at) noexcept {
  return static_cast<std::uint32_t>(ns_since_1970(at) / 1'000);
}
inline constexpr std::uint64_t ns_of_us(std::uint32_t us) noexcept {
  return std::uint64_t{us} * 1'000;
}

} // namespace xdpcap
