#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "apps/xdpcap_sub/terminal.hpp"
#include "apps/xdpcap_sub/text_view.hpp"
#include "apps/xdpcap_sub/top.hpp"
#include "unit/xdpcap_sub/exchanges.hpp"

namespace xdpcap::sub {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Text, ALineHasTheRequestItsResponseAndItsLatency) {
  std::string out;
  TextView({}, codec::BodyFormat::none).add(out, exchange("/a", 200, 85'000));
  EXPECT_THAT(out, HasSubstr("GET     200     85 us      5 B  h/a\n"));
}

TEST(Text, CapturedBytesCannotSteerTheTerminal) {
  Exchange hostile = exchange("/\x1b]0;owned\x07\r\n\xc2\x9b", 200);
  hostile.request->method = "\x1b[2J";
  hostile.request->body = hostile.response->body =
      "a\x1b[31m\nb\xc2\x9b"
      "c";
  std::string out;
  TextView({}, codec::BodyFormat::text).add(out, hostile);
  for (const char c : out) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << static_cast<int>(c);
  EXPECT_THAT(out, HasSubstr("\\x1b]0;owned\\x07"));
}

TEST(Text, WithoutAResponseTheLineSaysSo) {
  Exchange silent = exchange("/slow", 200);
  silent.response.reset();
  std::string out;
  TextView({}, codec::BodyFormat::none).add(out, silent);
  EXPECT_THAT(out, HasSubstr("GET     ...         -        -  h/slow"));
  Exchange orphan = exchange("/", 204);
  orphan.request.reset();
  out.clear();
  TextView({}, codec::BodyFormat::none).add(out, orphan);
  EXPECT_THAT(out, HasSubstr("(request not seen)"));
}

TEST(Text, WhatCannotBeReadIsShownAsItCame) {
  Exchange broken = exchange("", 400);
  broken.request->method.clear();
  broken.request->start_line = "GARBAGE \x01 not http";
  broken.request->remarks = "bad_start_line incomplete:malformed";
  std::string out;
  TextView({}, codec::BodyFormat::none).add(out, broken);
  EXPECT_THAT(
      out,
      HasSubstr(
          "-       400   1.00 ms      5 B  10.0.0.2:80  GARBAGE \\x01 not http  [bad_start_line"));
}

TEST(Text, AnInterimResponseIsNoOrphan) {
  Exchange interim = exchange("/", 100);
  interim.request.reset();
  interim.response->interim = true;
  std::string out;
  TextView({}, codec::BodyFormat::none).add(out, interim);
  EXPECT_THAT(out, HasSubstr("(its request is not over)"));
}

// The longest line of a text, colours left out.
std::size_t width_of(const std::string& text) {
  std::size_t widest = 0, width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = text.find('m', i);
    } else {
      width = text[i] == '\n' ? 0 : width + 1;
      widest = std::max(widest, width);
    }
  }
  return widest;
}

