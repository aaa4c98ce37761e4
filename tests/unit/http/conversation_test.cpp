#include "http/conversation.hpp"

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

std::vector<std::string> summary(const std::vector<Seen>& messages) {
  std::vector<std::string> lines;
  lines.reserve(messages.size());
  for (const Seen& seen : messages) {
    lines.push_back((seen.kind == Kind::request ? seen.method + ' ' + seen.target
                                                : std::to_string(seen.status)) +
                    ' ' + (seen.complete ? seen.body : "incomplete"));
  }
  return lines;
}

TEST(Conversation, HandsOutARequestAndItsResponseWithAllThatIsInThem) {
  const auto seen =
      Script{}
          .client("POST /path?q HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
          .server("HTTP/1.1 201 Made it\r\nContent-Length: 2\r\nX: y\r\n\r\nok")
          .close()
          .messages();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].kind, Kind::request);
  EXPECT_EQ(seen[0].direction, Direction::to_server);
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].target, "/path?q");
  EXPECT_EQ(seen[0].version, 11U);
  EXPECT_EQ(seen[0].head, "POST /path?q HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n");
  EXPECT_THAT(seen[0].fields, ElementsAre(Pair("Host", "a"), Pair("Content-Length", "5")));
  EXPECT_EQ(seen[0].framing, Framing::content_length);
  EXPECT_EQ(seen[0].declared_length, 5U);
  EXPECT_EQ(seen[0].body, "hello");
  EXPECT_EQ(seen[0].first_byte, 1);
  EXPECT_EQ(seen[0].anomaly_bits, 0U);

  EXPECT_EQ(seen[1].kind, Kind::response);
  EXPECT_EQ(seen[1].direction, Direction::to_client);
  EXPECT_EQ(seen[1].status, 201U);
  EXPECT_EQ(seen[1].reason, "Made it");
  EXPECT_EQ(seen[1].body, "ok");
  EXPECT_EQ(seen[1].index, seen[0].index);
  EXPECT_TRUE(seen[1].complete);
  EXPECT_EQ(seen[1].end, End::complete);
  EXPECT_EQ(seen[1].anomaly_bits, 0U);
}

TEST(Conversation, KeepsTheTimesOfTheFirstAndTheLastByte) {
  const auto seen = Script{}
                        .client("GET / HT")
                        .client("TP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n")
                        .client("a")
                        .client("b")
                        .messages();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].first_byte, 1);
  EXPECT_EQ(seen[0].last_byte, 4);
}

TEST(Conversation, SeparatesPipelinedMessages) {
  const auto seen =
      Script{}
          .client(kGet + "PUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + kGet)
          .server(
              "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")
          .messages();
  EXPECT_THAT(summary(seen),
              ElementsAre("GET / ", "PUT /b abc", "GET / ", "200 ", "204 ", "200 x"));
  EXPECT_EQ(seen[5].index, 2U);
}

TEST(Conversation, TakesTheChunkedCodingOffAndKeepsTheTrailersApart) {
  const auto seen = Script{}
                        .client(
                            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "4;x=y\r\nbody\r\n0A\r\n0123456789\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n" +
                            kGet)
                        .messages();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].framing, Framing::chunked);
  EXPECT_EQ(seen[0].body, "body0123456789");
  EXPECT_EQ(seen[0].body_length, 14U);
  EXPECT_EQ(seen[0].fields.size(), 2U);
  EXPECT_EQ(seen[0].trailer_section, "X-Sum: 1\r\nY: 2\r\n");
  EXPECT_THAT(seen[0].trailers, ElementsAre(Pair("X-Sum", "1"), Pair("Y", "2")));
  EXPECT_TRUE(seen[0].has(Anomaly::chunk_extension));
}

