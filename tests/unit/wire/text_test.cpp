#include "wire/format_address.hpp"

#include <gtest/gtest.h>

#include <string>

namespace xdpcap::wire {
namespace {

std::string text(const Endpoint& endpoint) {
  return std::string(Text(endpoint).view());
}
std::string text(const Address& address) {
  return std::string(Text(address).view());
}

TEST(Text, OfAnAddressIsTheCanonicalOne) {
  for (const char* canonical :
       {"0.0.0.0", "10.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::1",
        "2001:db8:1:2:3:4:5:6", "fe80::1234:5678:9abc:def0"}) {
    const auto address = parse_address(canonical);
    ASSERT_TRUE(address.has_value()) << canonical;
    EXPECT_EQ(text(*address), canonical);
  }
  EXPECT_EQ(text(*parse_address("2001:DB8:0:0:0:0:0:1")), "2001:db8::1");
  EXPECT_TRUE(parse_address("10.0.0.1")->is_v4());
  EXPECT_FALSE(parse_address("::1")->is_v4());
}

TEST(Text, OfAnEndpointComesBackAsIt) {
  for (const char* endpoint : {"10.0.0.1:80", "255.255.255.255:65535", "[2001:db8::1]:80", "[::]:0",
                               "[1111:2222:3333:4444:5555:6666:7777:8888]:65535"}) {
    const auto parsed = parse_endpoint(endpoint);
    ASSERT_TRUE(parsed.has_value()) << endpoint;
    EXPECT_EQ(text(*parsed), endpoint);
  }
}

TEST(Text, ThatIsNoAddressIsRefused) {
  for (const char* wrong :
       {"", "10.0.0", "10.0.0.256", "10.0.0.1.2", "example.org", "::g", "1:2:3", "10.0.0.1 ",
        "2001:db8::1%eth0", "11111111111111111111111111111111111111111111111111"}) {
    EXPECT_FALSE(parse_address(wrong).has_value()) << wrong;
  }
  for (const char* wrong : {"", ":80", "10.0.0.1", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:-1",
                            "10.0.0.1:80x", "2001:db8::1:80", "[10.0.0.1]:80", "[::1]", "[]:80"}) {
    EXPECT_FALSE(parse_endpoint(wrong).has_value()) << wrong;
  }
}

} // namespace
} // namespace xdpcap::wire
