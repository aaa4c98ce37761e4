// How connections begin and end.
#include <gtest/gtest.h>

#include "unit/tcp/observed.hpp"

namespace xdpcap::test {
namespace {

using namespace std::chrono_literals;
using tcp::Connection;
using tcp::SegmentVerdict;
using Ends = std::vector<StreamEnd>;

TEST(Lifetime, a_fin_ends_its_direction_and_two_end_the_connection) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("bye").fin(), server().at(0).acks(4));
  EXPECT_EQ(wire.received.ends[0], Ends{StreamEnd::fin});
  EXPECT_TRUE(wire.received.ends[1].empty());
  wire.receive(server().at(0).acks(4).says("late words").fin());
  EXPECT_EQ(wire.from_server(), "late words");
  EXPECT_EQ(wire.received.ends[1], Ends{StreamEnd::fin});
  EXPECT_TRUE(wire.received.closed.empty()) << "the last FIN is not acknowledged yet";
  wire.receive(client().at(4).acks(11));
  EXPECT_EQ(wire.received.closed, Ends{StreamEnd::fin});
}

TEST(Lifetime, states_follow_acknowledged_fins) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).fin(), server().at(0).acks(1),
                   server().at(0).acks(1).fin(), client().at(1).acks(1));
  EXPECT_EQ(wire.received.last.from(Direction::to_server).state(), tcp::State::time_wait);
  EXPECT_EQ(wire.received.last.from(Direction::to_client).state(), tcp::State::closed);
}

TEST(Lifetime, a_fin_that_overtakes_data_waits_for_it) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(5).acks(0).fin(), client().at(3).acks(0).says("de"));
  EXPECT_TRUE(wire.received.ends[0].empty());
  wire.receive(client().at(0).acks(0).says("abc"));
  EXPECT_EQ(wire.from_client(), "abcde");
  EXPECT_EQ(wire.received.ends[0], Ends{StreamEnd::fin});
}

TEST(Lifetime, bytes_behind_the_fin_are_not_of_the_stream) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("abc").fin());
  EXPECT_EQ(wire.receive(client().at(4).acks(0).says("more")), SegmentVerdict::beyond_end);
  EXPECT_EQ(wire.from_client(), "abc");
}

TEST(Lifetime, an_exact_reset_ends_both_directions) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("abc"), server().at(0).acks(3).rst());
  EXPECT_EQ(wire.received.ends[0], Ends{StreamEnd::rst});
  EXPECT_EQ(wire.received.ends[1], Ends{StreamEnd::rst});
  EXPECT_EQ(wire.receive(client().at(3).acks(0).says("x")), SegmentVerdict::after_close);
}

TEST(Lifetime, a_reset_outside_the_window_is_ignored) {
  Observed wire;
  wire.handshake();
  wire.receive(server().at(0).acks(0).says("abc"));
  EXPECT_EQ(wire.receive(server().at(-100000).acks(0).rst()), SegmentVerdict::reset_ignored);
  EXPECT_EQ(wire.receive(server().at(1 << 29).rst()), SegmentVerdict::reset_ignored);
  wire.receive(server().at(3).acks(0).says("def"));
  EXPECT_EQ(wire.from_server(), "abcdef");
}

TEST(Lifetime, a_reset_in_the_window_is_revoked_when_its_sender_goes_on) {
  Observed wire;
  wire.handshake();
  EXPECT_EQ(wire.receive(server().at(50).rst()), SegmentVerdict::reset);
  wire.receive(server().at(0).acks(0).says("abc"));
  wire.wait(3s);
  EXPECT_EQ(wire.from_server(), "abc");
  EXPECT_TRUE(wire.received.closed.empty());
  EXPECT_EQ(wire.tracker.reassembler().counters().get(tcp::StreamCount::resets_revoked), 1U);
}

TEST(Lifetime, a_reset_in_the_window_is_believed_when_silence_follows) {
  Observed wire;
  wire.handshake();
  wire.receive(server().at(50).rst());
  wire.wait(4s);
  EXPECT_EQ(wire.received.closed, Ends{StreamEnd::rst});
}

