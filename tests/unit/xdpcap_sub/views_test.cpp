#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "apps/xdpcap_sub/har.hpp"
#include "apps/xdpcap_sub/terminal.hpp"
#include "apps/xdpcap_sub/text_view.hpp"
#include "apps/xdpcap_sub/top.hpp"

namespace xdpcap::sub {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

Exchange exchange(const std::string& target, std::uint16_t status, std::uint64_t latency_ns = 1'000'000) {
  Exchange made;
  made.request.emplace();
  made.request->request = true;
  made.request->method = "GET";
  made.request->host = "h";
  made.request->target = target;
  made.request->client = "10.0.0.1:4000";
  made.request->server = "10.0.0.2:80";
  made.request->version = "HTTP/1.1";
  made.response.emplace();
  made.response->status = status;
  made.response->first_ns = latency_ns;
  made.response->last_ns = latency_ns + 3'000'000;
  made.response->body_length = 5;
  return made;
}

TEST(Text, ALineHasTheRequestItsResponseAndItsLatency) {
  std::string out;
  TextView({}, publish::BodyFormat::none).add(out, exchange("/a", 200, 85'000));
  EXPECT_THAT(out, HasSubstr("GET     200     85 us      5 B  h/a\n"));
}

TEST(Text, CapturedBytesCannotSteerTheTerminal) {
  Exchange hostile = exchange("/\x1b]0;owned\x07\r\n\xc2\x9b", 200);
  hostile.request->method = "\x1b[2J";
  hostile.request->body = hostile.response->body =
      "a\x1b[31m\nb\xc2\x9b"
      "c";
  std::string out;
  TextView({}, publish::BodyFormat::text).add(out, hostile);
  for (const char c : out) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << static_cast<int>(c);
  EXPECT_THAT(out, HasSubstr("\\x1b]0;owned\\x07"));
}

TEST(Text, WithoutAResponseTheLineSaysSo) {
  Exchange silent = exchange("/slow", 200);
  silent.response.reset();
  std::string out;
  TextView({}, publish::BodyFormat::none).add(out, silent);
  EXPECT_THAT(out, HasSubstr("GET     ...         -        -  h/slow"));
  Exchange orphan = exchange("/", 204);
  orphan.request.reset();
  out.clear();
  TextView({}, publish::BodyFormat::none).add(out, orphan);
  EXPECT_THAT(out, HasSubstr("(request not seen)"));
}

TEST(Text, ColourOnlyWhereItIsWanted) {
  std::string plain, coloured;
  TextView({}, publish::BodyFormat::none).add(plain, exchange("/", 500));
  TextView({.is_terminal = true, .colour = true}, publish::BodyFormat::none).add(coloured, exchange("/", 500));
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

TEST(Top, QuantilesAreWithinAnEighth) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), 0u);
  for (std::uint64_t i = 1; i <= 1000; ++i) histogram.add(i * 1000);
  for (const double fraction : {0.01, 0.5, 0.99, 1.0}) {
    const double exact = fraction * 1e6;
    const auto got = static_cast<double>(histogram.quantile(fraction));
    EXPECT_GE(got, exact) << fraction;
    EXPECT_LE(got, exact * 1.13) << fraction;
  }
  LatencyHistogram extremes;
  extremes.add(0);
  EXPECT_EQ(extremes.quantile(1), 0u);
  extremes.add(UINT64_MAX);
  EXPECT_GT(extremes.quantile(1), UINT64_MAX / 2 - 1);
}

TEST(Top, RowsAreByHostAndPathTheBusiestFirst) {
  Top top;
  top.add(exchange("/rare", 503));
  for (int i = 0; i < 3; ++i) top.add(exchange("/often?n=" + std::to_string(i), 200));
  const std::string table = top.table({}, 0);
  EXPECT_LT(table.find("h/often\n"), table.find("h/rare\n"));
  EXPECT_THAT(table, HasSubstr("        3      0      0"));
  EXPECT_THAT(table, HasSubstr("        1      0      1"));
  EXPECT_THAT(top.table({}, 1), Not(HasSubstr("rare")));
}

class HarTest : public ::testing::Test {
 protected:
  HarTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "har.XXXXXX").string();
    base_ = ::mkdtemp(pattern.data());
  }
  ~HarTest() override { std::filesystem::remove_all(base_); }

  json written(const std::vector<Exchange>& exchanges, publish::BodyFormat body = publish::BodyFormat::text) {
    const std::string path = (base_ / "a.har").string();
    auto har = HarFile::create(path, body);
    EXPECT_TRUE(har);
    for (const Exchange& one : exchanges) EXPECT_TRUE(har->add(one));
    EXPECT_TRUE(har->finish());
    std::ifstream file(path);
    return json::parse(file);
  }
  // What the specification asks of each entry.
  static void check(const json& entry) {
    for (const char* name : {"startedDateTime", "time", "request", "response", "cache", "timings"})
      EXPECT_TRUE(entry.contains(name)) << name;
    for (const char* name :
         {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"}) {
      EXPECT_TRUE(entry["request"].contains(name)) << name;
    }
    for (const char* name : {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL",
                             "headersSize", "bodySize"}) {
      EXPECT_TRUE(entry["response"].contains(name)) << name;
    }
    for (const char* name : {"size", "mimeType"}) EXPECT_TRUE(entry["response"]["content"].contains(name)) << name;
    for (const char* name : {"send", "wait", "receive"}) EXPECT_GE(entry["timings"][name].get<double>(), 0) << name;
    EXPECT_TRUE(entry["response"]["status"].is_number_unsigned() || entry["response"]["status"] == 0);
  }

  std::filesystem::path base_;
};

