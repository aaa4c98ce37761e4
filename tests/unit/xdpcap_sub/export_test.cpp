#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "apps/xdpcap_sub/exchange_json.hpp"
#include "apps/xdpcap_sub/har.hpp"
#include "unit/xdpcap_sub/exchanges.hpp"

namespace xdpcap::sub {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class HarTest : public ::testing::Test {
 protected:
  HarTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "har.XXXXXX").string();
    base_ = ::mkdtemp(pattern.data());
  }
  ~HarTest() override { std::filesystem::remove_all(base_); }

  json written(const std::vector<Exchange>& exchanges,
               codec::BodyFormat body = codec::BodyFormat::text) {
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
    for (const char* name : {"method", "url", "httpVersion", "cookies", "headers", "queryString",
                             "headersSize", "bodySize"}) {
      EXPECT_TRUE(entry["request"].contains(name)) << name;
    }
    for (const char* name : {"status", "statusText", "httpVersion", "cookies", "headers", "content",
                             "redirectURL", "headersSize", "bodySize"}) {
      EXPECT_TRUE(entry["response"].contains(name)) << name;
    }
    for (const char* name : {"size", "mimeType"})
      EXPECT_TRUE(entry["response"]["content"].contains(name)) << name;
    for (const char* name : {"send", "wait", "receive"})
      EXPECT_GE(entry["timings"][name].get<double>(), 0) << name;
    EXPECT_TRUE(entry["response"]["status"].is_number_unsigned() ||
                entry["response"]["status"] == 0);
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

TEST_F(HarTest, ContentIsWhatAReaderGets) {
  const std::string text(5000, 'a');
  Exchange damaged = compressed(text);
  damaged.response->body.resize(10);
  damaged.response->body[9] = '\x55';
  damaged.response->body_length = 10;
  damaged.response->fields[1].second = "unheard-of";
  const json har = written({compressed(text), damaged});
  const json& response = har["log"]["entries"][0]["response"];
  EXPECT_EQ(response["content"]["text"], text);
  EXPECT_EQ(response["content"]["size"], 5000);
  EXPECT_EQ(response["content"]["compression"], 5000 - response["bodySize"].get<int>());
  EXPECT_FALSE(response["content"].contains("encoding"));
  const json& unknown = har["log"]["entries"][1]["response"]["content"];
  EXPECT_EQ(unknown["encoding"], "base64");
  EXPECT_EQ(unknown["size"], 10);
  EXPECT_FALSE(unknown.contains("compression"));
  EXPECT_THAT(unknown["comment"].get<std::string>(), HasSubstr("no decoder"));
}

TEST_F(HarTest, NobodyElseMayReadTheFileAndNoLinkIsFollowed) {
  written({});
  struct stat status {};
  ASSERT_EQ(::stat((base_ / "a.har").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  std::filesystem::create_symlink(base_ / "elsewhere", base_ / "link.har");
  EXPECT_FALSE(HarFile::create((base_ / "link.har").string(), codec::BodyFormat::none));
  EXPECT_FALSE(std::filesystem::exists(base_ / "elsewhere"));
}

TEST(Json, AnExchangeIsOneLineOfOneShape) {
  Exchange whole = exchange("/a?b=\xe9", 200, 1'500'000);
  whole.request->json_line = "{\"kind\":\"request\"}\n";
  whole.response->json_line = "{\"kind\":\"response\"}\n";
  whole.response->content_type = "text/plain";
  whole.request->sensor = "edge";
  Exchange silent = exchange("/", 200), orphan = exchange("/", 404);
  silent.response.reset();
  orphan.request.reset();
  silent.request->json_line = orphan.response->json_line = "{}\n";
  std::string out;
  for (const Exchange& one : {whole, silent, orphan}) append_json(out, one);
  std::vector<json> lines;
  for (std::size_t at = 0; at < out.size(); at = out.find('\n', at) + 1)
    lines.push_back(json::parse(out.substr(at, out.find('\n', at) - at)));
  ASSERT_EQ(lines.size(), 3u);
  const auto names = [](const json& object) {
    std::vector<std::string> all;
    for (const auto& [name, value] : object.items()) all.push_back(name);
    return all;
  };
  for (const json& line : lines) EXPECT_EQ(names(line), names(lines[0]));
  EXPECT_EQ(lines[0]["url"], "http://h/a?b=\xc3\xa9");
  EXPECT_EQ(lines[0]["latency_ms"], 1.5);
  EXPECT_EQ(lines[0]["sensor"], "edge");
  EXPECT_EQ(lines[0]["response"]["kind"], "response");
  EXPECT_EQ(lines[1]["status"], nullptr);
  EXPECT_EQ(lines[1]["response"], nullptr);
  EXPECT_EQ(lines[2]["url"], nullptr);
  EXPECT_EQ(lines[2]["status"], 404);
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
  const auto har = HarFile::create((base_ / "no/such/a.har").string(), codec::BodyFormat::none);
  ASSERT_FALSE(har);
  EXPECT_EQ(har.error().code, ExitCode::output);
  EXPECT_THAT(har.error().message, HasSubstr("a.har"));
}

} // namespace
} // namespace xdpcap::sub