TEST(Lifetime, a_refused_connection_never_was_one) {
  Observed wire;
  wire.receive_all(client().syn(), server().at(-1).acks(0).rst());
  EXPECT_EQ(wire.received.opened, 0);
  EXPECT_EQ(wire.tracker.table().size(), 0U);
}

TEST(Lifetime, a_thousand_syns_cost_no_flow) {
  Observed wire;
  for (std::uint16_t port = 1; port <= 1000; ++port) {
    wire.stage.client_end.port = port;
    wire.receive(client().syn());
    wire.receive(server().syn().acks(0));
  }
  EXPECT_EQ(wire.tracker.table().size(), 0U);
}

TEST(Lifetime, data_of_a_syn_waits_for_the_syn_ack_that_takes_it) {
  Observed wire;
  wire.receive(client().syn().says("GET /"));
  EXPECT_EQ(wire.from_client(), "");
  wire.receive(server().syn().acks(5));
  EXPECT_EQ(wire.from_client(), "GET /");
  wire.receive_all(client().at(5).acks(0), server().at(0).acks(5).says("200"));
  EXPECT_EQ(wire.from_server(), "200");
  EXPECT_TRUE(wire.ledger_closes());
}

TEST(Lifetime, data_of_a_syn_that_is_not_taken_comes_again) {
  Observed wire;
  wire.receive_all(client().syn().says("OLD"), server().syn().acks(0), client().at(0).acks(0),
                   client().at(0).acks(0).says("NEW!"));
  EXPECT_EQ(wire.from_client(), "NEW!");
  EXPECT_TRUE(wire.ledger_closes());
}

TEST(Lifetime, data_of_a_syn_is_judged_by_where_its_sender_goes_on) {
  Observed taken;
  taken.receive_all(client().syn().says("abc"), client().at(3).acks(0).says("def"));
  EXPECT_EQ(taken.from_client(), "abcdef");
  Observed refused;
  refused.receive_all(client().syn().says("abc"), client().at(0).acks(0).says("xyz"));
  EXPECT_EQ(refused.from_client(), "xyz");
}

TEST(Lifetime, both_ends_may_open_at_once) {
  Observed wire;
  wire.receive_all(client().syn(), server().syn(), client().syn().acks(0), server().syn().acks(0),
                   client().at(0).acks(0), client().at(0).acks(0).says("hello"),
                   server().at(0).acks(5).says("world"));
  EXPECT_EQ(wire.from_client(), "hello");
  EXPECT_EQ(wire.from_server(), "world");
  EXPECT_EQ(wire.received.opened, 1);
}

TEST(Lifetime, both_ends_may_close_at_once) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).fin(), server().at(0).acks(0).fin(),
                   client().at(1).acks(1), server().at(1).acks(1));
  EXPECT_EQ(wire.received.closed, Ends{StreamEnd::fin});
}

TEST(Lifetime, addresses_are_used_again_after_a_close) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("one").fin(), server().at(0).acks(4).fin());
  wire.stage.client_isn += 100000;
  wire.stage.server_isn += 77777;
  wire.received.text[0].clear();
  wire.handshake();
  wire.receive(client().at(0).acks(0).says("two"));
  EXPECT_EQ(wire.received.opened, 2);
  EXPECT_EQ(wire.from_client(), "two");
}

TEST(Lifetime, a_live_connection_gives_way_only_to_a_syn_that_is_answered) {
  Observed wire;
  wire.handshake();
  wire.receive(client().at(0).acks(0).says("one"));
  const std::uint32_t old_isn = wire.stage.client_isn;
  wire.stage.client_isn += 1 << 26;
  wire.receive(client().syn()); // forged, or a new start
  EXPECT_TRUE(wire.received.closed.empty());
  wire.stage.client_isn = old_isn;
  wire.receive(client().at(3).acks(0).says("two"));
  EXPECT_EQ(wire.from_client(), "onetwo");
  wire.stage.client_isn += 1 << 26;
  wire.stage.server_isn += 1 << 27;
  wire.receive(server().syn().acks(0)); // the other end takes it
  EXPECT_EQ(wire.received.closed.size(), 1U);
  wire.received.text[0].clear();
  wire.receive_all(client().at(0).acks(0), client().at(0).acks(0).says("new"));
  EXPECT_EQ(wire.from_client(), "new");
}

