#include "host/interfaces.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace xdpcap::host {
namespace {

using testing::HasSubstr;

TEST(Interfaces, ListsTheLoopbackThatEveryHostHas) {
  const auto interfaces = list_interfaces();
  ASSERT_TRUE(interfaces.ok());
  const auto loopback =
      std::find_if(interfaces->begin(), interfaces->end(), [](const Interface& i) { return i.loopback; });
  ASSERT_NE(loopback, interfaces->end());
  EXPECT_EQ(loopback->name, "lo");
  EXPECT_EQ(loopback->index, 1U);
  EXPECT_TRUE(loopback->ethernet);
  EXPECT_GT(loopback->mtu, 0U);
}

TEST(Interfaces, AreInTheOrderOfTheirIndex) {
  const auto interfaces = list_interfaces();
  ASSERT_TRUE(interfaces.ok());
  EXPECT_TRUE(std::is_sorted(interfaces->begin(), interfaces->end(),
                             [](const Interface& a, const Interface& b) { return a.index < b.index; }));
}

TEST(Interfaces, AreDescribedInOneLine) {
  EXPECT_EQ(describe({.index = 2,
                      .name = "eth0",
                      .up = true,
                      .running = true,
                      .ethernet = true,
                      .mtu = 1500,
                      .addresses = {"192.0.2.1", "2001:db8::1"}}),
            "eth0             up, running  mtu 1500  192.0.2.1  2001:db8::1");
  EXPECT_THAT(describe({.index = 3, .name = "wg0", .up = true, .running = true, .mtu = 1420}),
              HasSubstr("cannot be captured"));
  EXPECT_THAT(describe({.index = 4, .name = "eth1", .ethernet = true, .mtu = 1500}), HasSubstr("down"));
  EXPECT_THAT(describe({.index = 4, .name = "eth1", .up = true, .ethernet = true, .mtu = 1500}), HasSubstr("no link"));
}

} // namespace
} // namespace xdpcap::host
