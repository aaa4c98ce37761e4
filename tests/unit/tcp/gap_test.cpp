// What never comes: when it is said, and what is said of it.
#include <gtest/gtest.h>

#include "unit/tcp/observed.hpp"

namespace xdpcap::test {
namespace {

using namespace std::chrono_literals;
using tcp::SegmentVerdict;

TEST(Gap, acknowledged_octets_that_were_not_seen_are_a_gap_after_a_grace) {
  Observed wire;
  wire.handshake();
  wire.hear_all(server().at(0).acks(0).says("abc"), server().at(6).acks(0).says("ghi"), client().at(0).acks(9));
  EXPECT_TRUE(wire.heard.gaps.empty()); // the capture may have swapped them
  wire.wait(200ms);
  EXPECT_EQ(wire.from_server(), "abc___ghi");
  ASSERT_EQ(wire.heard.gaps.size(), 1U);
  EXPECT_EQ(wire.heard.gaps[0].offset, 3U);
  EXPECT_EQ(wire.heard.gaps[0].cause, GapCause::network);
  EXPECT_TRUE(wire.ledger_closes());
}

TEST(Gap, octets_that_come_within_the_grace_are_none) {
  Observed wire;
  wire.handshake();
  wire.hear_all(server().at(3).acks(0).says("def"), client().at(0).acks(6), server().at(0).acks(0).says("abc"));
  wire.wait(200ms);
  EXPECT_EQ(wire.from_server(), "abcdef");
  EXPECT_TRUE(wire.heard.gaps.empty());
}

TEST(Gap, a_hole_nobody_acknowledged_is_waited_for) {
  Observed wire;
  wire.handshake();
  wire.hear_all(server().at(3).acks(0).says("def"), client().at(0).acks(0));
  wire.wait(5s);
  EXPECT_TRUE(wire.heard.gaps.empty());
  wire.hear(server().at(0).acks(0).says("abc")); // sent again
  EXPECT_EQ(wire.from_server(), "abcdef");
}

TEST(Gap, the_capture_is_to_blame_where_it_dropped_frames_meanwhile) {
  Observed wire;
  wire.handshake();
  wire.hear_all(server().at(3).acks(0).says("def"), client().at(0).acks(6));
  wire.tracker.note_capture_loss(wire.now);
  wire.wait(200ms);
  ASSERT_EQ(wire.heard.gaps.size(), 1U);
  EXPECT_EQ(wire.heard.gaps[0].cause, GapCause::capture);
}

TEST(Gap, a_whole_request_that_was_lost_is_told_before_its_response) {
  Observed wire;
  wire.handshake();
  wire.hear(server().at(0).acks(20).says("200"));
  wire.wait(200ms);
  EXPECT_EQ(wire.from_client(), std::string(20, '_'));
  EXPECT_EQ(wire.from_server(), "200");
}

TEST(Gap, a_frame_cut_by_the_snap_length_leaves_one) {
  Observed wire;
  wire.handshake();
  wire.hear_all(server().at(0).acks(0).says("abc").cut_by(7), server().at(10).acks(0).says("xyz"));
  EXPECT_EQ(wire.from_server(), "abc_______xyz");
  EXPECT_EQ(wire.heard.gaps.at(0).cause, GapCause::snaplen);
}

TEST(Gap, a_cut_frame_that_came_early_leaves_one_in_its_place) {
  Observed wire;
  wire.handshake();
  wire.hear_all(server().at(3).acks(0).says("de").cut_by(2), server().at(7).acks(0).says("h"),
                server().at(0).acks(0).says("abc"));
  EXPECT_EQ(wire.from_server(), "abcde__h");
}

TEST(Gap, the_end_of_the_capture_is_the_end_of_waiting) {
  Observed wire;
  wire.handshake();
  wire.hear_all(server().at(3).acks(0).says("def"), server().at(8).acks(0).says("ij"));
  wire.end();
  EXPECT_EQ(wire.from_server(), "___def__ij");
  EXPECT_TRUE(wire.ledger_closes());
}

TEST(Gap, in_a_connection_of_one_direction_a_hole_is_given_up_after_the_grace) {
  Observed wire;
  wire.partial = true;
  wire.hear_all(server().at(0).acks(0).says("abc"), server().at(6).acks(0).says("ghi"));
  wire.wait(200ms);
  EXPECT_EQ(wire.from_server(), "abc___ghi");
}

TEST(Gap, a_lost_end_is_a_gap_before_the_fin) {
  Observed wire;
  wire.handshake();
  wire.hear_all(server().at(0).acks(0).says("abc"), server().at(6).acks(0).fin(), client().at(0).acks(7).fin());
  wire.wait(200ms);
  EXPECT_EQ(wire.from_server(), "abc___");
  EXPECT_EQ(wire.heard.ends[1], std::vector<StreamEnd>{StreamEnd::fin});
}

TEST(Gap, more_early_octets_than_a_direction_may_hold_force_the_hole) {
  Observed wire;
  wire.handshake();
  const std::string block(1000, 'x');
  for (int i = 0; i < 100; ++i) wire.hear(server().at(10 + i * 1000).acks(0).says(block));
  EXPECT_FALSE(wire.heard.gaps.empty());
  wire.end();
  EXPECT_EQ(wire.from_server(), std::string(10, '_') + std::string(100000, 'x'));
  EXPECT_TRUE(wire.ledger_closes());
}

TEST(Gap, connections_that_only_hold_give_way_to_those_that_move) {
  tcp::TrackerLimits limits = Observed::small();
  limits.flows_max = 4096;
  Observed wire{limits};
  for (std::uint16_t port = 1; port <= 2000; ++port) { // far more than there is room for
    wire.stage.client_end.port = port;
    wire.handshake();
    wire.hear(server().at(100).acks(0).says("never closed"));
  }
  EXPECT_LE(wire.tracker.reassembler().holes().slabs_in_use(), std::size_t{128});
  wire.stage.client_end.port = 5000;
  wire.handshake();
  wire.hear_all(server().at(3).acks(0).says("def"), server().at(0).acks(0).says("abc"));
  EXPECT_TRUE(wire.from_server().ends_with("abcdef"));
  wire.end();
  EXPECT_TRUE(wire.ledger_closes());
}

TEST(Timestamps, an_old_duplicate_at_the_next_place_is_refused) {
  Observed wire;
  wire.handshake();
  wire.hear(client().at(0).acks(0).says("abc").clock(100000));
  EXPECT_EQ(wire.hear(client().at(3).acks(0).says("OLD").clock(90000)), SegmentVerdict::old_timestamp);
  EXPECT_EQ(wire.hear(client().at(3).acks(0).says("def").clock(100001)), SegmentVerdict::delivered);
  EXPECT_EQ(wire.from_client(), "abcdef");
}

TEST(Timestamps, wrap_around) {
  Observed wire;
  wire.handshake();
  wire.hear_all(client().at(0).acks(0).says("abc").clock(0xfffffffe), client().at(3).acks(0).says("def").clock(1));
  EXPECT_EQ(wire.from_client(), "abcdef");
}

TEST(Timestamps, of_reordered_segments_may_be_older_than_those_that_overtook_them) {
  Observed wire;
  wire.handshake();
  wire.hear_all(client().at(6).acks(0).says("ghi").clock(130), client().at(3).acks(0).says("def").clock(120),
                client().at(0).acks(0).says("abc").clock(110));
  EXPECT_EQ(wire.from_client(), "abcdefghi");
}

} // namespace
} // namespace xdpcap::test
