// Two versions of the same bytes: which one is kept, and that it is flagged.
#include <gtest/gtest.h>

#include "unit/tcp/observed.hpp"

namespace xdpcap::test {
namespace {

using tcp::Connection;
using tcp::OverlapPolicy;
using tcp::SegmentVerdict;

struct Case {
  std::string name;
  Line old, fresh;
  // What positions 1.. hold afterwards, for first, bsd, linux, last.
  std::string kept[4];
};

// The rows of the table in Suricata's stream-tcp-list.c, which measured what
// systems do: old is held at 1 + [3, 6) = "ooo".
const std::vector<Case>& cases() {
  static const std::vector<Case> kCases{
      {"same_start_new_ends_first",
       client().at(3).says("ooo"),
       client().at(3).says("nn"),
       {"ooo", "ooo", "ooo", "nno"}},
      {"same_start_same_end",
       client().at(3).says("ooo"),
       client().at(3).says("nnn"),
       {"ooo", "ooo", "ooo", "nnn"}},
      {"same_start_new_longer",
       client().at(3).says("ooo"),
       client().at(3).says("nnnn"),
       {"ooon", "ooon", "nnnn", "nnnn"}},
      {"new_starts_before_ends_inside",
       client().at(3).says("ooo"),
       client().at(2).says("nnn"),
       {"nooo", "nnno", "nnno", "nnno"}},
      {"new_covers_all",
       client().at(3).says("ooo"),
       client().at(2).says("nnnnn"),
       {"nooon", "nnnnn", "nnnnn", "nnnnn"}},
      {"new_inside",
       client().at(3).says("ooo"),
       client().at(4).says("n"),
       {"ooo", "ooo", "ooo", "ono"}},
      {"new_starts_inside_ends_beyond",
       client().at(3).says("ooo"),
       client().at(5).says("nn"),
       {"ooon", "ooon", "ooon", "oonn"}},
  };
  return kCases;
}

class Overlap : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Overlap, of_held_bytes_follows_the_policy) {
  const Case& c = cases()[GetParam()];
  for (const OverlapPolicy policy :
       {OverlapPolicy::first, OverlapPolicy::bsd, OverlapPolicy::linux, OverlapPolicy::last}) {
    tcp::TrackerLimits limits = Observed::small();
    limits.reassembly.overlap = policy;
    Observed wire{limits};
    wire.handshake();
    wire.receive_all(c.old.acks(0), c.fresh.acks(0));
    wire.receive(client().at(0).acks(0).says(c.fresh.position < c.old.position ? "ab" : "abc"));
    wire.receive(client().at(20).acks(0).fin());
    const std::size_t from = static_cast<std::size_t>(std::min(c.old.position, c.fresh.position));
    EXPECT_EQ(wire.from_client().substr(from), c.kept[static_cast<std::size_t>(policy)]) << c.name;
    wire.end();
    EXPECT_TRUE(wire.received.flags & tcp::Connection::overlap_conflict) << c.name;
    EXPECT_TRUE(wire.ledger_closes()) << c.name;
  }
}
INSTANTIATE_TEST_SUITE_P(Table, Overlap, ::testing::Range<std::size_t>(0, 7),
                         [](const auto& row) { return cases()[row.param].name; });

TEST(OverlapRules, bytes_that_agree_are_no_conflict) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(3).acks(0).says("def"), client().at(1).acks(0).says("bcdefg"),
                   client().at(0).acks(0).says("a"));
  wire.end();
  EXPECT_EQ(wire.from_client(), "abcdefg");
  EXPECT_FALSE(wire.received.flags & tcp::Connection::overlap_conflict);
}

TEST(OverlapRules, delivered_bytes_are_never_replaced) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("abc"), client().at(0).acks(0).says("XYZdef"));
  EXPECT_EQ(wire.from_client(), "abcdef");
}

TEST(OverlapRules, bytes_beyond_the_window_give_way_to_those_inside) {
  Observed wire;
  wire.receive_all(client().syn(), server().syn().acks(0), client().at(0).acks(0),
                   server().at(0).acks(0).window(10));
  wire.receive(client().at(12).acks(0).says("QQQ")); // the server would refuse them
  wire.receive(server().at(0).acks(0).window(100));
  wire.receive(client().at(12).acks(0).says("mno"));
  wire.receive(client().at(0).acks(0).says("abcdefghijkl"));
  EXPECT_EQ(wire.from_client(), "abcdefghijklmno");
}

