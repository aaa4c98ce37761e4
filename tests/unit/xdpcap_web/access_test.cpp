#include "apps/xdpcap_web/access.hpp"

#include <gtest/gtest.h>

#include "apps/xdpcap_web/parameters.hpp"

namespace xdpcap::web {
namespace {

Request asking(const std::string& host) {
  return {.path = "/", .host = host};
}

TEST(Access, OnLoopbackOnlyALoopbackNameGetsIn) {
  const Access access({.loopback = true});
  for (const char* host : {"127.0.0.1:8080", "localhost", "localhost:1", "[::1]:8080", "app.localhost", "127.1.2.3"})
    EXPECT_FALSE(access.refuse(asking(host))) << host;
  for (const char* host : {"", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::2]", "0.0.0.0"})
    EXPECT_TRUE(access.refuse(asking(host))) << host;
}

TEST(Access, BeyondLoopbackATokenIsWanted) {
  const Access access({.loopback = false, .token = "0123456789abcdef"});
  Request request = asking("192.0.2.1");
  ASSERT_TRUE(access.refuse(request));
  EXPECT_EQ(access.refuse(request)->status, 401U);
  request.authorization = "Bearer 0123456789abcdef";
  EXPECT_FALSE(access.refuse(request));
  for (const char* wrong : {"Bearer 0123456789abcdeg", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0", "Bearer ",
                            "0123456789abcdef"}) {
    request.authorization = wrong;
    EXPECT_TRUE(access.refuse(request)) << wrong;
  }
}

TEST(Access, ATokenInTheAddressBecomesACookie) {
  const Access access({.loopback = false, .token = "0123456789abcdef"});
  Request request = asking("192.0.2.1");
  request.query = "token=0123456789abcdef";
  const auto redirected = access.refuse(request);
  ASSERT_TRUE(redirected);
  EXPECT_EQ(redirected->status, 303U);
  request.query.clear();
  request.cookie = "other=1; xdpcap_token=0123456789abcdef";
  EXPECT_FALSE(access.refuse(request));
  request.cookie = "xdpcap_token=";
  EXPECT_TRUE(access.refuse(request));
}

TEST(Access, OnlyAnAllowedOriginIsToldThatItMayRead) {
  const Access access({.loopback = true, .origins = {"https://ops.example"}});
  const auto allowed = [&](const std::string& origin) {
    Request request = asking("localhost");
    request.origin = origin;
    Reply reply;
    access.add_fields(request, reply);
    for (const auto& [name, value] : reply.fields) {
      if (name == "Access-Control-Allow-Origin") return value;
    }
    return std::string{};
  };
  EXPECT_EQ(allowed("https://ops.example"), "https://ops.example");
  EXPECT_EQ(allowed("https://evil.example"), "");
  EXPECT_EQ(allowed(""), "");
}

TEST(Parameters, AreDecodedAndUnknownOnesRefused) {
  auto parsed = Parameters::parse("a=1%20+x&b=&a=2", {"a", "b"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->one("a"), "2");
  EXPECT_EQ(parsed->all("a"), (std::vector<std::string>{"1  x", "2"}));
  EXPECT_FALSE(parsed->has("b"));
  auto unknown = Parameters::parse("c=1", {"a", "b"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().parameter, "c");
  for (const char* broken : {"a=%", "a=%4", "a=%zz", "a=%00"}) EXPECT_FALSE(Parameters::parse(broken, {"a"})) << broken;
}

TEST(Parameters, ABadValueNamesItsParameter) {
  const auto error_of = [](const std::string& query) {
    auto parameters = Parameters::parse(query, {}, kQueryNames);
    if (!parameters) return parameters.error().parameter;
    auto parsed = parse_query(*parameters);
    return parsed ? std::string{} : parsed.error().parameter;
  };
  EXPECT_EQ(error_of("host=a&status=5xx&latency=2s&from=1.5"), "");
  EXPECT_EQ(error_of("status=9999"), "status");
  EXPECT_EQ(error_of("latency=fast"), "latency");
  EXPECT_EQ(error_of("connection=zz"), "connection");
  EXPECT_EQ(error_of("to=-1"), "to");
  EXPECT_EQ(error_of("from=1e99"), "from");
}

} // namespace
} // namespace xdpcap::web