TEST(Conversation, GivesResponsesWithoutABodyNone) {
  const std::string length = "Content-Length: 999\r\n\r\n";
  const auto seen = Script{}
                        .client(kGet + kHead + kGet + kHead)
                        .server("HTTP/1.1 304 Not Modified\r\n" + length)
                        .server("HTTP/1.1 200 OK\r\n" + length)
                        .server("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n")
                        .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                        .messages();
  EXPECT_THAT(summary({seen.begin() + 4, seen.end()}), ElementsAre("304 ", "200 ", "204 ", "200 "));
  EXPECT_FALSE(seen[4].has(Anomaly::body_on_bodyless));
  EXPECT_FALSE(seen[5].has(Anomaly::body_on_bodyless));
  EXPECT_TRUE(seen[6].has(Anomaly::body_on_bodyless));
}

TEST(Conversation, HandsOutInterimResponsesWithoutTakingTheAnswersPlace) {
  const auto seen =
      Script{}
          .client(kHead)
          .server("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
          .server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
          .messages();
  EXPECT_THAT(summary(seen), ElementsAre("HEAD / ", "100 ", "103 ", "200 "));
  EXPECT_TRUE(seen[1].has(Anomaly::interim));
  EXPECT_TRUE(seen[2].has(Anomaly::interim));
  EXPECT_FALSE(seen[3].has(Anomaly::interim));
  EXPECT_EQ(seen[3].index, 0U);
}

struct EndCase {
  StreamEnd how;
  bool complete;
  End end;
};

TEST(Conversation, ABodyThatRunsToTheCloseIsCompleteOnlyWhenItsSenderClosed) {
  constexpr EndCase cases[] = {{StreamEnd::fin, true, End::fin},
                               {StreamEnd::rst, false, End::rst},
                               {StreamEnd::timeout, false, End::timeout},
                               {StreamEnd::evicted, false, End::evicted},
                               {StreamEnd::capture, false, End::capture}};
  for (const EndCase& one : cases) {
    const auto seen = Script{}
                          .client(kGet)
                          .server("HTTP/1.0 200 OK\r\n\r\nall ")
                          .server("of it")
                          .close(one.how)
                          .messages();
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[1].framing, Framing::until_close);
    EXPECT_EQ(seen[1].body, "all of it");
    EXPECT_EQ(seen[1].complete, one.complete);
    EXPECT_EQ(seen[1].end, one.end);
  }
}

TEST(Conversation, HandsOutWhatIsThereWhenAMessageIsCutByTheClose) {
  const auto counted = Script{}
                           .client("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
                           .close()
                           .messages();
  ASSERT_EQ(counted.size(), 1U);
  EXPECT_FALSE(counted[0].complete);
  EXPECT_EQ(counted[0].end, End::fin);
  EXPECT_EQ(counted[0].body, "abc");
  EXPECT_EQ(counted[0].declared_length, 9U);

  const std::string chunked = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string_view body : {"3\r\nab", "3\r\nabc\r\n0\r\n", "0\r\nT: 1\r\n"}) {
    const auto seen = Script{}.client(chunked + std::string{body}).close(StreamEnd::rst).messages();
    ASSERT_EQ(seen.size(), 1U) << body;
    EXPECT_FALSE(seen[0].complete) << body;
    EXPECT_EQ(seen[0].end, End::rst) << body;
  }
}

TEST(Conversation, SkipsEmptyLinesBeforeAStartLine) {
  const auto seen = Script{}.client("\r\n\n\r\n" + kGet + "\r\n" + kGet).messages();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen[0].has(Anomaly::leading_empty_lines));
  EXPECT_TRUE(seen[1].has(Anomaly::leading_empty_lines));
  EXPECT_THAT(Script{}.client("\r" + kGet).messages(), IsEmpty());
}

TEST(Conversation, EndsADirectionAtAMalformedStartLine) {
  const auto seen = Script{}
                        .client(kGet + "nonsense\r\n\r\n" + kGet)
                        .server("HTTP/1.1 200 OK\r\n\r\nok")
                        .server_close()
                        .messages();
  EXPECT_THAT(summary(seen), ElementsAre("GET / ", "  incomplete", "200 ok"));
  EXPECT_EQ(seen[1].head, "nonsense\r\n");
}