TEST(Text, NoLineIsWiderThanTheTerminal) {
  std::mt19937 random(5);
  for (std::size_t columns = 30; columns <= 200; ++columns) {
    const TextView view({.is_terminal = true, .colour = true, .columns = columns, .rows = 24},
                        codec::BodyFormat::none);
    std::string out;
    view.add_heading(out);
    for (int i = 0; i < 20; ++i) {
      Exchange one =
          exchange("/" + std::string(random() % 300, 'p'),
                   static_cast<std::uint16_t>(100 + random() % 500), random() % 2'000'000'000);
      one.request->host = std::string(random() % 80, 'h');
      one.request->remarks = std::string(random() % 60, 'r');
      if (random() % 4 == 0)
        one.request.reset();
      else if (random() % 4 == 0)
        one.response.reset();
      if (one.request || one.response) view.add(out, one);
    }
    EXPECT_LE(width_of(out), columns);
  }
}

TEST(Text, ALongAddressKeepsBothItsEnds) {
  EXPECT_EQ(cut_middle("10.77.0.2/shop/a/rather/long/path/to/a/product/30", 30),
            "10.77.0...path/to/a/product/30");
  EXPECT_EQ(cut_middle("short", 30), "short");
  EXPECT_EQ(cut_middle("", 3), "");
  for (std::size_t columns = 1; columns < 60; ++columns)
    EXPECT_LE(cut_middle("10.77.0.2/shop/a/rather/long/path/to/a/product/30", columns).size(),
              columns);
}

TEST(Text, EightyColumnsHaveRoomForAnAddress) {
  std::string out;
  TextView({.is_terminal = true, .columns = 80, .rows = 24}, codec::BodyFormat::none)
      .add(out, exchange("/a/path/of/thirty/characters..", 200, 85'000));
  EXPECT_THAT(out, HasSubstr("GET     200     85 us      5 B  h/a/path/of/thirty/characters..\n"));
}

TEST(Text, BodiesAreDecodedAndWhatIsNoTextIsNamed) {
  const TextView view({}, codec::BodyFormat::text);
  std::string out;
  view.add(out, compressed("{\"teapot\":\n\"blue\"}"));
  EXPECT_THAT(out, HasSubstr("\n    {\"teapot\":\n    \"blue\"}\n"));
  Exchange picture = exchange("/logo.png", 200);
  picture.response->body = std::string(100'000, '\xff');
  picture.response->fields = {{"Content-Type", "image/png"}};
  picture.response->content_type = "image/png";
  out.clear();
  view.add(out, picture);
  EXPECT_THAT(out, HasSubstr("\n    (image/png, 100 kB: not text; --body base64 shows it)\n"));
  EXPECT_LT(out.size(), 300u);
}

TEST(Text, LettersStayAndWhatIsInvisibleOrTurnsTheTextDoesNot) {
  EXPECT_EQ(printable_utf8("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8d\xb5"),
            "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8d\xb5");
  for (const auto& [bad, shown] :
       std::vector<std::pair<std::string, std::string>>{{"\xe2\x80\xae", "\\u202e"},
                                                        {"\xe2\x81\xa6", "\\u2066"},
                                                        {"\xe2\x80\x8b", "\\u200b"},
                                                        {"\xc2\x9b", "\\u009b"},
                                                        {"\xef\xbb\xbf", "\\ufeff"},
                                                        {"\xf3\xa0\x80\xa1", "\\ue0021"},
                                                        {"\x1b", "\\x1b"}})
    EXPECT_EQ(printable_utf8("a" + bad + "b"), "a" + shown + "b");
}

TEST(Text, TextsAreCutWhereTheyDoNotDiffer) {
  std::vector<std::string> texts;
  for (int i = 3000; i < 3015; ++i)
    texts.push_back("api.example:8080/products/category/" + std::to_string(i) +
                    "/reviews/latest/of/all");
  texts.push_back("short");
  for (const std::size_t columns : {32u, 20u, 14u}) {
    const std::vector<std::string> cut = cut_where_equal(texts, columns);
    for (const std::string& one : cut) EXPECT_LE(one.size(), columns) << one;
    EXPECT_EQ(std::set<std::string>(cut.begin(), cut.end()).size(), texts.size()) << cut[0];
  }
  EXPECT_EQ(cut_where_equal(texts, 0), texts);
  EXPECT_EQ(cut_where_equal({"", "a"}, 5), (std::vector<std::string>{"", "a"}));
  EXPECT_EQ(cut_where_equal({}, 5), std::vector<std::string>{});
}

TEST(Text, ColourOnlyWhereItIsWanted) {
  std::string plain, coloured;
  TextView({}, codec::BodyFormat::none).add(plain, exchange("/", 500));
  TextView({.is_terminal = true, .colour = true}, codec::BodyFormat::none)
      .add(coloured, exchange("/", 500));
  EXPECT_THAT(plain, Not(HasSubstr("\x1b")));
  EXPECT_THAT(coloured, HasSubstr("\x1b[31m500\x1b[0m"));
}

TEST(Text, FiguresAreShortWhateverTheirSize) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(1'400), "1.4 kB");
  EXPECT_EQ(size_text(999'999), "1.0 MB");
  EXPECT_EQ(duration_text(85'000), "85 us");
  EXPECT_EQ(duration_text(1'250'000), "1.25 ms");
  EXPECT_EQ(duration_text(3'100'000'000), "3.10 s");
  std::mt19937_64 random(7);
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t value = random() >> (random() % 64);
    EXPECT_LE(size_text(value).size(), 12u) << value;
    if (value < 86'400'000'000'000) {
      EXPECT_LE(duration_text(value).size(), 8u) << value;
    }
    if (value < 1'000'000'000'000'000) {
      EXPECT_LE(size_text(value).size(), 7u) << value;
    }
  }
}

TEST(Top, QuantilesAreWithinAHundredth) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), 0u);
  for (std::uint64_t i = 1; i <= 1000; ++i) histogram.add(i * 1000);
  for (const double fraction : {0.01, 0.5, 0.99, 1.0}) {
    const double exact = fraction * 1e6;
    EXPECT_NEAR(static_cast<double>(histogram.quantile(fraction)), exact, exact / 100) << fraction;
  }
  std::mt19937_64 random(3);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t value = random() >> (random() % 64);
    LatencyHistogram three; // the one in the middle is not helped by what is the least and the most
    for (const std::uint64_t one : {value / 2, value, value == UINT64_MAX ? value : value + 1})
      three.add(one);
    EXPECT_NEAR(static_cast<double>(three.quantile(0.5)), static_cast<double>(value),
                std::max(1.0, static_cast<double>(value) / 100))
        << value;
  }
  LatencyHistogram one;
  one.add(703'000'000);
  EXPECT_EQ(one.quantile(0.5), 703'000'000u);
  LatencyHistogram extremes;
  extremes.add(0);
  EXPECT_EQ(extremes.quantile(1), 0u);
  extremes.add(UINT64_MAX);
  EXPECT_GT(extremes.quantile(1), UINT64_MAX / 100 * 99);
}

TEST(Top, ATableFitsTheTerminal) {
  Top top;
  for (int i = 0; i < 200; ++i) {
    for (int n = 0; n <= i; ++n)
      top.add(exchange("/products/of/a/long/category/" + std::to_string(i), 200));
  }
  for (const std::size_t columns : {30u, 40u, 80u, 132u}) {
    for (const std::size_t rows : {4u, 21u, 60u}) {
      const std::string table =
          top.table({.is_terminal = true, .colour = true, .columns = columns, .rows = 24}, rows);
      EXPECT_LE(width_of(table), columns);
      EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), static_cast<std::ptrdiff_t>(rows));
      EXPECT_THAT(table, HasSubstr("199")); // the busiest is there, and can be told from the others
      EXPECT_THAT(table, HasSubstr(fmt::format("and {} more\n", 202 - rows)));
    }
  }
}

TEST(Top, RowsAreByHostAndPathTheBusiestFirst) {
  Top top;
  top.add(exchange("/rare", 503));
  for (int i = 0; i < 3; ++i) top.add(exchange("/often?n=" + std::to_string(i), 200));
  const std::string table = top.table({}, 0);
  EXPECT_LT(table.find("h/often\n"), table.find("h/rare\n"));
  EXPECT_THAT(table, HasSubstr("       3     0     0"));
  EXPECT_THAT(table, HasSubstr("       1     0     1"));
  EXPECT_THAT(top.table({}, 2), Not(HasSubstr("rare")));
}

} // namespace
} // namespace xdpcap::sub
