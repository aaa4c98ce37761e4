// Bytes come out in order, each once, whatever order the segments came in.
#include <gtest/gtest.h>

#include "unit/tcp/observed.hpp"

namespace xdpcap::test {
namespace {

using tcp::SegmentVerdict;

TEST(Order, segments_in_order_are_delivered_at_once) {
  Observed wire;
  wire.handshake();
  EXPECT_EQ(wire.receive(client().at(0).acks(0).says("GET ")), SegmentVerdict::delivered);
  EXPECT_EQ(wire.receive(client().at(4).acks(0).says("/")), SegmentVerdict::delivered);
  EXPECT_EQ(wire.from_client(), "GET /");
  EXPECT_EQ(wire.received.opened, 1);
  EXPECT_TRUE(wire.defects.empty());
}

TEST(Order, an_early_segment_waits_for_the_one_before) {
  Observed wire;
  wire.handshake();
  EXPECT_EQ(wire.receive(client().at(4).acks(0).says("/")), SegmentVerdict::held);
  EXPECT_EQ(wire.from_client(), "");
  EXPECT_EQ(wire.receive(client().at(0).acks(0).says("GET ")), SegmentVerdict::delivered);
  EXPECT_EQ(wire.from_client(), "GET /");
  EXPECT_TRUE(wire.ledger_closes());
  EXPECT_EQ(wire.tracker.reassembler().frames_held(), 0U);
}

TEST(Order, the_last_segment_first) {
  Observed wire;
  wire.handshake();
  for (int i = 99; i >= 0; --i)
    wire.receive(client().at(i).acks(0).says(std::string(1, static_cast<char>('0' + i % 10))));
  ASSERT_EQ(wire.from_client().size(), 100U);
  for (std::size_t i = 0; i < 100; ++i)
    EXPECT_EQ(wire.from_client()[i], static_cast<char>('0' + i % 10));
}

TEST(Order, sequence_numbers_wrap) {
  Observed wire;
  wire.stage.client_isn = 0xfffffffb;
  wire.handshake();
  wire.receive_all(client().at(6).acks(0).says("gh"), client().at(0).acks(0).says("abcdef"),
                   client().at(8).acks(0).says("i"));
  EXPECT_EQ(wire.from_client(), "abcdefghi");
}

TEST(Order, a_retransmission_brings_nothing_new) {
  Observed wire;
  wire.handshake();
  wire.receive(client().at(0).acks(0).says("abc"));
  EXPECT_EQ(wire.receive(client().at(0).acks(0).says("abc")), SegmentVerdict::duplicate);
  EXPECT_EQ(wire.from_client(), "abc");
}

TEST(Order, a_retransmission_cut_differently_adds_only_its_tail_which_is_no_segment_start) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("abc"), client().at(1).acks(0).says("bcdef"));
  EXPECT_EQ(wire.from_client(), "abcdef");
  EXPECT_EQ(wire.received.starts[0], std::vector<std::string>{"abc"});
}

TEST(Order, a_keep_alive_byte_is_not_stored) {
  Observed wire;
  wire.handshake();
  EXPECT_EQ(wire.receive(client().at(-1).acks(0).says("x")), SegmentVerdict::keep_alive);
  wire.receive(client().at(0).acks(0).says("abc"));
  EXPECT_EQ(wire.receive(client().at(2).acks(0).says("x")), SegmentVerdict::keep_alive);
  EXPECT_EQ(wire.from_client(), "abc");
  EXPECT_FALSE(wire.received.flags & tcp::Connection::overlap_conflict);
}

TEST(Order, a_response_captured_before_its_request_comes_out_after_it) {
  Observed wire;
  wire.handshake();
  EXPECT_EQ(wire.receive(server().at(0).acks(5).says("200")), SegmentVerdict::held);
  wire.receive(client().at(0).acks(0).says("GET /"));
  EXPECT_EQ(wire.received.order, (std::vector<std::string>{"c:GET /", "s:200"}));
}

TEST(Order, the_two_directions_may_be_swapped_for_several_rounds) {
  Observed wire;
  wire.handshake();
  for (std::int64_t round = 0; round < 3; ++round) {
    wire.receive(server().at(round * 3).acks(round * 2 + 2).says("200"));
    wire.receive(client().at(round * 2).acks(round * 3).says("GO"));
  }
  EXPECT_EQ(wire.from_client(), "GOGOGO");
  EXPECT_EQ(wire.from_server(), "200200200");
  EXPECT_TRUE(wire.received.gaps.empty());
}

TEST(Order, a_stream_of_more_than_four_gibibytes_keeps_its_offsets) {
  Observed wire;
  wire.handshake();
  const std::string block(60000, 'x');
  std::uint64_t sent = 0;
  std::uint64_t received_before_end = 0;
  while (sent < (std::uint64_t{1} << 32) + 1000000) {
    wire.receive(client().at(static_cast<std::int64_t>(sent)).acks(0).says(block));
    sent += block.size();
    received_before_end += wire.received.text[0].size();
    wire.received.text[0].clear();
    wire.received.order.clear();
    wire.received.starts[0].clear();
    wire.defects.clear();
  }
  wire.end();
  EXPECT_EQ(received_before_end, sent);
  EXPECT_EQ(wire.received.last.from(Direction::to_server).offset, sent);
}

} // namespace
} // namespace xdpcap::test
