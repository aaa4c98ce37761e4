#include "engine/memory_plan.hpp"

#include <gtest/gtest.h>

#include <string>

namespace xdpcap::engine {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

TEST(MemoryPlan, WhatFitsHoldsSomething) {
  for (const std::size_t limit : {64U, 128U, 256U, 512U, 1024U, 4096U, 32768U}) {
    for (const std::size_t workers : {1U, 2U, 4U, 8U}) {
      for (const std::uint64_t body :
           {std::uint64_t{0}, std::uint64_t{1} << 20, std::uint64_t{64} << 20}) {
        for (const bool live : {false, true}) {
          const auto plan = plan_memory(
              {.limit = limit * kMiB, .workers = workers, .live = live, .body_max = body});
          if (!plan) continue;
          EXPECT_LE(plan->body_max, body);
          EXPECT_GE(plan->flows, 1000U);
          EXPECT_GE(plan->large_batch_bytes, plan->body_max);
          EXPECT_GE(plan->connections, 16U);
        }
      }
    }
  }
}

// The sentence's figure is enough, and little less is not.
TEST(MemoryPlan, TheLeastThatIsNamedWillDo) {
  for (const MemoryWish& wish :
       {MemoryWish{.limit = 0}, MemoryWish{.limit = 32 * kMiB, .workers = 16, .log = true},
        MemoryWish{.limit = 100 * kMiB, .workers = 1, .queues = 128, .host = true},
        MemoryWish{.limit = 64 * kMiB, .queue_batches = 100'000}}) {
    const auto refused = plan_memory(wish);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ExitCode::usage);
    const std::string& sentence = refused.error().message;
    const std::size_t named = std::stoul(sentence.substr(sentence.find("at least ") + 9));
    MemoryWish again = wish;
    again.limit = named * kMiB;
    EXPECT_TRUE(plan_memory(again).ok()) << sentence;
    again.limit -= kMiB;
    EXPECT_FALSE(plan_memory(again).ok()) << sentence;
  }
}

// Taps of several interfaces have a socket for each worker; a NIC may have a hundred queues.
TEST(MemoryPlan, FramesOfAllSocketsTogetherHaveOneShare) {
  for (const std::size_t queues : {1U, 4U, 12U, 64U}) {
    const auto plan = plan_memory({.workers = 4, .queues = queues, .host = true}).value();
    EXPECT_LE(queues * plan.umem_frames * 2048, 256 * kMiB) << queues;
  }
}

TEST(MemoryPlan, a_limit_too_small_is_refused_with_the_least_that_will_do) {
  const auto plan = plan_memory({.limit = 32 * kMiB, .workers = 2});
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().code, ExitCode::usage);
  EXPECT_NE(plan.error().message.find("at least 104M"), std::string::npos) << plan.error().message;
  EXPECT_TRUE(plan_memory({.limit = 104 * kMiB, .workers = 2}).ok());
}

TEST(MemoryPlan, half_a_gigabyte_holds_three_hundred_thousand_connections) {
  const auto plan = plan_memory({});
  ASSERT_TRUE(plan.ok());
  EXPECT_GE(plan->flows, 300000U);
  EXPECT_EQ(plan->body_max, std::uint64_t{1} << 20);
}

// 100 ms at 100,000 frames/s, in each queue, within the default limit.
TEST(MemoryPlan, EveryQueueHasRoomForTheFramesOfAStall) {
  for (std::size_t workers = 1; workers <= 4; ++workers) {
    EXPECT_GE(plan_memory({.workers = workers, .host = true}).value().umem_frames, 10'000U)
        << workers << " workers";
  }
}

TEST(MemoryPlan, LanesBetweenWorkersAndTheLogOfFramesHaveTheirShare) {
  for (const std::size_t workers : {2U, 4U, 8U}) {
    const std::size_t limit = workers * 128 * kMiB;
    const auto plain = plan_memory({.limit = limit, .workers = 1}).value();
    const auto plan = plan_memory({.limit = limit, .workers = workers, .log = true}).value();
    EXPECT_LE(workers * workers * plan.hand_over_lane, limit / 8) << workers;
    EXPECT_LE(workers * plan.log_blocks * (256U << 10), limit / 8) << workers;
    EXPECT_GE(plan.log_blocks, 8U);
    EXPECT_EQ(plain.hand_over_lane, 0U);
    EXPECT_EQ(plain.log_blocks, 0U);
  }
}

} // namespace
} // namespace xdpcap::engine
