#include "core/live_clock.hpp"

#include <time.h>

#include <atomic>
#include <limits>

#include "core/check.hpp"

namespace xdpcap {
namespace {

// Smaller steps cannot be distinguished from a reading that was interrupted.
constexpr Duration kStepMin = std::chrono::milliseconds{1};

std::atomic<std::int64_t> step_ns{0};

std::int64_t read_ns(clockid_t clock) noexcept {
  timespec time{};
  const int read = ::clock_gettime(clock, &time);
  XDPCAP_CHECK(read == 0);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// From CLOCK_MONOTONIC to UTC. The wall clock is read between two readings of the other; the
// tightest of a few brackets was interrupted least.
std::int64_t measure_distance_ns() noexcept {
  constexpr int kAttempts = 3;
  std::int64_t tightest_ns = std::numeric_limits<std::int64_t>::max();
  std::int64_t distance_ns = 0;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::int64_t before_ns = read_ns(CLOCK_MONOTONIC);
    const std::int64_t utc = read_ns(CLOCK_REALTIME);
    const std::int64_t took_ns = read_ns(CLOCK_MONOTONIC) - before_ns;
    if (took_ns >= tightest_ns) continue;
    tightest_ns = took_ns;
    distance_ns = utc - before_ns - took_ns / 2;
  }
  return distance_ns;
}

std::int64_t first_distance_ns() noexcept {
  static const std::int64_t distance_ns = measure_distance_ns();
  return distance_ns;
}

} // namespace

Instant LiveClock::from_monotonic(std::uint64_t ns) noexcept {
  return instant_from_ns(static_cast<std::int64_t>(ns) + first_distance_ns());
}

Instant LiveClock::now() noexcept {
  return from_monotonic(static_cast<std::uint64_t>(read_ns(CLOCK_MONOTONIC)));
}

Duration LiveClock::follow_utc() noexcept {
  const std::int64_t now_ns = measure_distance_ns() - first_distance_ns();
  const Duration change{now_ns - step_ns.load(std::memory_order_relaxed)};
  if (change > -kStepMin && change < kStepMin) return {};
  step_ns.store(now_ns, std::memory_order_relaxed);
  return change;
}

std::uint64_t utc_ns(Instant instant) noexcept {
  return static_cast<std::uint64_t>(ns_since_1970(instant) +
                                    step_ns.load(std::memory_order_relaxed));
}

namespace detail {

void set_utc_step(Duration step) noexcept {
  step_ns.store(step.count(), std::memory_order_relaxed);
}

} // namespace detail

} // namespace xdpcap