TEST(Lifetime, a_connection_is_picked_up_in_its_middle) {
  Observed wire;
  wire.partial = true;
  EXPECT_EQ(wire.receive(client().at(5000).acks(900)), SegmentVerdict::no_connection);
  wire.receive_all(client().at(5000).acks(900).says("GET"),
                   server().at(900).acks(5003).says("200"));
  EXPECT_EQ(wire.from_client(), "GET");
  EXPECT_EQ(wire.from_server(), "200");
  wire.end();
  EXPECT_TRUE(wire.received.flags & Connection::partial);
}

TEST(Lifetime, silence_ends_a_connection) {
  Observed wire;
  wire.handshake();
  wire.wait(59min);
  EXPECT_TRUE(wire.received.closed.empty());
  wire.wait(2min);
  EXPECT_EQ(wire.received.closed, Ends{StreamEnd::timeout});
  EXPECT_EQ(wire.tracker.table().size(), 0U);
}

TEST(Lifetime, a_full_table_lets_the_one_silent_longest_go) {
  Observed wire;
  for (std::uint16_t port = 1; port <= 70; ++port) {
    wire.stage.client_end.port = port;
    wire.handshake();
    wire.wait(1s);
  }
  EXPECT_EQ(wire.tracker.table().size(), 64U);
  EXPECT_EQ(wire.tracker.counters().get(tcp::FlowCount::closed_evicted), 6U);
  wire.stage.client_end.port = 70; // the newest is still there
  EXPECT_EQ(wire.receive(client().at(0).acks(0).says("x")), SegmentVerdict::delivered);
}

TEST(Lifetime, the_handshake_is_timed_in_both_directions) {
  Observed wire;
  wire.receive(client().syn());
  wire.receive(server().syn().acks(0), 7ms);
  wire.receive(client().at(0).acks(0), 3ms);
  wire.end();
  EXPECT_EQ(wire.received.last.syn_to_syn_ack_us, 7000U);
  EXPECT_EQ(wire.received.last.syn_ack_to_ack_us, 3000U);
}

TEST(Lifetime, data_is_timed_to_its_acknowledgement) {
  Observed wire;
  wire.handshake();
  wire.receive(client().at(0).acks(0).says("abc"));
  wire.receive(server().at(0).acks(3), 20ms);
  wire.end();
  EXPECT_NEAR(wire.received.last.from(Direction::to_server).srtt_us, 20000, 1);
}

TEST(Lifetime, an_answer_stamped_before_its_cause_took_a_moment_and_not_an_hour) {
  Observed wire;
  wire.receive(client().syn(), 5ms);
  wire.receive(server().syn().acks(0), -2ms);
  wire.receive(client().at(0).acks(0), -1ms);
  wire.receive(client().at(0).acks(0).says("abc"));
  wire.receive(server().at(0).acks(3), -1ms);
  wire.end();
  EXPECT_EQ(wire.received.last.syn_to_syn_ack_us, 1U);
  EXPECT_LE(wire.received.last.syn_ack_to_ack_us, 1U);
  EXPECT_EQ(wire.received.last.from(Direction::to_server).srtt_us, 1U);
  EXPECT_LT(wire.received.last.last_seen - wire.received.last.first_seen, 1s);
}

// The commonest close: FIN, FIN and ACK in one segment, ACK.
TEST(Lifetime, a_fin_that_answers_a_fin_is_sent_in_close_wait) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).fin(), server().at(0).acks(1).fin());
  EXPECT_TRUE(wire.received.closed.empty());
  wire.receive(client().at(1).acks(1));
  const tcp::HalfConnection& client_half = wire.received.last.from(Direction::to_server);
  const tcp::HalfConnection& server_half = wire.received.last.from(Direction::to_client);
  EXPECT_EQ(client_half.state(), tcp::State::time_wait);
  EXPECT_EQ(server_half.state(), tcp::State::closed);
  EXPECT_EQ(client_half.packets, 4U) << "SYN, ACK, FIN, ACK";
  EXPECT_EQ(server_half.packets, 2U) << "SYN-ACK, FIN-ACK";
}