TEST(Conversation, EndsADirectionWhereABodyHasNoSafeReading) {
  const std::string_view framings[] = {
      "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: x\r\n", "Content-Length:\r\n",
      "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: chunked, gzip\r\nContent-Length: 5\r\n"};
  for (const std::string_view framing : framings) {
    const auto seen =
        Script{}
            .client("POST / HTTP/1.1\r\nHost: a\r\n" + std::string{framing} + "\r\nhello" + kGet)
            .server("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            .messages();
    ASSERT_THAT(summary(seen), ElementsAre("POST / incomplete", "400 ")) << framing;
    EXPECT_EQ(seen[0].end, End::malformed) << framing;
    EXPECT_TRUE(seen[0].has(Anomaly::bad_content_length) ||
                seen[0].has(Anomaly::bad_transfer_encoding))
        << framing;
  }
}

TEST(Conversation, EndsADirectionAtABadChunk) {
  const auto seen =
      Script{}
          .client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabX" + kGet)
          .messages();
  ASSERT_THAT(summary(seen), ElementsAre("POST / incomplete"));
  EXPECT_EQ(seen[0].body, "ab");
  EXPECT_TRUE(seen[0].has(Anomaly::missing_chunk_crlf));
}

TEST(Conversation, RunsAResponseWhoseLastCodingIsNotChunkedToTheClose) {
  const auto seen = Script{}
                        .client(kGet)
                        .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n")
                        .close()
                        .messages();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].body, "0\r\n\r\n");
  EXPECT_TRUE(seen[1].complete);
}

TEST(Conversation, LetsTheTransferCodingWinOverTheLength) {
  const auto seen = Script{}
                        .client(
                            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: "
                            "99\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "1\r\na\r\n0\r\n\r\n" +
                            kGet)
                        .messages();
  EXPECT_THAT(summary(seen), ElementsAre("POST / a", "GET / "));
  EXPECT_TRUE(seen[0].has(Anomaly::te_cl_conflict));
  EXPECT_EQ(seen[0].declared_length, 99U);
}

