#include "consume/har.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <nlohmann/json.hpp>

#include "consume/content.hpp"

namespace xdpcap::consume {
namespace {

using nlohmann::json;

std::string gzip(std::string_view text) {
  z_stream stream{};
  EXPECT_EQ(::deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(::deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  ::deflateEnd(&stream);
  return out;
}

json response(const std::string& body, const std::string& coding, std::size_t length = 0) {
  Exchange exchange;
  exchange.request =
      Seen{.request = true, .method = "GET", .target = "/", .host = "shop", .version = "HTTP/1.1"};
  exchange.response =
      Seen{.status = 200, .body_length = length == 0 ? body.size() : length, .version = "HTTP/1.1"};
  exchange.response->fields = {{"Content-Type", "application/json"}};
  if (!coding.empty()) exchange.response->fields.emplace_back("content-encoding", coding);
  exchange.response->body = body;
  return json::parse(har_entry(exchange, codec::BodyFormat::text))["response"];
}

TEST(Har, ContentIsWhatTheBodySaysAndBodySizeWhatWasSent) {
  const std::string text = "{\"teapot\":\"" + std::string(5000, 'b') + "\"}";
  const std::string sent = gzip(text);
  const json found = response(sent, "gzip");
  EXPECT_EQ(found["content"]["text"], text);
  EXPECT_FALSE(found["content"].contains("encoding"));
  EXPECT_EQ(found["content"]["size"], text.size());
  EXPECT_EQ(found["bodySize"], sent.size());
  EXPECT_EQ(found["content"]["compression"], static_cast<std::int64_t>(text.size() - sent.size()));
}

TEST(Har, WithoutACodingBothSizesAreOne) {
  const json found = response("hello", "");
  EXPECT_EQ(found["content"]["size"], 5);
  EXPECT_EQ(found["bodySize"], 5);
  EXPECT_FALSE(found["content"].contains("compression"));
}

TEST(Har, WhatCannotBeDecodedIsThereAsItCameAndSaysSo) {
  const json found = response("\x01\x02no gzip", "gzip");
  EXPECT_EQ(found["content"]["encoding"], "base64");
  EXPECT_FALSE(found["content"]["comment"].get<std::string>().empty());
  EXPECT_FALSE(found["content"].contains("compression"));
}

TEST(Har, ACutBodyHasTheSizeThatWasDeclared) {
  EXPECT_EQ(response("hel", "", 5)["content"]["size"], 5);
}

TEST(ReadsAsText, IsForWhatEscapesDoNotBlowUp) {
  EXPECT_TRUE(reads_as_text("{\"a\":1}\r\n\t"));
  EXPECT_TRUE(reads_as_text("caf\xc3\xa9"));
  EXPECT_FALSE(reads_as_text("caf\xe9"));
  EXPECT_FALSE(reads_as_text(std::string(1 << 20, '\x01'))) << "six times as long in JSON";
  EXPECT_TRUE(reads_as_text("\x1b[31mred\x1b[0m and much more that is nothing but text"));
}

} // namespace
} // namespace xdpcap::consume
