#include "capture/nic/host_use.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if_arp.h>

#include <functional>

namespace xdpcap::capture {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr unsigned kPort = 2, kOther = 3;

Link link(unsigned index, const std::string& name, const std::string& kind = "") {
  Link made;
  made.index = index;
  made.name = name;
  made.kind = kind;
  made.hardware_type = ARPHRD_ETHER;
  return made;
}

// eth0 is busy, eth1 (the port) is connected and nothing else.
HostPicture host_with_an_idle_port() {
  HostPicture host;
  host.links = {link(1, "lo"), link(kPort, "eth1"), link(kOther, "eth0")};
  host.addresses = {{1, "127.0.0.1", false}, {kOther, "192.0.2.1", false}};
  host.routes = {{kOther, "default"}, {kOther, "10.0.0.0/8"}};
  host.next_hops = {kOther};
  host.neighbours = {{kOther, "192.0.2.254"}};
  host.extra_macs = {kOther};
  host.ruled = {"eth0"};
  host.pppoe = {"eth0"};
  host.forwarding = {"eth0"};
  host.programmed = {kOther};
  return host;
}

std::vector<std::string> uses_of_the_port(const HostPicture& host) {
  return uses_of(host, *find_link(host.links, "eth1"));
}

TEST(HostUse, WhatPointsToAnotherInterfaceIsNoUseOfThisOne) {
  EXPECT_THAT(uses_of_the_port(host_with_an_idle_port()), IsEmpty());
}

struct Case {
  std::string clause;
  std::function<void(HostPicture&)> change;
};

// Each alone makes the interface one that is used.
const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"it carries this host's address 10.1.1.1",
       [](auto& h) {
         h.addresses.push_back({kPort, "10.1.1.1", false});
       }},
      {"it carries this host's link-local address fe80::1",
       [](auto& h) {
         h.addresses.push_back({kPort, "fe80::1", true});
       }},
      {"the default route leads through it",
       [](auto& h) {
         h.routes.push_back({kPort, "default"});
       }},
      {"10.89.0.2 is routed through it",
       [](auto& h) {
         h.routes.push_back({kPort, "10.89.0.2"});
       }},
      {"10.0.0.0/8 is routed through it",
       [](auto& h) {
         h.routes.push_back({kPort, "10.0.0.0/8"});
       }},
      {"a next hop of this host's routes is behind it",
       [](auto& h) { h.next_hops.push_back(kPort); }},
      {"this host knows 10.89.0.2 as its neighbour there",
       [](auto& h) {
         h.neighbours.push_back({kPort, "10.89.0.2"});
       }},
      {"it is a port of br0",
       [](auto& h) {
         h.links.push_back(link(4, "br0", "bridge"));
         h.links[1].master = 4;
       }},
      {"eth1.7 sits on it",
       [](auto& h) {
         h.links.push_back(link(4, "eth1.7", "vlan"));
         h.links.back().below = kPort;
       }},
      {"it carries this host's address 10.1.1.1", // of the bridge
       [](auto& h) {
         h.links.push_back(link(4, "br0", "bridge"));
         h.links[1].master = 4;
         h.addresses.push_back({4, "10.1.1.1", false});
       }},
      {"mv0 of another network namespace sits on it",
       [](auto& h) {
         h.elsewhere.push_back(link(9, "mv0", "ipvlan"));
         h.elsewhere.back().below = kPort;
         h.elsewhere.back().below_is_elsewhere = true;
       }},
      {"it receives for further MAC addresses, as under a macvlan",
       [](auto& h) { h.extra_macs.push_back(kPort); }},
      {"a policy rule names it", [](auto& h) { h.ruled.emplace_back("eth1"); }},
      {"a PPPoE session runs over it", [](auto& h) { h.pppoe.emplace_back("eth1"); }},
      {"a program of another (XDP or tc) is attached to it",
       [](auto& h) { h.programmed.push_back(kPort); }},
      {"this host forwards what comes in there",
       [](auto& h) { h.forwarding.emplace_back("eth1"); }},
      {"it is the loopback", [](auto& h) { h.links[1].hardware_type = ARPHRD_LOOPBACK; }},
      {"the kernel does not list this host's routes",
       [](auto& h) { h.unreadable.emplace_back("routes"); }},
  };
  return all;
}

TEST(HostUse, OneThingThatPointsThereIsEnoughAndIsNamed) {
  for (const Case& one : cases()) {
    HostPicture host = host_with_an_idle_port();
    one.change(host);
    const auto uses = uses_of_the_port(host);
    ASSERT_THAT(uses, testing::Not(IsEmpty())) << one.clause;
    EXPECT_EQ(uses.front(), one.clause);
  }
}

TEST(HostUse, APeerOfAVethAndAnInterfaceBelowInAnotherNamespaceAreNothingAbove) {
  HostPicture host = host_with_an_idle_port();
  host.links.push_back(link(4, "veth9", "veth"));
  host.links.back().below = kPort; // a number of the namespace of its peer
  host.links.push_back(link(5, "mv9", "macvlan"));
  host.links.back().below = kPort;
  host.links.back().below_is_elsewhere = true;
  EXPECT_THAT(uses_of_the_port(host), IsEmpty());
}

TEST(HostUse, TheMostTellingComesFirst) {
  HostPicture host = host_with_an_idle_port();
  for (const Case& one : cases()) one.change(host);
  EXPECT_EQ(uses_of_the_port(host).front(), "it carries this host's address 10.1.1.1");
  EXPECT_THAT(uses_of_the_port(host), SizeIs(testing::Ge(10U)));
}

TEST(HostUse, TheKernelListsEverythingOfThisHost) {
  const HostPicture host = look_at_host(1);
  EXPECT_THAT(host.unreadable, IsEmpty());
  EXPECT_THAT(uses_of(host, *find_link(host.links, "lo")), testing::Not(IsEmpty()));
}

} // namespace
} // namespace xdpcap::capture
