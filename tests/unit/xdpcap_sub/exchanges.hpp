#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "consume/seen.hpp"

// Exchanges as the tests of xdpcap-sub want them.
namespace xdpcap::sub {

using consume::Exchange;

inline Exchange exchange(const std::string& target, std::uint16_t status,
                         std::uint64_t latency_ns = 1'000'000) {
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

inline std::string gzipped(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(::deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(text.size() + 128, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  ::deflateEnd(&stream);
  return out;
}

inline Exchange compressed(const std::string& text) {
  Exchange made = exchange("/", 200);
  made.response->body = gzipped(text);
  made.response->body_length = made.response->body.size();
  made.response->fields = {{"Content-Type", "application/json"}, {"content-encoding", "gzip"}};
  made.response->content_type = "application/json";
  return made;
}

} // namespace xdpcap::sub
