#include "wire/filter.hpp"

#include <gtest/gtest.h>

#include "wire/format_address.hpp"

namespace xdpcap::wire {
namespace {

FlowKey key(std::string_view low, std::string_view high) {
  return {parse_endpoint(low).value(), parse_endpoint(high).value()};
}
Network network(std::string_view text) {
  return parse_network(text).value();
}

TEST(Filter, WithoutListsWantsEverything) {
  EXPECT_TRUE(Filter().wants(key("10.0.0.1:1", "[::1]:2")));
}

TEST(Filter, WantsAHostAtEitherEnd) {
  Filter filter;
  filter.add_host(network("10.1.0.0/16"));
  EXPECT_TRUE(filter.wants(key("10.1.2.3:1", "10.2.0.1:2")));
  EXPECT_TRUE(filter.wants(key("10.0.2.3:1", "10.1.255.255:2")));
  EXPECT_FALSE(filter.wants(key("10.0.2.3:1", "10.2.0.1:2")));
  EXPECT_FALSE(filter.wants(key("[::1]:1", "[2001:db8::1]:2")));
}

TEST(Filter, WantsAPortAtEitherEnd) {
  Filter filter;
  filter.add_port(80);
  filter.add_port(65535);
  filter.add_port(80);
  EXPECT_EQ(filter.ports().size(), 2U);
  EXPECT_TRUE(filter.wants(key("10.0.0.1:1", "10.0.0.2:80")));
  EXPECT_TRUE(filter.wants(key("10.0.0.1:65535", "10.0.0.2:1")));
  EXPECT_FALSE(filter.wants(key("10.0.0.1:81", "10.0.0.2:8080")));
}

TEST(Filter, WantsBothListsFulfilled) {
  Filter filter;
  filter.add_host(network("10.0.0.1"));
  filter.add_port(80);
  EXPECT_TRUE(filter.wants(key("10.0.0.1:1", "10.0.0.2:80")));
  EXPECT_FALSE(filter.wants(key("10.0.0.1:1", "10.0.0.2:81")));
  EXPECT_FALSE(filter.wants(key("10.0.0.3:1", "10.0.0.2:80")));
}

TEST(Network, ContainsWhatItsPrefixSays) {
  EXPECT_TRUE(network("10.0.0.128/25").contains(*parse_address("10.0.0.129")));
  EXPECT_FALSE(network("10.0.0.128/25").contains(*parse_address("10.0.0.127")));
  EXPECT_TRUE(network("0.0.0.0/0").contains(*parse_address("255.1.2.3")));
  EXPECT_FALSE(network("0.0.0.0/0").contains(*parse_address("2001:db8::1")))
      << "all of IPv4, and only that";
  EXPECT_TRUE(network("::/0").contains(*parse_address("2001:db8::1")));
  EXPECT_FALSE(network("::/0").contains(*parse_address("10.0.0.1")));
  EXPECT_TRUE(network("2001:db8:8000::/33").contains(*parse_address("2001:db8:ffff::1")));
  EXPECT_FALSE(network("2001:db8:8000::/33").contains(*parse_address("2001:db8:7fff::1")));
  EXPECT_TRUE(network("2001:db8::1").contains(*parse_address("2001:db8::1")));
  EXPECT_FALSE(network("2001:db8::1").contains(*parse_address("2001:db8::2")));
}

TEST(Network, ForgetsTheBitsBehindItsPrefix) {
  EXPECT_EQ(network("10.1.2.3/8"), network("10.0.0.0/8"));
}

TEST(Network, ThatIsNoneSaysHowToWriteOne) {
  for (const char* wrong :
       {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10/8", "::/129", "example.org", "/8"}) {
    const auto parsed = parse_network(wrong);
    ASSERT_FALSE(parsed.ok()) << wrong;
    EXPECT_EQ(parsed.error().code, ExitCode::usage);
    EXPECT_NE(parsed.error().message.find("10.0.0.0/8"), std::string::npos);
  }
}

} // namespace
} // namespace xdpcap::wire