TEST(OverlapRules, bytes_beyond_the_window_are_refused_even_where_the_true_ones_come_in_pieces) {
  Observed wire;
  wire.receive_all(client().syn(), server().syn().acks(0), client().at(0).acks(0),
                   server().at(0).acks(0).window(10));
  wire.receive(client().at(12).acks(0).says("QQQQQQ"));
  wire.receive_all(client().at(0).acks(0).says("abcdefghij"), server().at(0).acks(10).window(10));
  wire.receive_all(client().at(10).acks(0).says("klmn"), client().at(14).acks(0).says("opqr"));
  EXPECT_EQ(wire.from_client(), "abcdefghijklmnopqr");
  EXPECT_TRUE(wire.ledger_closes());
}

TEST(OverlapRules, bytes_beyond_the_window_are_believed_once_they_are_acknowledged) {
  Observed wire;
  wire.receive_all(client().syn(), server().syn().acks(0), client().at(0).acks(0),
                   server().at(0).acks(0).window(10));
  wire.receive_all(client().at(12).acks(0).says("mno"),
                   client().at(0).acks(0).says("abcdefghijkl"));
  EXPECT_EQ(wire.from_client(), "abcdefghijkl");
  wire.receive(server().at(0).acks(
      15)); // the larger window was announced in a segment that was not captured
  wire.wait(std::chrono::milliseconds{200});
  EXPECT_EQ(wire.from_client(), "abcdefghijklmno");
}

// What was delivered stays, but the connection is flagged: its sender sent something else as well.
TEST(DeliveredBytes, a_retransmission_that_differs_is_a_conflict) {
  Observed wire;
  wire.handshake();
  wire.receive(client().at(0).acks(0).says("GET /index"));
  EXPECT_EQ(wire.receive(client().at(0).acks(0).says("GET /index")), SegmentVerdict::duplicate);
  EXPECT_EQ(wire.receive(client().at(0).acks(0).says("GET /admin")), SegmentVerdict::conflict);
  wire.end();
  EXPECT_EQ(wire.from_client(), "GET /index");
  EXPECT_NE(wire.received.flags & Connection::overlap_conflict, 0);
}

TEST(DeliveredBytes, are_compared_whatever_the_boundaries) {
  const auto conflict_of = [](const std::vector<Line>& lines) {
    Observed wire;
    wire.handshake();
    for (const Line& line : lines) wire.receive(line);
    wire.end();
    return (wire.received.flags & Connection::overlap_conflict) != 0;
  };
  const Line abc = client().at(0).acks(0).says("abc"), def = client().at(3).acks(0).says("def");
  EXPECT_FALSE(conflict_of({abc, def, client().at(1).acks(0).says("bcde")}));
  EXPECT_TRUE(conflict_of({abc, def, client().at(1).acks(0).says("bcdX")}));
  EXPECT_TRUE(conflict_of({abc, def, client().at(1).acks(0).says("Xcde")}));
  EXPECT_TRUE(conflict_of({abc, def, client().at(4).acks(0).says("Xfghi")}))
      << "with bytes that are new";
  EXPECT_FALSE(conflict_of({abc, def, client().at(4).acks(0).says("efghi")}));
  EXPECT_TRUE(conflict_of({def, abc, client().at(3).acks(0).says("deX")}))
      << "held before it was delivered";
  const Line of_server = server().at(0).acks(0).says("200 OK");
  EXPECT_TRUE(conflict_of({of_server, server().at(0).acks(0).says("404 OK")}));
}

TEST(DeliveredBytes, a_keep_alive_or_a_damaged_segment_contradicts_nobody) {
  Observed wire;
  wire.handshake();
  wire.receive_all(client().at(0).acks(0).says("abc"), client().at(2).acks(0).says("X"),
                   client().at(0).acks(0).says("aXc").checksum(wire::ChecksumResult::bad));
  wire.end();
  EXPECT_EQ(wire.received.flags & Connection::overlap_conflict, 0);
}

TEST(DeliveredBytes, of_other_connections_push_the_oldest_out_and_nothing_else) {
  tcp::DeliveredLog log{64 << 10};
  const std::string text(300, 'a'), other(300, 'b');
  const std::uint64_t flows = 20'000; // some chains have several
  for (std::uint64_t flow = 1; flow <= flows; ++flow)
    log.append(flow, Direction::to_server, Seq{5}, as_bytes(text));
  int seen = 0;
  for (std::uint64_t flow = 1; flow <= flows; ++flow) {
    EXPECT_FALSE(log.contradicts(flow, Direction::to_server, Seq{5}, as_bytes(text)));
    EXPECT_FALSE(log.contradicts(flow, Direction::to_client, Seq{5}, as_bytes(other)));
    seen += log.contradicts(flow, Direction::to_server, Seq{5}, as_bytes(other)) ? 1 : 0;
  }
  EXPECT_TRUE(log.contradicts(flows, Direction::to_server, Seq{5}, as_bytes(other)));
  EXPECT_GT(seen, 150);
  EXPECT_LE(seen, (64 << 10) / 300);
}

} // namespace
} // namespace xdpcap::test
