// Segments whose checksum proves nothing: the receiver's acknowledgement decides.
#include <gtest/gtest.h>

#include "unit/tcp/observed.hpp"

namespace xdpcap::test {
namespace {

using namespace std::chrono_literals;
using tcp::Connection;
using tcp::SegmentVerdict;
using wire::ChecksumResult;

constexpr ChecksumResult kOffloaded = ChecksumResult::offloaded;
constexpr ChecksumResult kWrong = ChecksumResult::bad;

TEST(Doubtful, a_forged_segment_gives_way_to_the_one_that_the_receiver_takes) {
  for (const ChecksumResult state : {kOffloaded, kWrong}) {
    Observed wire;
    wire.handshake();
    EXPECT_EQ(wire.receive(client().at(0).acks(0).says("GET /admin").checksum(state)),
              SegmentVerdict::held);
    wire.receive_all(client().at(0).acks(0).says("GET /index"), server().at(0).acks(10));
    wire.end();
    EXPECT_EQ(wire.from_client(), "GET /index");
    EXPECT_TRUE(wire.ledger_closes());
  }
}

// A segment is lost behind the capture; its receiver acknowledges a smaller retransmission.
TEST(Doubtful, what_is_acknowledged_of_a_segment_goes_on_before_the_answer) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("GET /a\nGET /b\n").checksum(kOffloaded),
                   client().at(0).acks(0).says("GET /a\n").checksum(kOffloaded),
                   server().at(0).acks(7).says("answer a\n"));
  EXPECT_EQ(wire.received.order, (std::vector<std::string>{"c:GET /a\n", "s:answer a\n"}));
  wire.receive_all(client().at(7).acks(9).says("GET /b\n").checksum(kOffloaded),
                   server().at(9).acks(14).says("answer b\n"));
  wire.end();
  EXPECT_EQ(wire.from_client(), "GET /a\nGET /b\n");
  EXPECT_EQ(wire.from_server(), "answer a\nanswer b\n");
  EXPECT_TRUE(wire.received.gaps.empty());
  EXPECT_TRUE(wire.ledger_closes());
}

// A burst that hardware joined, and less room than it has bytes: the loss is counted.
TEST(Doubtful, what_is_held_in_part_is_counted) {
  tcp::TrackerLimits limits = Observed::small();
  limits.reassembly.out_of_order_bytes_max = 4096;
  Observed wire(limits);
  wire.handshake();
  EXPECT_EQ(wire.receive(client().at(0).acks(0).says(std::string(17785, 'x')).checksum(kOffloaded)),
            SegmentVerdict::held);
  wire.receive_all(server().at(0).acks(17785), client().at(17785).acks(0).says("y"));
  wire.end();
  EXPECT_EQ(wire.tracker.reassembler().counters().get(tcp::StreamCount::held_cut), 1U);
  EXPECT_FALSE(wire.received.gaps.empty());
  EXPECT_TRUE(wire.ledger_closes());
}

// Each before the server has said anything but its SYN-ACK, and in the middle.
TEST(Doubtful, what_every_receiver_refuses_gives_way_to_what_it_takes) {
  for (const bool begun : {false, true}) {
    const std::int64_t at = begun ? 1 : 0;
    const Line honest = client().at(at).acks(at).says("GET /index").clock(1001);
    const Line forged[] = {
        client().at(at).says("GET /admin").clock(1001),                    // acknowledges nothing
        client().at(at).acks(at).says("GET /admin").clock(1001).unusual(), // options, a signature
        client().at(at).acks(at).says("GET /admin").clock(500),            // PAWS
        client().at(at).acks(at - (std::int64_t{1} << 30)).says("GET /admin").clock(1001), // RFC
                                                                                           // 5961
    };
    for (const Line& line : forged) {
      Observed wire;
      wire.receive_all(client().syn().scale(8).clock(999), server().syn().acks(0).scale(8).clock(7),
                       client().at(0).acks(0).clock(1000).window(1000));
      if (begun) {
        wire.receive_all(client().at(0).acks(0).says("x").clock(1000).window(1000),
                         server().at(0).acks(1).says("y").clock(8),
                         client().at(1).acks(1).clock(1000).window(1000));
      }
      EXPECT_EQ(wire.receive(line), SegmentVerdict::held);
      wire.receive_all(honest, server().at(at).acks(at + 10).clock(9));
      wire.end();
      EXPECT_EQ(wire.from_client(), begun ? "xGET /index" : "GET /index");
      EXPECT_TRUE(wire.received.gaps.empty());
      EXPECT_TRUE(wire.ledger_closes());
    }
  }
}