TEST_F(HarTest, AnEmptyFileIsValid) {
  const json har = written({});
  EXPECT_EQ(har["log"]["version"], "1.2");
  EXPECT_EQ(har["log"]["entries"], json::array());
}

TEST_F(HarTest, EntriesHaveAllThatTheSpecificationAsksFor) {
  Exchange with_bodies = exchange("/a?x=1&y=%2Fb+c&z", 200);
  with_bodies.request->fields = {{"Content-Type", "text/plain"}};
  with_bodies.request->body = "n=1";
  with_bodies.request->body_length = 3;
  with_bodies.response->fields = {{"content-type", "image/png"}, {"Location", "/b"}};
  with_bodies.response->body = "\xff\xfe";
  Exchange silent = exchange("http://other/x", 0);
  silent.response.reset();
  const json har = written({with_bodies, silent, exchange("*", 204), exchange("h:443", 200)});
  ASSERT_EQ(har["log"]["entries"].size(), 4u);
  for (const json& entry : har["log"]["entries"]) check(entry);
  const json& first = har["log"]["entries"][0];
  EXPECT_EQ(first["request"]["url"], "http://h/a?x=1&y=%2Fb+c&z");
  EXPECT_EQ(first["request"]["queryString"][1], (json{{"name", "y"}, {"value", "/b c"}}));
  EXPECT_EQ(first["request"]["queryString"][2], (json{{"name", "z"}, {"value", ""}}));
  EXPECT_EQ(first["request"]["postData"]["text"], "n=1");
  EXPECT_EQ(first["response"]["content"]["encoding"], "base64");
  EXPECT_EQ(first["response"]["content"]["mimeType"], "image/png");
  EXPECT_EQ(first["response"]["redirectURL"], "/b");
  EXPECT_EQ(first["time"], 4.0);
  EXPECT_EQ(first["timings"]["receive"], 3.0);
  EXPECT_EQ(har["log"]["entries"][1]["response"]["status"], 0);
  EXPECT_EQ(har["log"]["entries"][1]["request"]["url"], "http://other/x");
}

TEST_F(HarTest, WhateverTheBytesItStaysValid) {
  std::mt19937 random(11);
  std::vector<Exchange> exchanges;
  for (int i = 0; i < 300; ++i) {
    const auto bytes = [&random] {
      std::string text(random() % 20, '\0');
      for (char& c : text) c = static_cast<char>(random());
      return text;
    };
    Exchange one = exchange(bytes(), 200);
    one.request->method = bytes();
    one.request->host = bytes();
    one.request->fields = {{bytes(), bytes()}, {"content-type", bytes()}};
    one.request->body = bytes();
    one.request->body_length = 1;
    one.response->reason = bytes();
    one.response->body = bytes();
    one.response->fields = {{"location", bytes()}, {"content-type", bytes()}};
    exchanges.push_back(std::move(one));
  }
  const json har = written(exchanges);
  ASSERT_EQ(har["log"]["entries"].size(), exchanges.size());
  for (const json& entry : har["log"]["entries"]) check(entry);
}

TEST_F(HarTest, APlaceThatCannotBeWrittenIsNamed) {
  const auto har = HarFile::create((base_ / "no/such/a.har").string(), publish::BodyFormat::none);
  ASSERT_FALSE(har);
  EXPECT_EQ(har.error().code, ExitCode::output);
  EXPECT_THAT(har.error().sentence, HasSubstr("a.har"));
}

} // namespace
} // namespace xdpcap::sub
