#include "apps/xdpcap_web/server/access.hpp"

#include <gtest/gtest.h>

#include "apps/xdpcap_web/api/parameters.hpp"

namespace xdpcap::web {
namespace {

const std::string kToken = "0123456789abcdef0123456789abcdef";

Request asking(const std::string& host) {
  return {
      .path = "/api/stats", .host = host, .authorization = "Bearer " + kToken, .peer = "127.0.0.1"};
}

unsigned status_of(const std::optional<Reply>& refused) {
  return refused ? refused->status : 200;
}

TEST(Access, ANulEndsNoAddress) {
  EXPECT_EQ(host_of_field("[::1]:80"), "[::1]");
  EXPECT_EQ(host_of_field(std::string_view("[::1\0evil]", 10)), std::nullopt);
}

TEST(Access, OnLoopbackOnlyALoopbackNameGetsIn) {
  Access access({.loopback = true, .token = kToken});
  for (const char* host :
       {"127.0.0.1:8080", "localhost", "LocalHost:1", "[::1]:8080", "app.localhost", "127.1.2.3"})
    EXPECT_EQ(status_of(access.refuse(asking(host), false)), 200U) << host;
  for (const char* host :
       {"", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::2]", "0.0.0.0",
        "[::1].evil.com", "[::1]evil.com", "localhost:80@evil.com", "127.", "127.1", "127.999.1.1",
        "localhost:99999", "localhost:", "localhost:80:80", "evil.com#.localhost", "a b.localhost",
        "[::ffff:127.0.0.1]", "192.0.2.1"})
    EXPECT_EQ(status_of(access.refuse(asking(host), false)), 403U) << host;
}

TEST(Access, BeyondLoopbackANameStillHasToBeOneOfOurs) {
  Access access({.loopback = false, .token = kToken, .hosts = {"shop.example"}});
  for (const char* host :
       {"192.0.2.1:8080", "[2001:db8::1]", "shop.example", "SHOP.example:1", "localhost"})
    EXPECT_EQ(status_of(access.refuse(asking(host), false)), 200U) << host;
  for (const char* host :
       {"evil.example", "192.0.2.1.evil.example", "[2001:db8::1]x", "shop.example.evil.example"})
    EXPECT_EQ(status_of(access.refuse(asking(host), false)), 403U) << host;
}

TEST(Access, ATokenIsAlwaysWantedButForWhatIsPublic) {
  for (const bool loopback : {true, false}) {
    Access access({.loopback = loopback, .token = kToken});
    Request request = asking("127.0.0.1");
    for (const std::string& right : {"Bearer " + kToken, "bearer " + kToken, "BEARER  " + kToken}) {
      request.authorization = right;
      EXPECT_EQ(status_of(access.refuse(request, false)), 200U) << right;
    }
    for (const std::string& wrong :
         {"Bearer " + kToken + "0", "Bearer 0" + kToken, std::string("Bearer "), kToken,
          "Basic " + kToken, std::string{}}) {
      request.authorization = wrong;
      EXPECT_EQ(status_of(access.refuse(request, false)), 401U) << wrong;
      EXPECT_EQ(status_of(access.refuse(request, true)), 200U) << wrong;
    }
  }
}

TEST(Access, ATokenInTheAddressBecomesACookieOfThisPortAlone) {
  Access access({.loopback = false, .port = 8080, .token = kToken});
  Request request = asking("192.0.2.1");
  request.authorization.clear();
  request.path = "/";
  request.query = "token=" + kToken;
  const auto redirected = access.refuse(request, true);
  ASSERT_TRUE(redirected);
  EXPECT_EQ(redirected->status, 303U);
  EXPECT_EQ(redirected->fields[1].second,
            "xdpcap_8080=" + kToken + "; HttpOnly; SameSite=Strict; Path=/");
  request.query = "token=" + kToken + "x";
  EXPECT_EQ(status_of(access.refuse(request, true)), 401U);
  request.path = "/api/stats";
  request.query.clear();
  request.cookie = "other=1; xdpcap_8080=" + kToken;
  EXPECT_EQ(status_of(access.refuse(request, false)), 200U);
  for (const std::string& wrong :
       {std::string("xdpcap_8080="), "xdpcap_8081=" + kToken, "yxdpcap_8080=" + kToken}) {
    request.cookie = wrong;
    EXPECT_EQ(status_of(access.refuse(request, false)), 401U) << wrong;
  }
}

TEST(Access, UnderTlsACookieIsSecureAndOfThisHostAlone) {
  Access access({.loopback = true, .tls = true, .port = 8443, .token = kToken});
  Request request = asking("localhost");
  request.path = "/";
  request.query = "token=" + kToken;
  const auto redirected = access.refuse(request, true);
  ASSERT_TRUE(redirected);
  EXPECT_EQ(redirected->fields[1].second,
            "__Host-xdpcap_8443=" + kToken + "; HttpOnly; SameSite=Strict; Path=/; Secure");
}

TEST(Access, WhatAPageOfAnotherSiteSendsIsRefused) {
  Access access({.loopback = true, .token = kToken, .origins = {"https://ops.example"}});
  const auto ask = [&](const char* origin, const char* site, const char* mode,
                       const char* destination, bool is_public) {
    Request request = asking("localhost:8080");
    request.origin = origin;
    request.fetch_site = site;
    request.fetch_mode = mode;
    request.fetch_destination = destination;
    return status_of(access.refuse(request, is_public));
  };
  EXPECT_EQ(ask("", "", "", "", false), 200U) << "no browser";
  EXPECT_EQ(ask("", "none", "navigate", "document", false), 200U) << "typed by the user";
  EXPECT_EQ(ask("http://localhost:8080", "same-origin", "cors", "empty", false), 200U);
  EXPECT_EQ(ask("https://ops.example", "cross-site", "cors", "empty", false), 200U) << "--cors";
  EXPECT_EQ(ask("", "cross-site", "navigate", "document", true), 200U) << "a link to the dashboard";
  EXPECT_EQ(ask("", "cross-site", "navigate", "document", false), 403U)
      << "a link to what was captured";
  EXPECT_EQ(ask("", "cross-site", "navigate", "iframe", true), 403U);
  EXPECT_EQ(ask("", "cross-site", "no-cors", "image", false), 403U);
  EXPECT_EQ(ask("", "same-site", "no-cors", "script", true), 403U) << "another port of this host";
  EXPECT_EQ(ask("http://evil.example", "", "", "", false), 403U)
      << "a browser without Sec-Fetch-Site";
  EXPECT_EQ(ask("null", "", "", "", false), 403U);
  EXPECT_EQ(ask("http://localhost:8081", "", "", "", false), 403U);
}

TEST(Access, WrongTokensAreCountedAndTheRightOneIsNeverShutOut) {
  Access access({.loopback = true, .token = kToken});
  Request request = asking("localhost");
  request.authorization = "Bearer 00000000000000000000000000000000";
  unsigned refused = 0;
  for (int i = 0; i < 100; ++i)
    refused += status_of(access.refuse(request, false)) == 429 ? 1U : 0U;
  EXPECT_GE(refused, 80U);
  EXPECT_EQ(access.wrong_tokens(), 100U);
  EXPECT_EQ(access.check_bearer(request.authorization, request.peer), 429U)
      << "gRPC counts with it";
  request.peer = "192.0.2.7";
  EXPECT_EQ(status_of(access.refuse(request, false)), 401U) << "another address";
  EXPECT_EQ(status_of(access.refuse(asking("localhost"), false)), 200U);
}

TEST(GuessLimit, ManyAddressesTakeNoMoreMemoryThanAFew) {
  GuessLimit limit;
  const GuessLimit::Time now{};
  std::uint64_t allowed = 0;
  for (int i = 0; i < 10'000; ++i) allowed += limit.count(std::to_string(i), now) ? 1U : 0U;
  EXPECT_LT(allowed, 1100U) << "those beyond the table share one allowance";
}

TEST(Token, IsLongAndGoesIntoAHeader) {
  EXPECT_TRUE(is_sound_token(make_token()));
  EXPECT_EQ(make_token().size(), 64U);
  EXPECT_NE(make_token(), make_token());
  for (const char* wrong : {"", "short", "0123456789abcde", "0123456789abcdef;",
                            "0123456789 abcdef", "0123456789abcde\xe9"})
    EXPECT_FALSE(is_sound_token(wrong)) << wrong;
}

TEST(Access, OnlyAnAllowedOriginLearnsThatItMayRead) {
  const Access access({.loopback = true, .token = kToken, .origins = {"https://ops.example"}});
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
  for (const char* broken : {"a=%", "a=%4", "a=%zz", "a=%00"})
    EXPECT_FALSE(Parameters::parse(broken, {"a"})) << broken;
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
  EXPECT_EQ(error_of("text=" + std::string(256, 'a')), "");
  EXPECT_EQ(error_of("text=" + std::string(257, 'a')), "text")
      << "it is compared with all that was captured";
}

} // namespace
} // namespace xdpcap::web
