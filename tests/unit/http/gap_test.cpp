// What is left of a conversation when bytes are missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "script.hpp"

namespace xdpcap::http::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kHead = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST(Gap, InsideABodyOfKnownLengthLeavesTheFramingIntact) {
  const auto seen = Script{}
                        .client(kGet)
                        .server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
                        .server_gap(4)
                        .server("hij")
                        .client(kGet)
                        .server(kOk)
                        .messages();
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_FALSE(seen[1].complete);
  EXPECT_EQ(seen[1].end, End::gap);
  EXPECT_EQ(seen[1].body_length, 10U);
  EXPECT_EQ(seen[1].body, "abchij");
  EXPECT_THAT(seen[1].gaps, ElementsAre(Pair(3U, 4U)));
  EXPECT_TRUE(seen[3].complete);
  EXPECT_EQ(seen[3].anomaly_bits, 0U);
  EXPECT_EQ(seen[3].index, 1U);
}

TEST(Gap, ToTheVeryEndOfABodyIsFollowedByTheNextMessage) {
  const auto seen = Script{}
                        .client(kGet + kGet)
                        .server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
                        .server_gap(4)
                        .server(kOk)
                        .messages();
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_THAT(seen[2].gaps, ElementsAre(Pair(0U, 4U)));
  EXPECT_TRUE(seen[3].complete);
  EXPECT_FALSE(seen[3].has(Anomaly::resynchronised));
}

TEST(Gap, BeyondTheEndOfABodyIsSearchedForTheNextStartLine) {
  const auto seen = Script{}
                        .client(kGet + kGet + kGet)
                        .server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na")
                        .server_gap(50)
                        .server("rest of a body")
                        .server("\r\n" + kOk)
                        .messages();
  ASSERT_EQ(seen.size(), 5U);
  EXPECT_EQ(seen[3].end, End::gap);
  EXPECT_EQ(seen[3].body_length, 4U);
  EXPECT_TRUE(seen[4].complete);
  EXPECT_TRUE(seen[4].has(Anomaly::resynchronised));
}

TEST(Gap, ListsAFewHolesAndCountsAll) {
  Script script;
  script.client("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n");
  for (int i = 0; i < 6; ++i) script.client("x").client_gap(1);
  const auto seen = script.messages();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].gaps.size(), 4U);
  EXPECT_EQ(seen[0].body_length, 12U);
  // Where the byte behind the fifth hole belongs is not known, so it is not kept.
  EXPECT_EQ(seen[0].body, "xxxxx");
  EXPECT_TRUE(seen[0].has(Anomaly::truncated));
}

TEST(Gap, InAHeadLosesThatMessage) {
  const auto seen = Script{}
                        .client(kGet)
                        .server("HTTP/1.1 200 OK\r\nX: ")
                        .server_gap(100)
                        .server("HTTP is not a start line")
                        .client(kGet)
                        .server(kOk)
                        .messages();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[2].status, 200U);
  EXPECT_TRUE(seen[2].has(Anomaly::resynchronised));
  EXPECT_EQ(seen[2].index, 1U);
}

TEST(Gap, InAChunkedBodyLosesThatMessage) {
  for (const std::string_view body : {"5\r\nab", "5", "5\r\nabcde\r\n0\r\nT", "0\r\nT: 1\r\n"}) {
    const auto seen =
        Script{}
            .client(kGet)
            .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string{body})
            .server_gap(1)
            .server("cde\r\n0\r\n\r\n")
            .client(kGet)
            .server(kOk)
            .messages();
    ASSERT_EQ(seen.size(), 4U) << body;
    EXPECT_FALSE(seen[1].complete) << body;
    EXPECT_EQ(seen[1].end, End::gap) << body;
    EXPECT_TRUE(seen[3].has(Anomaly::resynchronised)) << body;
    EXPECT_FALSE(seen[3].has(Anomaly::unpaired)) << body;
  }
}

TEST(Gap, InABodyThatRunsToTheCloseMakesItIncomplete) {
  const auto seen = Script{}
                        .client(kGet)
                        .server("HTTP/1.0 200 OK\r\n\r\nab")
                        .server_gap(3)
                        .server("fg")
                        .close()
                        .messages();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_FALSE(seen[1].complete);
  EXPECT_EQ(seen[1].end, End::gap);
  EXPECT_EQ(seen[1].body_length, 7U);
  EXPECT_EQ(seen[1].body, "abfg");
}

