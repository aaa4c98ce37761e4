#include "http/head_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "support/guarded.hpp"

namespace xdpcap::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

struct Parsed {
  Answer answer{};
  Head head;
  std::vector<std::pair<std::string, std::string>> fields;
};

Parsed parse(std::string_view text, std::size_t room_size = 64) {
  const xdpcap::test::Guarded guarded{as_bytes(text)};
  std::array<FieldSpan, 64> room;
  Parsed parsed;
  parsed.answer = parse_head(guarded.bytes(), std::span{room}.first(room_size), parsed.head);
  if (parsed.answer == Answer::done) {
    for (const FieldSpan& field : parsed.head.fields) {
      parsed.fields.emplace_back(field.name.in(guarded.bytes()), field.value.in(guarded.bytes()));
    }
  }
  parsed.head.fields = {};
  return parsed;
}

TEST(HeadParser, ListsFieldsWithoutTheBlanksAroundTheirValues) {
  const Parsed parsed = parse(
      "GET / HTTP/1.1\r\nHost: a.example\r\nX-Empty:\r\nX-Colons:\t a:b:c \t\r\nn:v\r\n\r\nbody");
  ASSERT_EQ(parsed.answer, Answer::done);
  EXPECT_THAT(parsed.fields, ElementsAre(Pair("Host", "a.example"), Pair("X-Empty", ""),
                                         Pair("X-Colons", "a:b:c"), Pair("n", "v")));
  EXPECT_EQ(parsed.head.anomalies.bits(), 0U);
}

TEST(HeadParser, FindsWhereTheHeadEndsAndWhereTheEmptyLineDoes) {
  const std::string_view head = "HTTP/1.1 200 OK\r\nA: b\r\n";
  const Parsed parsed = parse(std::string{head} + "\r\nbody");
  EXPECT_EQ(parsed.head.length, head.size());
  EXPECT_EQ(parsed.head.consumed, head.size() + 2);
}

TEST(HeadParser, NeedsMoreUntilTheEmptyLineIsWhole) {
  const std::string_view text = "GET / HTTP/1.1\r\nHost: a\r\nX: folded\r\n more\r\n\r\n";
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_EQ(parse(text.substr(0, length)).answer, Answer::need_more) << text.substr(0, length);
  }
  EXPECT_EQ(parse(text).answer, Answer::done);
}

TEST(HeadParser, JoinsAFoldedLineToTheFieldBeforeIt) {
  const Parsed parsed =
      parse("HTTP/1.1 200 OK\r\nX: one\r\n two\r\n\tthree\r\nY:\r\n  late\r\nZ: z\r\n \t\r\n\r\n");
  EXPECT_THAT(parsed.fields,
              ElementsAre(Pair("X", "one\r\n two\r\n\tthree"), Pair("Y", "late"), Pair("Z", "z")));
  EXPECT_TRUE(parsed.head.anomalies.has(Anomaly::obs_fold));
}

TEST(HeadParser, ReadsLengthAndCodingUnfolded) {
  const Parsed length = parse("HTTP/1.1 200 OK\r\nContent-Length: \r\n 80\r\n\r\n");
  EXPECT_TRUE(length.head.framing.has_length);
  EXPECT_EQ(length.head.framing.length, 80U);
  EXPECT_FALSE(length.head.framing.length_bad);
  const Parsed coding =
      parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip,\r\n\t chunked \r\n \r\n\r\n");
  EXPECT_TRUE(coding.head.framing.chunked_last);
}

struct OddLine {
  std::string_view line, name, value;
  Anomaly anomaly;
};

TEST(HeadParser, RefusesNoFieldLineButFlagsIt) {
  constexpr OddLine odd[] = {
      {"Name : v\r\n", "Name", "v", Anomaly::space_before_colon},
      {"no colon here\r\n", "no colon here", "", Anomaly::missing_colon},
      {"f@: v\r\n", "f@", "v", Anomaly::bad_field_name},
      {": v\r\n", "", "v", Anomaly::bad_field_name},
      {"A: b\n", "A", "b", Anomaly::bare_lf},
      {"A: b\rc\r\n", "A", "b\rc", Anomaly::bare_cr},
      {"\rA: b\r\n", "\rA", "b", Anomaly::bare_cr},
      {{"A: b\0c\r\n", 8}, "A", {"b\0c", 3}, Anomaly::nul_in_head},
      {" A: b\r\n", " A", "b", Anomaly::bad_field_name}, // there is no field to fold it onto
  };
  for (const OddLine& one : odd) {
    const Parsed parsed = parse("GET / HTTP/1.1\r\n" + std::string{one.line} + "Last: l\r\n\r\n");
    ASSERT_EQ(parsed.answer, Answer::done) << one.line;
    EXPECT_THAT(parsed.fields, ElementsAre(Pair(one.name, one.value), Pair("Last", "l")))
        << one.line;
    EXPECT_TRUE(parsed.head.anomalies.has(one.anomaly)) << one.line;
  }
}

