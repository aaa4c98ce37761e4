// When the figures of an open connection are published.
#include <gtest/gtest.h>

#include "unit/tcp/observed.hpp"

namespace xdpcap::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Updates : public ::testing::Test {
 protected:
  void SetUp() override { seen_.handshake(); }

  Observed seen_;
};

TEST_F(Updates, AnActiveConnectionIsPublishedOnceASecond) {
  for (int i = 0; i < 100; ++i) seen_.receive(client().at(i).acks(0).says("x"), milliseconds{100});
  EXPECT_GE(seen_.updates, 8U);
  EXPECT_LE(seen_.updates, 10U);
}

TEST_F(Updates, OneThatFallsSilentIsPublishedOnceMore) {
  seen_.receive(client().at(0).acks(0).says("x"));
  seen_.wait(milliseconds{500});
  EXPECT_EQ(seen_.updates, 0U);
  seen_.wait(milliseconds{600});
  EXPECT_EQ(seen_.updates, 1U);
  seen_.wait(seconds{100});
  EXPECT_EQ(seen_.updates, 1U) << "nothing has changed since";
  seen_.receive(client().at(1).acks(0).says("y"));
  seen_.wait(seconds{2});
  EXPECT_EQ(seen_.updates, 2U);
}

TEST_F(Updates, OneThatEndedIsPublishedByItsEnd) {
  seen_.receive_all(client().at(0).acks(0).says("x").fin(), server().at(0).acks(2).fin(),
                    client().at(2).acks(1));
  ASSERT_EQ(seen_.received.closed.size(), 1U);
  seen_.wait(seconds{3});
  EXPECT_EQ(seen_.updates, 0U);
}

} // namespace
} // namespace xdpcap::test
