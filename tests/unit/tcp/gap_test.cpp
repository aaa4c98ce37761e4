// What never comes: when it is said, and what is said of it.
#include <gtest/gtest.h>
#include <pthread.h>

#include <memory>

#include "unit/tcp/observed.hpp"

namespace xdpcap::test {
namespace {

using namespace std::chrono_literals;
using tcp::SegmentVerdict;

TEST(Gap, acknowledged_bytes_that_were_not_seen_are_a_gap_after_a_grace) {
  Observed wire;
  wire.handshake();
  wire.receive_all(server().at(0).acks(0).says("abc"), server().at(6).acks(0).says("ghi"),
                   client().at(0).acks(9));
  EXPECT_TRUE(wire.received.gaps.empty()); // the capture may have swapped them
  wire.wait(200ms);
  EXPECT_EQ(wire.from_server(), "abc___ghi");
  ASSERT_EQ(wire.received.gaps.size(), 1U);
  EXPECT_EQ(wire.received.gaps[0].offset, 3U);
  EXPECT_EQ(wire.received.gaps[0].cause, GapCause::network);
  EXPECT_TRUE(wire.ledger_closes());
}

TEST(Gap, bytes_that_come_within_the_grace_are_none) {
  Observed wire;
  wire.handshake();
  wire.receive_all(server().at(3).acks(0).says("def"), client().at(0).acks(6),
                   server().at(0).acks(0).says("abc"));
  wire.wait(200ms);
  EXPECT_EQ(wire.from_server(), "abcdef");
  EXPECT_TRUE(wire.received.gaps.empty());
}

TEST(Gap, a_hole_nobody_acknowledged_is_waited_for) {
  Observed wire;
  wire.handshake();
  wire.receive_all(server().at(3).acks(0).says("def"), client().at(0).acks(0));
  wire.wait(5s);
  EXPECT_TRUE(wire.received.gaps.empty());
  wire.receive(server().at(0).acks(0).says("abc")); // sent again
  EXPECT_EQ(wire.from_server(), "abcdef");
}

// Nothing bounds what is acknowledged before the first byte of a direction is seen.
TEST(Gap, of_any_length_is_one) {
  Observed wire;
  wire.partial = wire.count_gaps_only = true;
  constexpr std::uint32_t kFar = 0x7ffffff0;
  wire.receive_all(server().at(0).acks(kFar + 1).says("abc"), client().at(0).acks(3).says("d"),
                   client().at(kFar).acks(3).fin());
  wire.wait(200ms);
  ASSERT_EQ(wire.received.gaps.size(), 1U);
  EXPECT_EQ(wire.received.gaps[0].length, kFar - 1);
  EXPECT_EQ(wire.from_client(), "d");
}

TEST(Gap, the_capture_is_to_blame_where_it_dropped_frames_meanwhile) {
  Observed wire;
  wire.handshake();
  wire.receive_all(server().at(3).acks(0).says("def"), client().at(0).acks(6));
  wire.tracker.update_capture_loss(wire.now);
  wire.wait(200ms);
  ASSERT_EQ(wire.received.gaps.size(), 1U);
  EXPECT_EQ(wire.received.gaps[0].cause, GapCause::capture);
}

TEST(Gap, a_whole_request_that_was_lost_is_told_before_its_response) {
  Observed wire;
  wire.handshake();
  wire.receive(server().at(0).acks(20).says("200"));
  wire.wait(200ms);
  EXPECT_TRUE(wire.received.gaps.empty()) << "so far nobody but the server says that it was sent";
  wire.receive(client().at(20).acks(3));
  wire.wait(200ms);
  EXPECT_EQ(wire.from_client(), std::string(20, '_'));
  EXPECT_EQ(wire.from_server(), "200");
}

TEST(Gap, a_lost_end_of_a_response_is_one_once_its_sender_has_gone_on) {
  for (const bool with_data : {false, true}) {
    Observed wire;
    wire.handshake();
    wire.receive_all(server().at(0).acks(0).says("abc"), client().at(0).acks(6).says("next"));
    wire.wait(200ms);
    EXPECT_EQ(wire.from_server(), "abc");
    wire.receive(with_data ? server().at(6).acks(4).says("ghi") : server().at(6).acks(4));
    wire.wait(200ms);
    EXPECT_EQ(wire.from_server(), with_data ? "abc___ghi" : "abc___");
    EXPECT_EQ(wire.from_client(), "next");
    EXPECT_TRUE(wire.ledger_closes());
  }
}

TEST(Gap, of_a_direction_that_is_never_seen_the_acknowledgements_are_proof) {
  Observed wire;
  wire.receive_all(client().syn().scale(8), client().at(0).acks(0),
                   client().at(0).acks(0).says("first"), client().at(5).acks(20).says("second"));
  wire.wait(200ms);
  EXPECT_EQ(wire.from_client(), "firstsecond");
  EXPECT_EQ(wire.from_server(), std::string(20, '_'));
}

TEST(Gap, a_frame_cut_by_the_snap_length_leaves_one) {
  Observed wire;
  wire.handshake();
  wire.receive_all(server().at(0).acks(0).says("abc").cut_by(7),
                   server().at(10).acks(0).says("xyz"));
  EXPECT_EQ(wire.from_server(), "abc_______xyz");
  EXPECT_EQ(wire.received.gaps.at(0).cause, GapCause::snaplen);
}

TEST(Gap, a_cut_frame_that_came_early_leaves_one_in_its_place) {
  Observed wire;
  wire.handshake();
  wire.receive_all(server().at(3).acks(0).says("de").cut_by(2), server().at(7).acks(0).says("h"),
                   server().at(0).acks(0).says("abc"));
  EXPECT_EQ(wire.from_server(), "abcde__h");
}

TEST(Gap, the_end_of_the_capture_is_the_end_of_waiting) {
  Observed wire;
  wire.handshake();
  wire.receive_all(server().at(3).acks(0).says("def"), server().at(8).acks(0).says("ij"));
  wire.end();
  EXPECT_EQ(wire.from_server(), "___def__ij");
  EXPECT_TRUE(wire.ledger_closes());
}

TEST(Gap, in_a_connection_of_one_direction_a_hole_is_given_up_after_the_grace) {
  Observed wire;
  wire.partial = true;
  wire.receive_all(server().at(0).acks(0).says("abc"), server().at(6).acks(0).says("ghi"));
  wire.wait(200ms);
  EXPECT_EQ(wire.from_server(), "abc___ghi");
}

TEST(Gap, a_lost_end_is_a_gap_before_the_fin) {
  Observed wire;
  wire.handshake();
  wire.receive_all(server().at(0).acks(0).says("abc"), server().at(6).acks(0).fin(),
                   client().at(0).acks(7).fin());
  wire.wait(200ms);
  EXPECT_EQ(wire.from_server(), "abc___");
  EXPECT_EQ(wire.received.ends[1], std::vector<StreamEnd>{StreamEnd::fin});
}

TEST(Gap, more_early_bytes_than_a_direction_may_hold_force_the_hole) {
  Observed wire;
  wire.handshake();
  const std::string block(1000, 'x');
  for (int i = 0; i < 100; ++i) wire.receive(server().at(10 + i * 1000).acks(0).says(block));
  EXPECT_FALSE(wire.received.gaps.empty());
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
    wire.receive(server().at(100).acks(0).says("never closed"));
  }
  EXPECT_LE(wire.tracker.reassembler().out_of_order().slabs_in_use(), std::size_t{128});
  wire.stage.client_end.port = 5000;
  wire.handshake();
  wire.receive_all(server().at(3).acks(0).says("def"), server().at(0).acks(0).says("abc"));
  EXPECT_TRUE(wire.from_server().ends_with("abcdef"));
  wire.end();
  EXPECT_TRUE(wire.ledger_closes());
}

// Each held piece is a hole given up once there is no room: as many turns as pieces, on a small
// stack.
TEST(Gap, giving_up_many_holes_at_once_takes_no_stack) {
  tcp::TrackerLimits limits = Observed::small();
  limits.reassembly.out_of_order_bytes = std::size_t{160} << 20;
  limits.reassembly.out_of_order_bytes_max = 100'000;
  auto wire = std::make_unique<Observed>(limits);
  wire->handshake();
  constexpr int kPieces = 60'000;
  for (int i = 0; i < kPieces; ++i) wire->receive(client().at(2 + 2 * i).acks(0).says("x"), {});
  const auto segment = client().at(2 + 2 * kPieces).acks(0).says(std::string(65'495, 'y'));
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, 256 << 10);
  struct Work {
    Observed& wire;
    const Line& line;
  } work{*wire, segment};
  pthread_t thread{};
  ASSERT_EQ(::pthread_create(
                &thread, &attributes,
                [](void* given) -> void* {
                  auto& [observed, line] = *static_cast<Work*>(given);
                  observed.receive(line, {});
                  return nullptr;
                },
                &work),
            0);
  ::pthread_join(thread, nullptr);
  ::pthread_attr_destroy(&attributes);
  EXPECT_TRUE(wire->ledger_closes());
  EXPECT_GT(wire->received.gaps.size(), 20'000U);
}

TEST(Gap, bytes_of_gaps_are_counted_beyond_32_bits) {
  Observed wire;
  wire.handshake();
  const auto far = [&](std::int64_t to) {
    wire.receive_all(client().at(to).acks(0).says("x"), server().at(0).acks(to + 1));
    wire.wait(1s);
  };
  wire.received.text[0].clear();
  wire.count_gaps_only = true;
  for (std::int64_t to = 1; to <= 9; ++to) far(to * 1'000'000'000);
  wire.end();
  EXPECT_EQ(wire.received.last.from(Direction::to_server).gap_bytes(), 9'000'000'000U - 8U);
}

TEST(Gap, a_segment_at_half_the_sequence_space_is_far_away_and_no_overflow) {
  Observed wire;
  wire.handshake();
  EXPECT_EQ(wire.receive(client().at((std::int64_t{1} << 31) - 1).acks(0).says("x")),
            SegmentVerdict::beyond_end);
}

} // namespace
} // namespace xdpcap::test
