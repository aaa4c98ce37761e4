// What could not be read is shown, with its bytes.
#include <gmock/gmock.h>

#include "unit/http/script.hpp"

namespace xdpcap::http::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kRequest = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kResponse = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const std::string kRefusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

std::vector<std::string> heads(const std::vector<Seen>& messages) {
  std::vector<std::string> all;
  all.reserve(messages.size());
  for (const Seen& seen : messages) all.push_back(seen.head);
  return all;
}

TEST(Broken, AMalformedFirstRequestIsShownWhenItIsAnsweredWithHttp) {
  const auto seen = Script{}
                        .client("GARBAGE \x01\x02 not http\r\nmore\r\n\r\n")
                        .server(kRefusal)
                        .close()
                        .messages();
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_EQ(seen[0].kind, Kind::request);
  EXPECT_EQ(seen[0].head, "GARBAGE \x01\x02 not http\r\n");
  EXPECT_TRUE(seen[0].has(Anomaly::bad_start_line));
  EXPECT_FALSE(seen[0].complete);
  EXPECT_EQ(seen[0].end, End::malformed);
  EXPECT_EQ(seen[1].status, 400U);
  EXPECT_EQ(seen[1].index, seen[0].index);
  EXPECT_FALSE(seen[1].has(Anomaly::unpaired));
}

TEST(Broken, TheAnswerMayComeAfterTheClientHasClosed) {
  const auto seen = Script{}
                        .client("\x16\x03\x01 hello")
                        .client_close()
                        .server(kRefusal)
                        .server_close()
                        .messages();
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_EQ(seen[0].head, "\x16\x03\x01 hello");
  EXPECT_TRUE(seen[0].has(Anomaly::head_cut));
}

// The answer's start is lost; what comes behind says that the connection speaks HTTP.
TEST(Broken, ARefusedLineIsShownAlsoWhenOnlyALaterResponseIsSeen) {
  const auto seen = Script{}
                        .client("GARBAGE\r\nmore\r\n\r\n")
                        .client_close()
                        .server_gap(30)
                        .server(kResponse)
                        .server_close()
                        .messages();
  EXPECT_THAT(heads(seen), testing::UnorderedElementsAre("GARBAGE\r\n", kResponse.substr(0, 36)));
}

TEST(Broken, WhatIsNotAnsweredWithHttpIsNotShown) {
  EXPECT_THAT(
      Script{}.client("\x16\x03\x01 hello\n").server("\x16\x03\x03 hello").close().messages(),
      IsEmpty());
  EXPECT_THAT(
      Script{}.client("EHLO a\r\n").server("250 b\r\n").client("QUIT\r\n").close().messages(),
      IsEmpty());
  EXPECT_THAT(Script{}.client("EHLO a\r\n").server("HTTP/2").close().messages(), IsEmpty());
  EXPECT_THAT(Script{}.client("EHLO a\r\n").close().messages(), IsEmpty());
  EXPECT_THAT(Script{}.client("EHLO a\r\n").server_close().client("x").client_close().messages(),
              IsEmpty());
  EXPECT_THAT(Script{}.server("SSH-2.0-x\r\n").client("SSH-2.0-y\r\n").close().messages(),
              IsEmpty());
}

TEST(Broken, AMalformedLaterRequestIsShownAtOnce) {
  const auto seen = Script{}
                        .client(kRequest)
                        .server(kResponse)
                        .client("GET / HTTP/9.9\r\nHost: a\r\n\r\n")
                        .close()
                        .messages();
  EXPECT_THAT(heads(seen),
              ElementsAre("GET /1 HTTP/1.1\r\nHost: a\r\n", testing::_, "GET / HTTP/9.9\r\n"));
  EXPECT_EQ(seen[2].kind, Kind::request);
  EXPECT_EQ(seen[2].index, 1U);
}

TEST(Broken, AMalformedResponseIsShown) {
  const auto seen = Script{}.client(kRequest).server("HTTP/1.1 abc\r\n\r\n").close().messages();
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_EQ(seen[1].kind, Kind::response);
  EXPECT_EQ(seen[1].head, "HTTP/1.1 abc\r\n");
  EXPECT_TRUE(seen[1].has(Anomaly::bad_start_line));
}

TEST(Broken, ALongLineIsShownUpToAKilobyte) {
  const auto seen = Script{}.client(std::string(5000, '\x01')).server(kRefusal).close().messages();
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_EQ(seen[0].head, std::string(1024, '\x01'));
}

TEST(Broken, AHeadThatNeverEndedIsShown) {
  for (const auto& [end, expected] : {std::pair{StreamEnd::fin, End::fin},
                                      {StreamEnd::rst, End::rst},
                                      {StreamEnd::timeout, End::timeout},
                                      {StreamEnd::capture, End::capture}}) {
    const auto seen =
        Script{}.client("GET /slow HTTP/1.1\r\nHost: a\r\nX-Slow: lo").close(end).messages();
    ASSERT_THAT(seen, SizeIs(1));
    EXPECT_EQ(seen[0].target, "/slow");
    EXPECT_EQ(seen[0].head, "GET /slow HTTP/1.1\r\nHost: a\r\n");
    EXPECT_EQ(seen[0].end, expected);
    EXPECT_FALSE(seen[0].complete);
    EXPECT_TRUE(seen[0].has(Anomaly::head_cut));
  }
}

TEST(Broken, AStartLineThatNeverEndedIsShown) {
  const auto seen = Script{}.client("GET /slow").close(StreamEnd::rst).messages();
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0].head, "GET /slow");
  EXPECT_EQ(seen[0].end, End::rst);
  EXPECT_TRUE(seen[0].has(Anomaly::head_cut));
  EXPECT_THAT(Script{}.client("GARB").close().messages(), IsEmpty()) << "and may be anything";
}

TEST(Broken, AResponseWhoseHeadNeverEndedIsPaired) {
  const auto seen =
      Script{}.client(kRequest).server("HTTP/1.1 200 OK\r\nServer: x\r\nCont").close().messages();
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_EQ(seen[1].status, 200U);
  EXPECT_EQ(seen[1].index, 0U);
  EXPECT_FALSE(seen[1].has(Anomaly::unpaired));
}

// Servers send them, clients read them.
TEST(Broken, AStatusCodeOfNoClassIsAFinalResponse) {
  for (const std::string code : {"000", "001", "099"}) {
    const auto seen = Script{}
                          .client(kRequest)
                          .server("HTTP/1.1 " + code + " Odd\r\nContent-Length: 4\r\n\r\nbody")
                          .client(kRequest)
                          .server(kResponse)
                          .close()
                          .messages();
    ASSERT_THAT(seen, SizeIs(4));
    EXPECT_EQ(seen[1].status, std::stoul(code));
    EXPECT_EQ(seen[1].body, "body");
    EXPECT_TRUE(seen[1].complete);
    EXPECT_TRUE(seen[1].has(Anomaly::bad_start_line));
    EXPECT_FALSE(seen[1].has(Anomaly::interim));
    EXPECT_EQ(seen[3].index, 1U);
  }
}

} // namespace
} // namespace xdpcap::http::test
