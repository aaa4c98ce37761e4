// PAWS as RFC 7323 and Linux do it: nothing is lost that the receiver takes, nothing is believed
// that it refuses.
#include <gtest/gtest.h>

#include "unit/tcp/observed.hpp"

namespace xdpcap::test {
namespace {

using namespace std::chrono_literals;
using tcp::Connection;
using tcp::SegmentVerdict;

TEST(Timestamps, an_old_duplicate_at_the_next_place_gives_way_to_what_comes_there) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("abc").clock(100000), server().at(0).acks(3),
                   client().at(3).acks(0).clock(100000));
  EXPECT_EQ(wire.receive(client().at(3).acks(0).says("OLD").clock(90000)), SegmentVerdict::held);
  EXPECT_EQ(wire.from_client(), "abc");
  EXPECT_EQ(wire.receive(client().at(3).acks(0).says("def").clock(100001)),
            SegmentVerdict::delivered);
  EXPECT_EQ(wire.from_client(), "abcdef");
  wire.end();
  EXPECT_EQ(wire.from_client(), "abcdef");
  EXPECT_TRUE(wire.received.gaps.empty());
  EXPECT_TRUE(wire.ledger_closes());
  EXPECT_NE(wire.received.flags & Connection::paws_seen, 0);
}

TEST(Timestamps, an_old_segment_that_nobody_takes_is_never_delivered) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("abc").clock(100000), server().at(0).acks(3),
                   client().at(3).acks(0).clock(100000),
                   client().at(3).acks(0).says("OLD").clock(90000));
  wire.wait(60s);
  wire.end();
  EXPECT_EQ(wire.from_client(), "abc");
  EXPECT_TRUE(wire.ledger_closes());
}

TEST(Timestamps, an_old_segment_that_is_acknowledged_was_taken) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("abc").clock(100000), server().at(0).acks(3),
                   client().at(3).acks(0).clock(100000),
                   client().at(3).acks(0).says("def").clock(90000));
  EXPECT_EQ(wire.from_client(), "abc");
  wire.receive(server().at(0).acks(6));
  wire.wait(200ms); // captures swap directions: another version might still come
  EXPECT_EQ(wire.from_client(), "abcdef");
  EXPECT_TRUE(wire.received.gaps.empty());
}

// The review's capture: a spurious retransmission with a newer clock overtakes its originals.
TEST(Timestamps, originals_behind_a_spurious_retransmission_are_taken) {
  Observed wire;
  wire.handshake();
  wire.receive_all(
      client().at(0).acks(0).says("aaa").clock(1000), server().at(0).acks(3),
      client().at(6).acks(0).says("ccc").clock(1001),  // the second is on its way
      client().at(3).acks(0).says("bbb").clock(1005),  // and sent again, with the clock of now
      client().at(9).acks(0).says("ddd").clock(1001)); // sent before, comes behind
  EXPECT_EQ(wire.from_client(), "aaabbbccc");
  wire.receive(server().at(0).acks(12)); // taken, as acknowledged
  wire.wait(200ms);
  EXPECT_EQ(wire.from_client(), "aaabbbcccddd");
  wire.wait(1s);
  EXPECT_TRUE(wire.received.gaps.empty());
}

TEST(Timestamps, one_tick_of_difference_is_none) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("abc").clock(1000), server().at(0).acks(3),
                   client().at(3).acks(0).clock(1000));
  EXPECT_EQ(wire.receive(client().at(3).acks(0).says("def").clock(999)), SegmentVerdict::delivered);
}

TEST(Timestamps, a_repeated_segment_with_an_old_clock_is_named_so) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("abc").clock(1000), server().at(0).acks(3),
                   client().at(3).acks(0).clock(1000));
  EXPECT_EQ(wire.receive(client().at(0).acks(0).says("abc").clock(900)),
            SegmentVerdict::old_timestamp);
}

TEST(Timestamps, a_clock_is_forgotten_after_a_silence_in_which_it_may_have_turned) {
  Observed wire{Observed::small(), {.established = 24h}};
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("abc").clock(1000), server().at(0).acks(3),
                   client().at(3).acks(0).clock(1000));
  wire.now += 1h;
  EXPECT_EQ(wire.receive(client().at(3).acks(0).says("def").clock(1000U + 3'600'000'000U)),
            SegmentVerdict::delivered);
}

TEST(Timestamps, without_acknowledgements_nothing_is_doubted) {
  Observed wire;
  wire.partial = true;
  wire.receive_all(client().at(0).says("abc").clock(1000), client().at(3).says("def").clock(10));
  EXPECT_EQ(wire.from_client(), "abcdef");
}

TEST(Timestamps, wrap_around) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("abc").clock(0xfffffffe), server().at(0).acks(3),
                   client().at(3).acks(0).says("def").clock(1));
  EXPECT_EQ(wire.from_client(), "abcdef");
}

TEST(Timestamps, of_reordered_segments_may_be_older_than_those_that_overtook_them) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(6).acks(0).says("ghi").clock(130),
                   client().at(3).acks(0).says("def").clock(120),
                   client().at(0).acks(0).says("abc").clock(110));
  EXPECT_EQ(wire.from_client(), "abcdefghi");
}

} // namespace
} // namespace xdpcap::test
