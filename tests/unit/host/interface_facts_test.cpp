#include "host/interface_facts.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>

#include "unit/host/netlink_bytes.hpp"

namespace xdpcap::host::test {
namespace {

using ::testing::ElementsAre;

ifinfomsg link(int index, unsigned flags) {
  ifinfomsg about{};
  about.ifi_index = index;
  about.ifi_flags = flags;
  return about;
}

class Facts : public ::testing::Test {
 protected:
  void add_address(unsigned index, int family, std::uint16_t type, const char* text) {
    ifaddrmsg about{};
    about.ifa_family = static_cast<std::uint8_t>(family);
    about.ifa_index = index;
    std::array<char, 16> bytes{};
    ::inet_pton(family, text, bytes.data());
    NetlinkBytes message(RTM_NEWADDR, about);
    message.bytes(type, {bytes.data(), family == AF_INET ? std::size_t{4} : std::size_t{16}});
    read_address(message.message(), interfaces_);
  }
  std::map<std::uint32_t, InterfaceRecord> interfaces_;
};

TEST_F(Facts, AnInterfaceIsReadFromItsMessages) {
  NetlinkBytes message(RTM_NEWLINK, link(3, IFF_UP | IFF_RUNNING));
  message.bytes(IFLA_IFNAME, std::string_view("eth0\0", 5))
      .attribute(IFLA_MTU, std::uint32_t{9000})
      .bytes(IFLA_ADDRESS, std::string_view("\x02\x00\x00\xab\xcd\xef", 6))
      .nested(IFLA_XDP, [](NetlinkBytes& xdp) {
        xdp.attribute(IFLA_XDP_ATTACHED, std::uint8_t{XDP_ATTACHED_DRV})
            .attribute(IFLA_XDP_PROG_ID, std::uint32_t{17})
            .attribute(IFLA_XDP_DRV_PROG_ID, std::uint32_t{17});
      });
  read_link(message.message(), interfaces_);
  add_address(3, AF_INET, IFA_LOCAL, "192.0.2.1");
  add_address(3, AF_INET6, IFA_ADDRESS, "2001:db8::1");
  add_address(4, AF_INET, IFA_LOCAL, "192.0.2.4"); // of an interface that was not reported

  const InterfaceRecord& found = interfaces_.at(3);
  EXPECT_EQ(found.name, "eth0");
  EXPECT_TRUE(found.up && found.running);
  EXPECT_EQ(found.mtu, 9000U);
  EXPECT_EQ(found.mac, "02:00:00:ab:cd:ef");
  EXPECT_EQ(found.xdp, "native");
  EXPECT_EQ(found.xdp_program, 17U);
  EXPECT_THAT(found.ipv4, ElementsAre("192.0.2.1"));
  EXPECT_THAT(found.ipv6, ElementsAre("2001:db8::1"));
  EXPECT_EQ(interfaces_.size(), 1U);
}

TEST_F(Facts, OfSeveralProgramsTheOneNearestToTheWireIsReported) {
  NetlinkBytes message(RTM_NEWLINK, link(3, 0));
  message.nested(IFLA_XDP, [](NetlinkBytes& xdp) {
    xdp.attribute(IFLA_XDP_ATTACHED, std::uint8_t{XDP_ATTACHED_MULTI})
        .attribute(IFLA_XDP_SKB_PROG_ID, std::uint32_t{5})
        .attribute(IFLA_XDP_DRV_PROG_ID, std::uint32_t{6});
  });
  read_link(message.message(), interfaces_);
  EXPECT_EQ(interfaces_.at(3).xdp, "native");
  EXPECT_EQ(interfaces_.at(3).xdp_program, 6U);
  EXPECT_FALSE(interfaces_.at(3).up);
}

TEST_F(Facts, NoProgramIsNone) {
  NetlinkBytes message(RTM_NEWLINK, link(3, IFF_UP));
  message.nested(IFLA_XDP, [](NetlinkBytes& xdp) {
    xdp.attribute(IFLA_XDP_ATTACHED, std::uint8_t{XDP_ATTACHED_NONE});
  });
  read_link(message.message(), interfaces_);
  EXPECT_EQ(interfaces_.at(3).xdp, "");
}

TEST_F(Facts, AMessageThatIsCutIsNeverReadBeyond) {
  NetlinkBytes message(RTM_NEWLINK, link(3, IFF_UP));
  message.bytes(IFLA_IFNAME, std::string_view("eth0\0", 5))
      .attribute(IFLA_MTU, std::uint32_t{1500});
  for (std::size_t length = sizeof(nlmsghdr); length < message.size(); length += 4) {
    std::vector<char> cut(length);
    std::memcpy(cut.data(), &message.message(length), length);
    interfaces_.clear();
    read_link(*reinterpret_cast<const nlmsghdr*>(cut.data()), interfaces_);
    read_address(*reinterpret_cast<const nlmsghdr*>(cut.data()), interfaces_);
    EXPECT_EQ(interfaces_.size(), length >= sizeof(nlmsghdr) + sizeof(ifinfomsg) ? 1U : 0U);
  }
}

TEST(InterfaceWatch, SeesTheLoopbackThatEveryHostHas) {
  InterfaceWatch watch;
  const auto interfaces = watch.look();
  ASSERT_TRUE(interfaces.ok());
  const auto loopback = std::find_if(interfaces->begin(), interfaces->end(),
                                     [](const InterfaceRecord& one) { return one.name == "lo"; });
  ASSERT_NE(loopback, interfaces->end());
  EXPECT_EQ(loopback->index, 1U);
  EXPECT_GT(loopback->mtu, 0U);
  EXPECT_EQ(loopback->driver, "");
}

} // namespace
} // namespace xdpcap::host::test