TEST(Conversation, IsNotHttpWhereADirectionDoesNotBeginWithAStartLine) {
  EXPECT_THAT(Script{}.client("\x16\x03\x01\x02" + kGet).messages(), IsEmpty());
  EXPECT_THAT(Script{}.client("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + kGet).messages(), IsEmpty());

  Workspace workspace{Limits{}, 1 << 20};
  Conversation conversation{};
  Collector collector;
  conversation.on_bytes({Direction::to_server, true, 0, as_bytes("SSH-2.0-OpenSSH\r\n"), {}},
                        workspace, collector);
  EXPECT_FALSE(conversation.ended(Direction::to_client));
  conversation.on_bytes({Direction::to_client, true, 0, as_bytes("SSH-2.0-server\r\n"), {}},
                        workspace, collector);
  EXPECT_TRUE(conversation.ended(Direction::to_server));
  EXPECT_TRUE(conversation.ended(Direction::to_client));
  EXPECT_EQ(workspace.memory_in_use(), 0U);
  EXPECT_FALSE(conversation.is_http());
  EXPECT_EQ(workspace.counts().get(HttpCount::directions_not_http), 2U);
  EXPECT_EQ(workspace.counts().get(HttpCount::bytes_not_http), 33U);
}

TEST(Conversation, IsCountedOnceByItsFirstBytes) {
  Workspace workspace{Limits{}, 1 << 20};
  Collector collector;
  const auto speak = [&](std::string_view first, bool is_partial = false,
                         bool is_behind_gap = false) {
    Conversation conversation{};
    if (is_partial) conversation.mark_partial();
    if (is_behind_gap)
      conversation.on_gap({Direction::to_server, 0, 9, GapCause::network, {}}, workspace,
                          collector);
    for (const Direction direction : {Direction::to_server, Direction::to_client}) {
      for (int i = 0; i < 3; ++i)
        conversation.on_bytes({direction, true, 0, as_bytes(first), {}}, workspace, collector);
    }
    conversation.release(workspace);
  };
  constexpr std::string_view hello{"\x16\x03\x01\x00\x05hello", 10};
  constexpr std::string_view more{"\x17\x03\x03\x00\x04text", 9};
  speak(hello);
  speak(more, true);
  EXPECT_EQ(workspace.counts().get(HttpCount::connections), 2U);
  EXPECT_EQ(workspace.counts().get(HttpCount::connections_tls), 2U);
  speak(hello, false, true); // what it began with is not known
  speak("SSH-2.0-OpenSSH\r\n");
  speak("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  speak(kGet);
  speak(kGet, true);
  speak("\x16\x03"); // too short to say
  speak("\x16\x05\x01\x00");
  EXPECT_EQ(workspace.counts().get(HttpCount::connections), 9U);
  EXPECT_EQ(workspace.counts().get(HttpCount::connections_tls), 2U);
  EXPECT_EQ(workspace.counts().get(HttpCount::h2_prefaces), 1U);
}

TEST(Conversation, TakesTheKindOfAMessageFromItsContent) {
  Workspace workspace{Limits{}, 1 << 20};
  Conversation conversation{};
  Collector collector;
  EXPECT_FALSE(conversation.may_swap_roles());
  conversation.on_bytes({Direction::to_client, true, 0, as_bytes(kGet), {}}, workspace, collector);
  EXPECT_TRUE(conversation.may_swap_roles());
  conversation.on_bytes({Direction::to_server, true, 0, as_bytes("HTTP/1.1 204 x\r\n\r\n"), {}},
                        workspace, collector);
  EXPECT_TRUE(conversation.may_swap_roles());
  ASSERT_EQ(collector.messages.size(), 2U);
  EXPECT_EQ(collector.messages[0].kind, Kind::request);
  EXPECT_EQ(collector.messages[1].kind, Kind::response);
  EXPECT_FALSE(collector.messages[1].has(Anomaly::unpaired));
}

TEST(Conversation, SaysWhichResponsesHaveNoRequest) {
  const auto seen = Script{}.server("HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n").messages();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(seen[0].has(Anomaly::unpaired));
}

struct OddHead {
  std::string_view head;
  Anomaly anomaly;
};

TEST(Conversation, FlagsOddHeadsAndReadsThem) {
  constexpr OddHead odd[] = {
      {"GET / HTTP/1.1\r\n\r\n", Anomaly::host_missing},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Anomaly::host_repeated},
      {"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", Anomaly::host_mismatch},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 0\r\n\r\n",
       Anomaly::duplicate_content_length},
      {"PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Anomaly::te_in_http10},
      {"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
       Anomaly::bad_transfer_encoding},
      {"GET / HTTP/1.1\nHost: a\n\n", Anomaly::bare_lf},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", Anomaly::obs_fold},
      {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", Anomaly::unknown_version},
  };
  for (const OddHead& one : odd) {
    const auto seen = Script{}.client(one.head).messages();
    ASSERT_EQ(seen.size(), 1U) << one.head;
    EXPECT_TRUE(seen[0].complete) << one.head;
    EXPECT_EQ(seen[0].anomaly_bits, Anomalies::bit(one.anomaly)) << one.head;
  }
}

TEST(Conversation, DoesNotMindTheSameHostSpeltInAnotherWay) {
  for (const std::string_view head :
       {"GET http://user@A.Example:80/x HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /?u=http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    const auto seen = Script{}.client(head).messages();
    ASSERT_EQ(seen.size(), 1U) << head;
    EXPECT_EQ(seen[0].anomaly_bits, 0U) << head;
  }
}

TEST(Conversation, FlagsWhatIsSentBehindAnAnnouncedClose) {
  const auto seen = Script{}
                        .client("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n" + kGet)
                        .messages();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_FALSE(seen[0].has(Anomaly::data_after_close));
  EXPECT_TRUE(seen[1].has(Anomaly::data_after_close));
}

} // namespace
} // namespace xdpcap::http::test
