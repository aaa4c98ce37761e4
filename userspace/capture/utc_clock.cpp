#include "capture/utc_clock.hpp"

#include <ctime>
#include <limits>

namespace xdpcap::capture {
namespace {

constexpr int kAttempts = 3;

std::int64_t read_ns(clockid_t clock) noexcept {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

} // namespace

void UtcClock::measure() noexcept {
  // The wall clock is read between two readings of the other; the tightest of a
  // few brackets was interrupted least.
  std::int64_t tightest_ns = std::numeric_limits<std::int64_t>::max();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::int64_t before_ns = read_ns(CLOCK_MONOTONIC);
    const std::int64_t utc_ns = read_ns(CLOCK_REALTIME);
    const std::int64_t after_ns = read_ns(CLOCK_MONOTONIC);
    if (after_ns - before_ns >= tightest_ns) continue;
    tightest_ns = after_ns - before_ns;
    offset_ns_ = utc_ns - before_ns - tightest_ns / 2;
    measured_at_ns_ = after_ns;
  }
}

Instant UtcClock::now() noexcept {
  return from_monotonic(static_cast<std::uint64_t>(read_ns(CLOCK_MONOTONIC)));
}

} // namespace xdpcap::capture