TEST(Doubtful, unusual_headers_that_the_receiver_takes_are_believed) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("abc").unusual(),
                   server().at(0).acks(3).says("defg").unusual(), client().at(3).acks(4).unusual(),
                   client().at(3).acks(4).says("hij").unusual(), server().at(4).acks(6).unusual());
  wire.wait(1s);
  EXPECT_EQ(wire.from_client(), "abchij");
  EXPECT_EQ(wire.from_server(), "defg");
  EXPECT_TRUE(wire.received.gaps.empty());
}

// RFC 9293, 3.10.7.4: who acknowledges what was not sent yet is answered, and not believed.
TEST(Doubtful, what_acknowledges_bytes_not_yet_sent_gives_way_to_what_is_taken) {
  for (const bool at_once : {false, true}) {
    Observed wire;
    wire.handshake();
    EXPECT_EQ(wire.receive(client().at(0).acks(500).says("GET /admin")), SegmentVerdict::held);
    if (!at_once) wire.wait(200ms);
    wire.receive_all(client().at(0).acks(0).says("GET /index"),
                     server().at(0).acks(10).says(std::string(600, 'x')),
                     client().at(10).acks(600));
    wire.wait(1s);
    EXPECT_EQ(wire.from_client(), "GET /index");
    EXPECT_EQ(wire.from_server(), std::string(600, 'x'));
    EXPECT_TRUE(wire.received.gaps.empty());
    wire.end();
    EXPECT_TRUE(wire.ledger_closes());
  }
}

TEST(Doubtful, an_acknowledgement_alone_makes_no_gap) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("GET"), client().at(3).acks(500));
  wire.wait(1s);
  wire.receive_all(client().at(3).acks(0).says(" /"), server().at(0).acks(5).says("late answer"),
                   client().at(5).acks(11));
  EXPECT_EQ(wire.from_client(), "GET /");
  EXPECT_EQ(wire.from_server(), "late answer");
  EXPECT_TRUE(wire.received.gaps.empty());
}

TEST(Doubtful, what_acknowledges_bytes_sent_later_was_not_taken_then) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(500).says("GET /admin"),
                   server().at(0).acks(0).says(std::string(600, 'x')), client().at(0).acks(600));
  EXPECT_EQ(wire.from_server(), std::string(600, 'x'));
  EXPECT_EQ(wire.from_client(), "") << "its receiver has acknowledged nothing of it";
  wire.receive_all(client().at(0).acks(600).fin(), server().at(600).acks(1).fin(),
                   client().at(1).acks(601));
  wire.wait(10s);
  EXPECT_EQ(wire.from_client(), "");
  EXPECT_TRUE(wire.ledger_closes());
}

// Who guesses where the answer will end passes for one that the capture has swapped, and is seen
// by what its sender says next.
TEST(Doubtful, a_lucky_guess_of_the_next_acknowledgement_is_flagged) {
  for (const bool ends : {false, true}) {
    Observed wire;
    wire.handshake();
    wire.receive_all(client().at(0).acks(3).says("BAD"), server().at(0).acks(0).says("200"));
    EXPECT_EQ(wire.from_client(), "BAD");
    wire.receive(ends ? client().at(0).acks(3).fin() : client().at(0).acks(3).says("GET"));
    wire.end();
    EXPECT_NE(wire.received.flags & Connection::overlap_conflict, 0);
  }
}

TEST(Doubtful, what_takes_the_place_of_held_bytes_brings_its_own_acknowledgement) {
  for (const bool in_two : {false, true}) {
    Observed wire;
    wire.handshake();
    wire.receive(client().at(3).acks(500).says("BADBAD"));
    if (in_two) {
      wire.receive_all(client().at(6).acks(0).says("ghi"), client().at(3).acks(0).says("def"));
    } else {
      wire.receive(client().at(3).acks(0).says("defghi"));
    }
    wire.receive_all(client().at(0).acks(0).says("abc"), server().at(0).acks(9));
    EXPECT_EQ(wire.from_client(), "abcdefghi");
    wire.wait(1s);
    wire.receive_all(server().at(0).acks(9).says("late answer"), client().at(9).acks(11));
    EXPECT_EQ(wire.from_server(), "late answer");
    EXPECT_TRUE(wire.received.gaps.empty());
    wire.end();
    EXPECT_TRUE(wire.ledger_closes());
  }
}

