#include "core/block_lane.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <thread>

namespace xdpcap {
namespace {

// A record: its number, and so many bytes of it.
bool append(BlockLane& lane, std::uint32_t number, std::uint32_t bytes) {
  std::byte* const at = lane.append(sizeof number + sizeof bytes + bytes);
  if (at == nullptr) return false;
  std::memcpy(at, &number, sizeof number);
  std::memcpy(at + sizeof number, &bytes, sizeof bytes);
  std::memset(at + sizeof number + sizeof bytes, static_cast<int>(number & 0xff), bytes);
  return true;
}

// Reads what waits; answers whether numbers and bytes are as written, from `expected` on.
bool read(BlockLane& lane, std::uint32_t& expected) {
  bool right = true;
  for (auto block = lane.next(); !block.empty(); block = lane.next()) {
    for (std::size_t at = 0; at < block.size();) {
      std::uint32_t number = 0, bytes = 0;
      std::memcpy(&number, &block[at], sizeof number);
      std::memcpy(&bytes, &block[at + sizeof number], sizeof bytes);
      const auto payload = block.subspan(at + sizeof number + sizeof bytes, bytes);
      right = right && number == expected++;
      for (const std::byte one : payload) right = right && one == std::byte(number & 0xff);
      at += BlockLane::round_up(sizeof number + sizeof bytes + bytes);
    }
    lane.recycle();
  }
  return right;
}

TEST(BlockLane, RecordsArriveWholeInOrderAndAligned) {
  BlockLane lane(3, 256);
  std::uint32_t expected = 0;
  for (std::uint32_t i = 0; i < 40; ++i) {
    ASSERT_TRUE(append(lane, i, i * 7 % 100));
    if (i % 5 != 0) continue;
    lane.flush();
    EXPECT_TRUE(read(lane, expected));
  }
  lane.flush();
  EXPECT_TRUE(read(lane, expected));
  EXPECT_EQ(expected, 40U);
}

TEST(BlockLane, AReaderThatIsBehindCostsRecordsAndNoMemory) {
  BlockLane lane(2, 128);
  std::uint32_t written = 0;
  while (append(lane, written, 40)) ++written;
  EXPECT_EQ(written, 4U) << "48 bytes each in two blocks of 128";
  EXPECT_FALSE(append(lane, written, 40));
  lane.flush();
  std::uint32_t expected = 0;
  EXPECT_TRUE(read(lane, expected));
  EXPECT_EQ(expected, written);
  EXPECT_TRUE(append(lane, written, 40)) << "room again";
}

TEST(BlockLane, ARecordLargerThanABlockIsRefusedAndCostsNothing) {
  BlockLane lane(2, 64);
  ASSERT_TRUE(append(lane, 0, 8));
  EXPECT_FALSE(append(lane, 1, 57));
  EXPECT_TRUE(append(lane, 1, 40)) << "fits behind the first";
  lane.flush();
  std::uint32_t expected = 0;
  EXPECT_TRUE(read(lane, expected));
  EXPECT_EQ(expected, 2U);
}

TEST(BlockLane, WhileTheReaderIsBehindAnOfferKeepsTheBlock) {
  BlockLane lane(2, 1024);
  ASSERT_TRUE(append(lane, 0, 8));
  lane.offer();
  EXPECT_FALSE(lane.empty());
  for (std::uint32_t i = 1; i < 30; ++i) {
    ASSERT_TRUE(append(lane, i, 8)) << "one block takes them all";
    lane.offer();
  }
  lane.flush();
  std::uint32_t expected = 0;
  EXPECT_TRUE(read(lane, expected));
  EXPECT_EQ(expected, 30U);
  EXPECT_TRUE(lane.empty());
}

TEST(BlockLaneDeathTest, ABlockIsGivenBackOnceItIsRead) {
  BlockLane lane(2, 64);
  EXPECT_DEATH(lane.recycle(), "check failed at userspace/core/block_lane.hpp");
  ASSERT_TRUE(append(lane, 0, 8));
  lane.flush();
  EXPECT_FALSE(lane.next().empty());
  EXPECT_DEATH((void)lane.next(), "check failed at userspace/core/block_lane.hpp");
  lane.recycle();
  EXPECT_DEATH(lane.recycle(), "check failed at userspace/core/block_lane.hpp");
}

TEST(BlockLane, TwoThreadsLoseNothing) {
  BlockLane lane(4, 4096);
  constexpr std::uint32_t kRecords = 50000;
  std::thread writer([&] {
    std::mt19937 random(1);
    for (std::uint32_t i = 0; i < kRecords; ++i) {
      const auto bytes = static_cast<std::uint32_t>(random() % 1000);
      while (!append(lane, i, bytes)) std::this_thread::yield();
      if (i % 16 == 0) lane.offer();
    }
    lane.flush();
  });
  std::uint32_t expected = 0;
  bool right = true;
  while (expected < kRecords && right) {
    right = read(lane, expected);
    std::this_thread::yield();
  }
  writer.join();
  EXPECT_TRUE(right);
}

} // namespace
} // namespace xdpcap
