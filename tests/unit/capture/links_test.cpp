#include "capture/nic/links.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "capture/nic/nic.hpp"

namespace xdpcap::capture {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

Link link(unsigned index, const std::string& name, const std::string& kind = "") {
  Link made;
  made.index = index;
  made.name = name;
  made.kind = kind;
  return made;
}

std::vector<std::string> names_above(const std::vector<Link>& links, const std::string& name) {
  std::vector<std::string> names;
  for (const Link& one : with_everything_above(links, *find_link(links, name)))
    names.push_back(one.name);
  return names;
}

TEST(Links, AnInterfaceAloneCarriesOnlyItself) {
  EXPECT_THAT(names_above({link(1, "lo"), link(2, "eth0")}, "eth0"), ElementsAre("eth0"));
}

TEST(Links, AVlanOnABridgeOfABondIsCarriedByTheBondsPorts) {
  std::vector<Link> links{link(1, "lo"),
                          link(2, "eth0"),
                          link(3, "bond0", "bond"),
                          link(4, "br0", "bridge"),
                          link(5, "br0.7", "vlan"),
                          link(6, "eth1")};
  links[1].master = 3;
  links[2].master = 4;
  links[4].below = 4;
  EXPECT_THAT(names_above(links, "eth0"), UnorderedElementsAre("eth0", "bond0", "br0", "br0.7"));
  EXPECT_THAT(names_above(links, "eth1"), ElementsAre("eth1"));
}

TEST(Links, ThePeerOfAVethDoesNotSitOnIt) {
  std::vector<Link> links{link(2, "veth0", "veth"), link(3, "veth1", "veth")};
  links[0].below = 3;
  links[1].below = 2;
  EXPECT_THAT(names_above(links, "veth0"), ElementsAre("veth0"));
}

TEST(Links, TheLoopbackIsFoundAndDescribedByTheKernel) {
  const auto links = all_links();
  ASSERT_TRUE(links.ok());
  const auto loopback = find_link(*links, "lo");
  ASSERT_TRUE(loopback.has_value());
  EXPECT_EQ(loopback->index, 1U);
  EXPECT_GT(loopback->mtu, 0U);
}

TEST(Nics, AnUnknownNameIsAnsweredWithTheKnownOnes) {
  const auto nic = inspect_nic("nowhere0");
  ASSERT_FALSE(nic.ok());
  EXPECT_EQ(nic.error().code, ExitCode::environment);
  EXPECT_THAT(nic.error().message, HasSubstr("there is no interface nowhere0; this host has: "));
  EXPECT_THAT(nic.error().message, HasSubstr("lo"));
}

} // namespace
} // namespace xdpcap::capture