TEST(Doubtful, a_forged_fin_does_not_hide_what_is_missing_behind_it) {
  for (const std::int64_t at : {3, 2}) {
    Observed wire;
    wire.handshake();
    wire.receive_all(server().at(0).acks(0).says("abc"), client().at(0).acks(3),
                     server().at(at).acks(500).fin(), server().at(6).acks(0).says("ghi"),
                     client().at(0).acks(9));
    wire.wait(200ms);
    EXPECT_EQ(wire.from_server(), "abc___ghi");
  }
}

TEST(Doubtful, a_forged_segment_that_comes_early_gives_way_too) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(3).acks(0).says("BAD").checksum(kWrong),
                   client().at(3).acks(0).says("def"), client().at(0).acks(0).says("abc"));
  EXPECT_EQ(wire.from_client(), "abcdef");
}

TEST(Doubtful, what_is_acknowledged_is_delivered_at_once) {
  Observed wire;
  wire.handshake();
  wire.receive_all(server().at(0).acks(0).says("abc").checksum(kOffloaded),
                   server().at(3).acks(0).says("def").checksum(kOffloaded));
  EXPECT_EQ(wire.from_server(), "");
  wire.receive(client().at(0).acks(3));
  EXPECT_EQ(wire.from_server(), "abc");
  wire.receive(client().at(0).acks(6).says("next request"));
  EXPECT_EQ(wire.from_server(), "abcdef");
  EXPECT_EQ(wire.received.order.back(), "c:next request") << "cause before effect";
}

TEST(Doubtful, at_the_end_only_what_hardware_was_to_finish_is_delivered_and_it_is_said) {
  Observed offloaded;
  offloaded.handshake();
  offloaded.receive(server().at(0).acks(0).says("last words").checksum(kOffloaded));
  offloaded.end();
  EXPECT_EQ(offloaded.from_server(), "last words");
  EXPECT_NE(offloaded.received.flags & Connection::unproved, 0);

  Observed wrong;
  wrong.handshake();
  wrong.receive(server().at(0).acks(0).says("last words").checksum(kWrong));
  wrong.end();
  EXPECT_EQ(wrong.from_server(), "");
  EXPECT_TRUE(wrong.ledger_closes());
}

TEST(Doubtful, where_nobody_answers_there_is_nothing_to_wait_for) {
  Observed wire;
  wire.partial = true;
  wire.receive(server().at(0).says("abc").checksum(kOffloaded));
  EXPECT_EQ(wire.from_server(), "abc");
}

TEST(Doubtful, a_fin_counts_once_it_is_acknowledged) {
  Observed wire;
  wire.handshake();
  wire.receive(client().at(0).acks(0).fin().checksum(kWrong));
  wire.receive_all(client().at(0).acks(0).says("abc"), server().at(0).acks(3));
  EXPECT_EQ(wire.from_client(), "abc");
  EXPECT_TRUE(wire.received.ends[0].empty());
  wire.receive_all(client().at(3).acks(0).fin().checksum(kOffloaded));
  EXPECT_TRUE(wire.received.ends[0].empty());
  wire.receive(server().at(0).acks(4));
  EXPECT_EQ(wire.received.ends[0], std::vector<StreamEnd>{StreamEnd::fin});
}

TEST(Doubtful, an_exact_reset_does_not_cut_off_who_goes_on) {
  Observed wire;
  wire.handshake();
  wire.receive(server().at(0).rst().checksum(kWrong));
  wire.receive_all(server().at(0).acks(0).says("abc"));
  wire.wait(3s);
  EXPECT_EQ(wire.from_server(), "abc");
  EXPECT_TRUE(wire.received.closed.empty());
}

TEST(Doubtful, a_wrong_checksum_begins_no_connection) {
  Observed wire;
  EXPECT_EQ(wire.receive(client().at(0).acks(0).says("junk").checksum(kWrong)),
            SegmentVerdict::bad_checksum);
  EXPECT_EQ(wire.receive(client().syn().checksum(kWrong)), SegmentVerdict::bad_checksum);
  wire.end();
  EXPECT_EQ(wire.received.opened, 0);
}

TEST(Doubtful, what_lies_behind_a_refused_segment_is_not_lost_with_it) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("BAD").checksum(kWrong),
                   client().at(3).acks(0).says("def"));
  wire.end();
  EXPECT_EQ(wire.from_client(), "___def");
}

} // namespace
} // namespace xdpcap::test
