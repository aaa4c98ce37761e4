#include "capture/utc_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace xdpcap::capture {
namespace {

std::int64_t utc_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

TEST(UtcClock, TellsTheTimeOfTheWallClock) {
  UtcClock clock;
  const std::int64_t before = utc_ns();
  const std::int64_t now = ns_since_1970(clock.now());
  const std::int64_t after = utc_ns();
  constexpr std::int64_t kBracketNs = 1'000'000'000; // the wall clock may be slewed meanwhile
  EXPECT_GT(now, before - kBracketNs);
  EXPECT_LT(now, after + kBracketNs);
}

TEST(UtcClock, KeepsDistancesBetweenFramesExact) {
  UtcClock clock;
  EXPECT_EQ(clock.from_monotonic(1'500) - clock.from_monotonic(1'000), Duration{500});
}

} // namespace
} // namespace xdpcap::capture
