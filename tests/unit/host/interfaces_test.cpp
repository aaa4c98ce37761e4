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
  const auto loopback = std::find_if(interfaces->begin(), interfaces->end(),
                                     [](const Interface& i) { return i.loopback; });
  ASSERT_NE(loopback, interfaces->end());
  EXPECT_EQ(loopback->name, "lo");
  EXPECT_EQ(loopback->index, 1U);
  EXPECT_TRUE(loopback->ethernet);
  EXPECT_GT(loopback->mtu, 0U);
}

TEST(Interfaces, AreInTheOrderOfTheirIndex) {
  const auto interfaces = list_interfaces();
  ASSERT_TRUE(interfaces.ok());
  EXPECT_TRUE(
      std::is_sorted(interfaces->begin(), interfaces->end(),
                     [](const Interface& a, const Interface& b) { return a.index < b.index; }));
}

Interface ethernet(const char* name, bool up, bool running) {
  Interface interface;
  interface.name = name;
  interface.up = up;
  interface.running = running;
  interface.ethernet = true;
  interface.mtu = 1500;
  return interface;
}

TEST(Interfaces, AreDescribedInOneLine) {
  Interface busy = ethernet("eth0", true, true);
  busy.addresses = {"192.0.2.1", "2001:db8::1"};
  EXPECT_EQ(describe(busy), "eth0             up, running  mtu 1500  192.0.2.1  2001:db8::1");
  Interface tunnel = ethernet("wg0", true, true);
  tunnel.ethernet = false;
  EXPECT_THAT(describe(tunnel), HasSubstr("cannot be captured"));
  EXPECT_THAT(describe(ethernet("eth1", false, false)), HasSubstr("down"));
  EXPECT_THAT(describe(ethernet("eth1", true, false)), HasSubstr("no link"));
}

} // namespace
} // namespace xdpcap::host
