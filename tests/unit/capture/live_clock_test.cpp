// The wall clock may be set; timers and durations do not notice.
#include "core/live_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace xdpcap {
namespace {

using namespace std::chrono_literals;

std::uint64_t wall_clock_ns() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

class LiveClockTest : public testing::Test {
 protected:
  void TearDown() override { detail::set_utc_step({}); }
};

TEST_F(LiveClockTest, IsUtc) {
  constexpr std::uint64_t kSlackNs = 1'000'000'000; // the wall clock may be slewed meanwhile
  const std::uint64_t before = wall_clock_ns();
  const std::uint64_t now = utc_ns(LiveClock::now());
  EXPECT_GT(now, before - kSlackNs);
  EXPECT_LT(now, wall_clock_ns() + kSlackNs);
}

TEST_F(LiveClockTest, KeepsDistancesBetweenFramesExact) {
  EXPECT_EQ(LiveClock::from_monotonic(1'500) - LiveClock::from_monotonic(1'000), Duration{500});
}

// As after `date --set`: the clock was two hours ahead and has been put right.
TEST_F(LiveClockTest, AStepOfTheWallClockMovesStampsAndNotTheClock) {
  detail::set_utc_step(2h);
  const Instant before = LiveClock::now();
  EXPECT_GT(utc_ns(before), wall_clock_ns() + 3'600'000'000'000U);
  const Duration change = LiveClock::follow_utc();
  EXPECT_LT(change, -2h + 1min);
  EXPECT_GT(change, -2h - 1min);
  EXPECT_GE(LiveClock::now(), before);
  EXPECT_LT(LiveClock::now() - before, 1min);
  EXPECT_LT(utc_ns(LiveClock::now()), wall_clock_ns() + 60'000'000'000U);
  EXPECT_EQ(LiveClock::follow_utc(), Duration{}) << "said once";
}

} // namespace
} // namespace xdpcap