TEST(Lifetime, of_a_connection_joined_late_the_states_of_a_close_are_right_too) {
  Observed wire;
  wire.partial = true;
  wire.receive_all(client().at(0).acks(0).says("abc").fin(), server().at(0).acks(4).fin(),
                   client().at(4).acks(1));
  EXPECT_EQ(wire.received.last.from(Direction::to_server).state(), tcp::State::time_wait);
  EXPECT_EQ(wire.received.last.from(Direction::to_client).state(), tcp::State::closed);
}

TEST(Lifetime, a_simultaneous_close_passes_closing) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).fin(), server().at(0).acks(0).fin(),
                   client().at(1).acks(1), server().at(1).acks(1));
  EXPECT_EQ(wire.received.last.from(Direction::to_server).state(), tcp::State::time_wait);
  EXPECT_EQ(wire.received.last.from(Direction::to_client).state(), tcp::State::time_wait);
}

TEST(Lifetime, a_last_ack_that_is_not_captured_is_waited_for_a_while) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).fin(), server().at(0).acks(1).fin());
  wire.wait(4s);
  EXPECT_TRUE(wire.received.closed.empty());
  wire.wait(4s);
  EXPECT_EQ(wire.received.closed, Ends{StreamEnd::fin});
  EXPECT_EQ(wire.tracker.counters().get(tcp::FlowCount::closed_fin), 1U);
  EXPECT_EQ(wire.tracker.counters().get(tcp::FlowCount::closed_timeout), 0U);
}

TEST(Lifetime, the_end_of_the_capture_does_not_hide_how_a_connection_ended) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).fin(), server().at(0).acks(1).fin());
  wire.end();
  EXPECT_EQ(wire.received.closed, Ends{StreamEnd::fin});
}

TEST(Lifetime, a_connection_that_is_open_at_the_end_is_counted_so) {
  Observed wire;
  wire.handshake();
  wire.end();
  EXPECT_EQ(wire.received.closed, Ends{StreamEnd::capture});
  EXPECT_EQ(wire.tracker.counters().get(tcp::FlowCount::closed_by_capture), 1U);
  EXPECT_EQ(wire.tracker.counters().get(tcp::FlowCount::closed_timeout), 0U);
}

TEST(Lifetime, repeated_syns_are_packets_too) {
  Observed wire;
  wire.receive_all(client().syn(), client().syn(), server().syn().acks(0), server().syn().acks(0),
                   client().at(0).acks(0), server().syn().acks(0));
  wire.end();
  EXPECT_EQ(wire.received.last.from(Direction::to_server).packets, 3U);
  EXPECT_EQ(wire.received.last.from(Direction::to_client).packets, 3U);
}

// Their record is gone; who sent them is not a new connection.
TEST(Lifetime, stragglers_of_an_ended_connection_begin_no_other) {
  for (const bool by_reset : {false, true}) {
    Observed wire;
    wire.handshake();
    wire.receive_all(client().at(0).acks(0).says("GET /"), server().at(0).acks(5).says("200"));
    if (by_reset) {
      wire.receive(server().at(3).acks(5).rst());
    } else {
      wire.receive_all(server().at(3).acks(5).fin(), client().at(5).acks(4).fin(),
                       server().at(4).acks(6));
    }
    wire.wait(20s);
    EXPECT_EQ(wire.tracker.table().size(), 0U);
    EXPECT_EQ(wire.receive(client().at(0).acks(0).says("GET /")), SegmentVerdict::after_close);
    EXPECT_EQ(wire.receive(server().at(0).acks(5).says("200")), SegmentVerdict::after_close);
    EXPECT_EQ(wire.received.opened, 1);
    wire.partial = true; // but bytes that were never seen before are another's
    EXPECT_EQ(wire.receive(client().at(2000).acks(0).says("GET /")), SegmentVerdict::delivered);
    EXPECT_EQ(wire.received.opened, 2);
  }
}

TEST(Lifetime, addresses_are_free_again_after_some_minutes) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("GET /"), server().at(0).acks(5).rst());
  wire.wait(20s);
  wire.wait(10min);
  wire.partial = true;
  EXPECT_EQ(wire.receive(client().at(0).acks(0).says("GET /")), SegmentVerdict::delivered);
}

} // namespace
} // namespace xdpcap::test
