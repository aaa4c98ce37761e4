#include "http/start_line.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "support/guarded.hpp"

namespace xdpcap::http {

std::ostream& operator<<(std::ostream& out, Answer answer) {
  return out << (answer == Answer::done        ? "done"
                 : answer == Answer::need_more ? "need more"
                                               : "wrong");
}

namespace {

Answer parse(std::string_view text, StartLine& line) {
  const xdpcap::test::Guarded guarded{as_bytes(text)};
  return parse_start_line(as_text(guarded.bytes()), line);
}

TEST(StartLine, OfARequestHasMethodTargetAndVersion) {
  constexpr std::string_view text = "M-SEARCH http://a/%20?x=y#z HTTP/1.0\r\nHost";
  StartLine line;
  ASSERT_EQ(parse(text, line), Answer::done);
  EXPECT_EQ(line.kind, Kind::request);
  EXPECT_EQ(line.method.in(as_bytes(text)), "M-SEARCH");
  EXPECT_EQ(line.target.in(as_bytes(text)), "http://a/%20?x=y#z");
  EXPECT_EQ(line.version_major, 1);
  EXPECT_EQ(line.version_minor, 0);
  EXPECT_EQ(line.length, text.size() - 4);
  EXPECT_EQ(line.anomalies.bits(), 0U);
}

TEST(StartLine, OfAResponseHasStatusAndReason) {
  constexpr std::string_view text = "HTTP/1.1 404 Not \xe9 Found\r\n";
  StartLine line;
  ASSERT_EQ(parse(text, line), Answer::done);
  EXPECT_EQ(line.kind, Kind::response);
  EXPECT_EQ(line.status, 404);
  EXPECT_EQ(line.reason.in(as_bytes(text)), "Not \xe9 Found");
  EXPECT_EQ(line.version_minor, 1);
  EXPECT_EQ(line.anomalies.bits(), 0U);
}

struct Odd {
  std::string_view text;
  Anomaly anomaly;
};

TEST(StartLine, IsReadLenientlyAndFlagged) {
  constexpr Odd odd[] = {
      {"GET / HTTP/1.1\n", Anomaly::bare_lf},
      {"GET /a b HTTP/1.1\r\n", Anomaly::bad_start_line},
      {"GET / HTTP/1.1 \r\n", Anomaly::bad_start_line},
      {"GET / HTTP/1.7\r\n", Anomaly::unknown_version},
      {std::string_view{"GET /\0 HTTP/1.1\r\n", 17}, Anomaly::nul_in_head},
      {"GET /\rx HTTP/1.1\r\n", Anomaly::bare_cr},
      {"HTTP/1.1 200\r\n", Anomaly::bad_start_line},
      {"HTTP/1.1 200\n", Anomaly::bad_start_line},
      {"HTTP/1.1 200 O\rK\r\n", Anomaly::bare_cr},
      {"HTTP/1.3 200 OK\r\n", Anomaly::unknown_version},
  };
  for (const Odd& one : odd) {
    StartLine line;
    EXPECT_EQ(parse(one.text, line), Answer::done) << one.text;
    EXPECT_TRUE(line.anomalies.has(one.anomaly)) << one.text;
  }
}

TEST(StartLine, IsWrongWhereNothingCouldMakeItRight) {
  constexpr std::string_view wrong[] = {"\x16\x03\x01",
                                        "SSH-2.0-x\r\n",
                                        "GET /\r\n",
                                        "GET /x HTTP/2.0\r\n",
                                        "GET / IHTTP/1.0\r\n",
                                        "GET / HTTP/1\r\n",
                                        "GET / HTTP/11\r\n",
                                        "GET / http/1.1\r\n",
                                        "GET  / HTTP/1.1\r\n",
                                        " GET / HTTP/1.1\r\n",
                                        "G@T / HTTP/1.1\r\n",
                                        "GET HTTP/1.1\r\n",
                                        "AVERYLONGWORDTHATISNOMETHODOFANYONE",
                                        "HTTP/1.1\t200 OK\r\n",
                                        "HTTP/1.1  200 OK\r\n",
                                        "HTTP/1.1 20 OK\r\n",
                                        "HTTP/1.1 2000 OK\r\n",
                                        "HTTP/1.1 abc\r\n",
                                        "HTTP/5.6 200 OK\r\n",
                                        "HTTP/0.9 200 OK\r\n",
                                        "HTTP/1.01 200 OK\r\n",
                                        "HTTP/1.1 200\rX: y\r\n",
                                        "http/1.1 200 OK\r\n",
                                        "\xffHTTP/1.1 200 OK\r\n"};
  for (const std::string_view text : wrong) {
    StartLine line;
    EXPECT_EQ(parse(text, line), Answer::wrong) << text;
  }
}

TEST(StartLine, IsNeverWrongAndNeverDoneBeforeItsLineEnd) {
  constexpr std::string_view whole[] = {"GET /long/target?with=query HTTP/1.1\r\n",
                                        "HTTP/1.1 200 Okay\r\n",
                                        "HTTP/1.1 200\r\n",
                                        "PRI * HTTP/2.0\r\n",
                                        "H /x HTTP/1.0\n",
                                        "HTTPS /x HTTP/1.0\n"};
  for (const std::string_view text : whole) {
    StartLine line;
    for (std::size_t length = 0; length < text.size(); ++length) {
      EXPECT_EQ(parse(text.substr(0, length), line), Answer::need_more) << text.substr(0, length);
    }
    EXPECT_EQ(parse(text, line), Answer::done) << text;
  }
}

TEST(StartLine, KnowsTheHttp2Preface) {
  StartLine line;
  ASSERT_EQ(parse("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", line), Answer::done);
  EXPECT_TRUE(line.h2_preface);
  ASSERT_EQ(parse("PRI * HTTP/1.1\r\n", line), Answer::done);
  EXPECT_FALSE(line.h2_preface);
}

TEST(StartLine, IsRecognisedInTheMiddleOfAStreamByStricterRules) {
  for (const std::string_view text :
       {"G", "GET", "GET /x", "HT", "HTTP/1.1 2", "POST / HTTP/1.1\r\n", "ODD / HTTP/1.1\r\n",
        "HTTP/1.0 304 x\r\n"}) {
    EXPECT_TRUE(resembles_start_line(text)) << text;
  }
  for (const std::string_view text : {"", "word", "some words of a body", "GETX /x", "ODD /x",
                                      "HTTPS", "HTTP/2", "gzip", "GET /x\r\n"}) {
    EXPECT_FALSE(resembles_start_line(text)) << text;
  }
}

} // namespace
} // namespace xdpcap::http