TEST(HeadParser, ReadsFieldsForWhichThereIsNoRoom) {
  const Parsed parsed = parse("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nContent-Length: 3\r\n\r\n", 1);
  ASSERT_EQ(parsed.answer, Answer::done);
  EXPECT_THAT(parsed.fields, ElementsAre(Pair("A", "1")));
  EXPECT_TRUE(parsed.head.anomalies.has(Anomaly::head_too_large));
  EXPECT_EQ(parsed.head.framing.length, 3U);
}

struct LengthCase {
  std::string_view lines;
  bool bad, repeated;
  std::uint64_t length;
};

TEST(HeadParser, TakesOneReadingOfContentLength) {
  constexpr LengthCase cases[] = {
      {"content-LENGTH:\t42\t \r\n", false, false, 42},
      {"Content-Length: 5\r\nContent-Length: 5\r\n", false, true, 5},
      {"Content-Length: 5, 5\r\n", false, true, 5},
      {"Content-Length: 00018446744073709551615\r\n", false, false, UINT64_MAX},
      {"Content-Length: 5\r\nContent-Length: 6\r\n", true, true, 6},
      {"Content-Length: 5,\r\n", true, true, 5},
      {"Content-Length: \r\n", true, false, 0},
      {"Content-Length: +5\r\n", true, false, 0},
      {"Content-Length: -5\r\n", true, false, 0},
      {"Content-Length: 0x5\r\n", true, false, 0},
      {"Content-Length: 5 5\r\n", true, false, 0},
      {"Content-Length: \xb2"
       "3\r\n",
       true, false, 0},
      {"Content-Length: 18446744073709551616\r\n", true, false, 0},
  };
  for (const LengthCase& one : cases) {
    const FramingFields framing =
        parse("GET / HTTP/1.1\r\n" + std::string{one.lines} + "\r\n").head.framing;
    EXPECT_TRUE(framing.has_length) << one.lines;
    EXPECT_EQ(framing.length_bad, one.bad) << one.lines;
    EXPECT_EQ(framing.length_repeated, one.repeated) << one.lines;
    EXPECT_EQ(framing.length, one.length) << one.lines;
  }
}

struct CodingCase {
  std::string_view lines;
  bool chunked_last, repeated;
};

TEST(HeadParser, LooksForChunkedBehindAllOtherCodings) {
  constexpr CodingCase cases[] = {
      {"Transfer-Encoding: chunked\r\n", true, false},
      {"TRANSFER-ENCODING: \tChunked \r\n", true, false},
      {"Transfer-Encoding:\x0b"
       "chunked\r\n",
       true, false},
      {"Transfer-Encoding: gzip, chunked\r\n", true, false},
      {"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", true, false},
      {"Transfer-Encoding: chunked;\r\n", true, false},
      {"Transfer-Encoding: chunked,\r\n", true, false},
      {"Transfer-Encoding: chunked, chunked\r\n", true, true},
      {"Transfer-Encoding: chunked, gzip\r\n", false, false},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", false, false},
      {"Transfer-Encoding: x chunked\r\n", false, false},
      {"Transfer-Encoding: xchunked\r\n", false, false},
      {"Transfer-Encoding:\r\n", false, false},
  };
  for (const CodingCase& one : cases) {
    const FramingFields framing =
        parse("GET / HTTP/1.1\r\n" + std::string{one.lines} + "\r\n").head.framing;
    EXPECT_TRUE(framing.has_transfer_encoding) << one.lines;
    EXPECT_EQ(framing.chunked_last, one.chunked_last) << one.lines;
    EXPECT_EQ(framing.chunked_repeated, one.repeated) << one.lines;
  }
}

} // namespace
} // namespace xdpcap::http