TEST(Gap, OfAWholeResponseDoesNotShiftTheAnswersOfALaterHead) {
  const auto seen = Script{}
                        .client(kGet)
                        .server_gap(80)
                        .client(kHead)
                        .server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
                        .client(kGet)
                        .server(kOk)
                        .messages();
  ASSERT_EQ(seen.size(), 5U);
  EXPECT_EQ(seen[2].index, seen[1].index);
  EXPECT_EQ(seen[2].body_length, 0U);
  EXPECT_EQ(seen[4].body, "ok");
}

TEST(Gap, ThatIsKnownOnlyAfterTheNextRequestDoesNotEither) {
  const auto seen = Script{}
                        .client(kGet)
                        .client(kHead)
                        .server_gap(80)
                        .server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
                        .messages();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[2].index, 1U);
  EXPECT_EQ(seen[2].body_length, 0U);
}

TEST(Gap, OfAWholeRequestLeavesItsResponseUnpaired) {
  const auto seen = Script{}
                        .client(kGet)
                        .server(kOk)
                        .client_gap(40)
                        .server(kOk)
                        .client(kHead)
                        .server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
                        .messages();
  ASSERT_EQ(seen.size(), 5U);
  EXPECT_TRUE(seen[2].has(Anomaly::unpaired));
  EXPECT_TRUE(seen[3].has(Anomaly::resynchronised));
  EXPECT_EQ(seen[4].index, seen[3].index);
  EXPECT_EQ(seen[4].body_length, 0U);
}

TEST(Gap, EndsNothingInADirectionThatIsNotReadAnyMore) {
  EXPECT_THAT(Script{}.client("not http\r\n").client_gap(5).client(kGet).messages(), IsEmpty());
}

TEST(Search, TakesTheFirstSegmentThatBeginsWithAStartLine) {
  const auto seen = Script{}
                        .client_gap(9)
                        .client("x " + kGet)
                        .client("GET")
                        .client(" / HTTP/1.1\r\nHost: a\r\n\r\n")
                        .messages();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(seen[0].has(Anomaly::resynchronised));
}

TEST(Search, LooksAgainWhereWhatSeemedAStartLineWasNone) {
  for (const std::string_view tail : {"G", "HTTP", "GET", "HTTP/1."}) {
    const auto seen = Script{}.client_gap(9).client(tail).client(kGet).messages();
    ASSERT_EQ(seen.size(), 1U) << tail;
    EXPECT_EQ(seen[0].target, "/") << tail;
    EXPECT_EQ(seen[0].first_byte, 3) << tail;
  }
}

TEST(Search, LooksAtTheSegmentAgainThatShowedItWasNone) {
  Workspace workspace{Limits{}, 1 << 20};
  const auto seen =
      Script{}.client_gap(9).client("PUT /some words ").client(kGet).play(Split::whole, workspace);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].method, "GET");
}

TEST(Search, TakesAWholeStartLineWithAnyMethod) {
  Workspace workspace{Limits{}, 1 << 20};
  const auto seen = Script{}
                        .client_gap(9)
                        .client("ODD / HTTP/1.1\r\nHo")
                        .client("st: a\r\n\r\n")
                        .play(Split::whole, workspace);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].method, "ODD");
}

TEST(Search, DoesNotTakeALineThatQuotesAStartLineForOne) {
  EXPECT_THAT(Script{}.client_gap(9).client("see GET / HTTP/1.1\r\n\r\n").messages(), IsEmpty());
}

TEST(Search, DoesNotEndTheDirectionWhereItFindsNothing) {
  Script script;
  script.client_gap(9);
  for (int i = 0; i < 20; ++i) script.client("body body body");
  EXPECT_EQ(script.client(kGet).messages().size(), 1U);
}

TEST(Search, BeginsWhereAConnectionIsPickedUpInItsMiddle) {
  const auto seen =
      Script{}.partial().server("the end of some body").client(kGet).server(kOk).messages();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].anomaly_bits, Anomalies::bit(Anomaly::partial_connection));
  EXPECT_EQ(seen[1].anomaly_bits,
            Anomalies::bit(Anomaly::partial_connection) | Anomalies::bit(Anomaly::resynchronised));
}

TEST(Search, APartialConnectionThatBeginsWithAnAnswerStaysPaired) {
  const auto seen = Script{}
                        .partial()
                        .server(kOk)
                        .client(kHead)
                        .server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
                        .messages();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_TRUE(seen[0].has(Anomaly::unpaired));
  EXPECT_EQ(seen[2].index, seen[1].index);
  EXPECT_FALSE(seen[2].has(Anomaly::unpaired));
}

} // namespace
} // namespace xdpcap::http::test
