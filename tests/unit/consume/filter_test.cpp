#include "consume/filter.hpp"

#include <gtest/gtest.h>

#include "consume/seen.hpp"

namespace xdpcap::consume {
namespace {

Exchange exchange(const std::string& method, const std::string& host, const std::string& target,
                  std::uint16_t status, std::uint64_t latency_ns = 1000) {
  Exchange made;
  made.request.emplace();
  made.request->request = true;
  made.request->method = method;
  made.request->host = host;
  made.request->target = target;
  made.request->last_ns = 5;
  made.response.emplace();
  made.response->status = status;
  made.response->first_ns = 5 + latency_ns;
  return made;
}
const Exchange kCart = exchange("GET", "Shop.example:8080", "/cart/items?id=7", 404, 2'000'000);

TEST(Filter, WithoutConditionsEverythingPasses) {
  EXPECT_TRUE(Filter().matches(kCart.facts()));
  EXPECT_TRUE(Filter().matches(Exchange{}.facts()));
}

TEST(Filter, AHostMatchesWithAndWithoutItsPortAndByPattern) {
  for (const char* host : {"shop.example", "shop.example:8080", "*.example", "shop.*"}) {
    EXPECT_TRUE(Filter{.hosts = {host}}.matches(kCart.facts())) << host;
  }
  for (const char* host : {"shop", "shop.example:80", "example"})
    EXPECT_FALSE(Filter{.hosts = {host}}.matches(kCart.facts())) << host;
  EXPECT_TRUE(Filter{.hosts = {"[::1]"}}.matches(exchange("GET", "[::1]", "/", 200).facts()));
}

TEST(Filter, APathIsAPartOfTheTargetOrAPatternForAllOfIt) {
  for (const char* path :
       {"/cart", "items", "/cart/*", "*id=7", "items?id=7", "/cart/items?*", "?id=", "*a*t*=*"}) {
    EXPECT_TRUE(Filter{.paths = {path}}.matches(kCart.facts())) << path;
  }
  for (const char* path :
       {"/pay", "items*", "/Cart", "/cart/*?7?", "/cart/items?id=?", "cart?items"})
    EXPECT_FALSE(Filter{.paths = {path}}.matches(kCart.facts())) << path;
}

TEST(Filter, AStatusIsANumberOrAClass) {
  for (const char* status : {"404", "4xx", "40X"})
    EXPECT_TRUE(Filter{.statuses = {status}}.matches(kCart.facts())) << status;
  for (const char* status : {"200", "5xx", "403"})
    EXPECT_FALSE(Filter{.statuses = {status}}.matches(kCart.facts())) << status;
  for (const char* text : {"5xx", "404", "50x", "1XX", "999"})
    EXPECT_TRUE(is_status_pattern(text)) << text;
  for (const char* text : {"", "5", "xxx", "5xxx", "abc", "099", "6xx", "99x", "0xx"})
    EXPECT_FALSE(is_status_pattern(text)) << text;
}

TEST(Filter, EveryConditionMustHold) {
  Filter filter{.hosts = {"shop.example"},
                .methods = {"get", "head"},
                .statuses = {"4xx"},
                .paths = {"/cart"}};
  filter.min_latency_ns = 2'000'000;
  EXPECT_TRUE(filter.matches(kCart.facts()));
  filter.min_latency_ns = 2'000'001;
  EXPECT_FALSE(filter.matches(kCart.facts()));
}

TEST(Filter, AConditionOnAMissingHalfDoesNotHold) {
  Exchange only_request = kCart;
  only_request.response.reset();
  Exchange only_response = kCart;
  only_response.request.reset();
  EXPECT_TRUE(Filter{.methods = {"GET"}}.matches(only_request.facts()));
  EXPECT_FALSE(Filter{.statuses = {"404"}}.matches(only_request.facts()));
  EXPECT_TRUE(Filter{.statuses = {"404"}}.matches(only_response.facts()));
  EXPECT_FALSE(Filter{.paths = {"/"}}.matches(only_response.facts()));
  EXPECT_FALSE(Filter{.min_latency_ns = 1}.matches(only_request.facts()));
}

TEST(Filter, DurationsAreReadInTheUnitsPeopleWrite) {
  EXPECT_EQ(parse_duration_ns("100ms").value(), 100'000'000u);
  EXPECT_EQ(parse_duration_ns("1.5s").value(), 1'500'000'000u);
  EXPECT_EQ(parse_duration_ns("300us").value(), 300'000u);
  EXPECT_EQ(parse_duration_ns("20").value(), 20'000'000u);
  for (const char* text : {"", "ms", "-1s", "1h", "nan", "1e99s", "5 s"})
    EXPECT_FALSE(parse_duration_ns(text)) << text;
}

} // namespace
} // namespace xdpcap::consume
