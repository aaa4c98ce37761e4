#include "publish/queue_bound.hpp"

#include <gtest/gtest.h>

namespace xdpcap::publish {
namespace {

TEST(QueueBound, HoldsTheSameOctetsWhateverTheSizeOfBatches) {
  constexpr std::size_t kOctets = std::size_t{64} << 20;
  QueueBound bound(kOctets);
  for (const std::size_t size : {100U, 1000U, 64U << 10, 2U << 20, 300U}) {
    for (int i = 0; i < 200; ++i) bound.note(size);
    const std::size_t held = static_cast<std::size_t>(bound.batches()) * size;
    EXPECT_LE(held, kOctets + kOctets / 7) << size;
    EXPECT_GE(bound.batches(), 16) << size;
  }
}

TEST(QueueBound, SmallBatchesMayWaitInLargeNumbers) {
  QueueBound bound(std::size_t{64} << 20);
  for (int i = 0; i < 200; ++i) bound.note(500);
  EXPECT_GT(bound.batches(), 50'000);
}

TEST(QueueBound, IsNotChangedForLittle) {
  QueueBound bound(std::size_t{64} << 20);
  int changes = 0;
  for (int i = 0; i < 10'000; ++i) changes += bound.note(i % 2 == 0 ? 1000 : 1100) ? 1 : 0;
  EXPECT_LT(changes, 40);
}

} // namespace
} // namespace xdpcap::publish
