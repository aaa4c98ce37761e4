#pragma once

#include <cstdint>

#include "core/instant.hpp"

namespace xdpcap::capture {

// The one place where the time of the XDP program (bpf_ktime_get_ns, which is
// CLOCK_MONOTONIC) becomes UTC. The distance of the two clocks is measured anew
// each second, so a corrected wall clock is followed, in a step and not smeared.
// One thread.
class UtcClock {
 public:
  UtcClock() noexcept { measure(); }

  [[nodiscard]] Instant from_monotonic(std::uint64_t ns) noexcept {
    const auto monotonic_ns = static_cast<std::int64_t>(ns);
    if (monotonic_ns - measured_at_ns_ > kMeasureEveryNs) [[unlikely]]
      measure();
    return instant_from_ns(monotonic_ns + offset_ns_);
  }

  // Reads the clock.
  [[nodiscard]] Instant now() noexcept;

 private:
  static constexpr std::int64_t kMeasureEveryNs = 1'000'000'000;

  void measure() noexcept;

  std::int64_t offset_ns_ = 0;
  std::int64_t measured_at_ns_ = 0;
};

} // namespace xdpcap::capture
