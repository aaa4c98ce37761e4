// What the structures of a worker rely on ends the process where it does not hold.
#include <gtest/gtest.h>

#include <array>

#include "tcp/flow_index.hpp"
#include "tcp/idle_wheel.hpp"
#include "tcp/out_of_order_store.hpp"
#include "tcp/wait_queue.hpp"

namespace xdpcap::tcp::test {
namespace {

TEST(ChecksDeathTest, AQueueGivesAndTakesOnlyWhatThereIs) {
  WaitQueue queue{2};
  EXPECT_DEATH((void)queue.front(), "check failed at userspace/tcp/wait_queue.hpp");
  EXPECT_DEATH(queue.pop(), "check failed");
  queue.push({.id = 1});
  queue.push({.id = 2});
  EXPECT_DEATH(queue.push({.id = 3}), "check failed.*full");
}

TEST(ChecksDeathTest, AnIndexForgetsOnlyWhatItKnows) {
  FlowIndex index{100};
  index.insert(7, 1);
  EXPECT_DEATH(index.erase(7, 2), "check failed at userspace/tcp/flow_index.hpp");
  index.erase(7, 1);
  EXPECT_DEATH(index.erase(7, 1), "check failed");
}

// Whoever knows the seed (that of a file is fixed) can fill one bucket after the other.
TEST(FlowIndex, EndsASearchAlsoWhereEveryBucketWasFullOnce) {
  constexpr std::uint64_t kBuckets = 4, kCells = 10;
  FlowIndex index{14};
  std::uint32_t slot = 0;
  const auto hash_in = [](std::uint64_t bucket, std::uint64_t tag) {
    return bucket << 16 | (2 * tag + 1);
  };
  for (std::uint64_t bucket = 0; bucket < kBuckets; ++bucket) {
    const std::uint32_t first = slot;
    const std::uint64_t free = bucket == 0 ? kCells : kCells - 1; // one passed the bucket before
    for (std::uint64_t i = 0; i < free; ++i) index.insert(hash_in(bucket, i), slot++);
    index.insert(hash_in(bucket, free), 1000 + slot); // goes on to the next
    for (std::uint64_t i = 0; i < free; ++i)
      index.erase(hash_in(bucket, i), first + static_cast<std::uint32_t>(i));
  }
  EXPECT_EQ(index.find(hash_in(0, 99), [](std::uint32_t) { return true; }), FlowIndex::none);
}

TEST(ChecksDeathTest, ARecordLeavesTheWheelOnce) {
  struct Links {
    std::uint32_t wheel_next = 0, wheel_previous = 0;
  };
  std::array<Links, 4> records{};
  const auto links_of = [&records](std::uint32_t slot) -> Links& { return records[slot]; };
  IdleWheel wheel{links_of, 4};
  EXPECT_DEATH(wheel.disarm(2), "check failed at userspace/tcp/idle_wheel.hpp");
  wheel.arm(2, Instant{});
  wheel.arm(3, Instant{});
  wheel.disarm(2);
  EXPECT_DEATH(wheel.disarm(2), "check failed");
  EXPECT_DEATH(wheel.arm(4, Instant{}), "check failed.*slot < base_");
}

TEST(ChecksDeathTest, AStoreIsAskedOnlyForWhatItHolds) {
  OutOfOrderStore store{1 << 20, 1 << 16, OverlapPolicy::first};
  OutOfOrderStore::Anchor anchor = OutOfOrderStore::none;
  EXPECT_DEATH((void)store.front(anchor), "check failed at userspace/tcp/out_of_order_store.cpp");
  EXPECT_DEATH(store.drop_front(anchor), "check failed");
  const std::array<std::byte, 4> bytes{};
  ASSERT_TRUE(store.hold(anchor, {.seq = {100}, .data = bytes}).held);
  store.drop_front(anchor);
  EXPECT_EQ(anchor, OutOfOrderStore::none);
  EXPECT_EQ(store.slabs_in_use(), 0U);
}

} // namespace
} // namespace xdpcap::tcp::test
