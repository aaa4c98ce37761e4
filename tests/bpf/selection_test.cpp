// What both programs make of packets: which are TCP, which may carry it, which are neither.
#include <ostream>
#include <string>
#include <vector>

#include "program_run.hpp"

namespace xdpcap::test {
namespace {

struct Case {
  std::string message;
  Packet packet;
  std::string verdict;
};

const Packet kV4 = eth().ipv4("10.0.0.1", "10.0.0.2");
const Packet kV6 = eth().ipv6("2001:db8::1", "2001:db8::2");

std::vector<Case> cases() {
  return {
      {"TCP over IPv4", kV4.tcp(1234, 80), "selected"},
      {"TCP over IPv6", kV6.tcp(1234, 80), "selected"},
      {"in a VLAN", eth().vlan(7).ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 80), "selected"},
      {"in two VLANs",
       eth().vlan(7, 0x88a8).vlan(8).ipv6("2001:db8::1", "2001:db8::2").tcp(1234, 80), "selected"},
      {"in old QinQ", eth().vlan(7, 0x9100).vlan(8).ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 80),
       "selected"},
      {"in four VLANs",
       eth().vlan(1).vlan(2).vlan(3).vlan(4).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2), "selected"},
      {"in more VLANs than are read",
       eth().vlan(1).vlan(2).vlan(3).vlan(4).vlan(5).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2),
       "selected"}, // user space looks
      {"IPv4 with options", kV4.ip_options({0x94, 4, 0, 0, 1, 1, 1, 1}).tcp(1234, 80), "selected"},
      {"IPv6 with a hop-by-hop header", kV6.extension(0).tcp(1234, 80), "selected"},
      {"IPv6 with a chain of headers",
       kV6.extension(0).extension(43).extension(60).authentication().tcp(1, 2), "selected"},
      {"IPv6 with a long header",
       kV6.extension(60, {1, 22, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
           .tcp(1, 2),
       "selected"},
      {"an atomic fragment", kV6.fragment(0, false, 9).tcp(1234, 80), "selected"},
      {"a first fragment", kV4.fragment(0, true, 9).tcp(1234, 80).payload("abcdefgh"), "selected"},
      {"a later fragment", kV4.fragment(64, false, 9).protocol(6).payload("abcdefgh"), "selected"},
      {"a first IPv6 fragment", kV6.fragment(0, true, 9).tcp(1234, 80).payload("abcdefgh"),
       "selected"},

      {"UDP", kV4.udp(1234, 53).payload("question"), "not TCP"},
      {"UDP over IPv6", kV6.udp(1234, 53).payload("question"), "not TCP"},
      {"ICMP", kV4.protocol(1).payload("a ping"), "not TCP"},
      {"IPv6 without a next header", kV6.protocol(59), "not TCP"},
      {"ESP, which nobody can read", kV4.protocol(50).payload("a secret"), "not TCP"},
      {"ARP", eth().ether_type(0x0806).payload("who has 10.0.0.1?, tell 10.0.0.2"), "not IP"},
      {"LLDP", eth().ether_type(0x88cc).payload("a neighbour says hello"), "not IP"},
      {"an 802.3 length", eth().ether_type(40).payload("spanning tree"), "not IP"},

      {"IPv4 that says version 5",
       eth().ether_type(0x0800).payload("\x55 is not 0x45, and long enough"), "malformed"},
      {"IPv4 whose header is 16 bytes",
       eth().ether_type(0x0800).payload("\x44 is not 0x45, and long enough"), "malformed"},
      {"IPv6 that says version 4",
       eth().ether_type(0x86dd).payload("\x45 is not 0x60, and it is long enough....."),
       "malformed"},
  };
}

std::vector<Case> tunnels() {
  const auto inner = [](const Packet& outer) {
    return outer.ipv4("192.168.0.1", "192.168.0.2").tcp(1234, 80);
  };
  return {
      {"GRE", inner(kV4.gre()), "selected"},
      {"ERSPAN", inner(kV4.erspan2().eth()), "selected"},
      {"VXLAN", inner(kV4.udp(40000, 4789).vxlan(5).eth()), "selected"},
      {"VXLAN on the port Linux used first", inner(kV4.udp(40000, 8472).vxlan(5).eth()),
       "selected"},
      {"GENEVE", inner(kV6.udp(40000, 6081).geneve(5).eth()), "selected"},
      {"GTP-U", inner(kV4.udp(2152, 2152).gtp_u(5)), "selected"},
      {"IP in IP", inner(kV4), "selected"},
      {"IPv6 in IPv4", kV4.ipv6("2001:db8::1", "2001:db8::2").tcp(1, 2), "selected"},
      {"IPv4 in IPv6", inner(kV6), "selected"},
      {"MPLS", inner(eth().mpls(16)), "selected"},
      {"PPP over Ethernet", inner(eth().pppoe(3)), "selected"},
      {"a later fragment of UDP", kV4.fragment(64, false, 9).protocol(17).payload("abcdefgh"),
       "selected"},
  };
}

using Selection = ProgramTest;

TEST_F(Selection, PutsEachPacketIntoTheOneBucketThatFits) {
  Programs programs;
  for (const Case& one : cases())
    EXPECT_EQ(programs.verdict(one.packet), one.verdict) << one.message;
}

TEST_F(Selection, TakesTunnelsThatMayCarryTcp) {
  Programs programs;
  for (const Case& one : tunnels())
    EXPECT_EQ(programs.verdict(one.packet), one.verdict) << one.message;
}

TEST_F(Selection, LeavesTunnelsAloneWhenTheyAreSwitchedOff) {
  Programs programs({}, false);
  for (const Case& one : tunnels())
    EXPECT_EQ(programs.verdict(one.packet), "not TCP") << one.message;
  for (const Case& one : cases()) {
    EXPECT_EQ(programs.verdict(one.packet), one.verdict) << one.message;
  }
}

TEST_F(Selection, TakesUdpWhereItIsAskedFor) {
  Programs programs({}, true, true), without_tunnels({}, false, true);
  const Packet v4 = kV4.udp(1234, 53).payload("question"),
               v6 = kV6.extension(60).udp(53, 1234).payload("answer");
  const Packet first = kV4.fragment(0, true, 9).udp(1234, 53).payload("abcdefgh");
  const Packet later = kV4.fragment(64, false, 9).protocol(17).payload("abcdefgh");
  for (const Packet& packet : {v4, v6, first, later, kV4.tcp(1, 2)}) {
    EXPECT_EQ(programs.verdict(packet), "selected");
    EXPECT_EQ(without_tunnels.verdict(packet), "selected");
  }
  EXPECT_EQ(programs.verdict(kV4.protocol(1).payload("a ping")), "not TCP");
  EXPECT_EQ(programs.xdp_verdict(kV4.udp(1, 2).cut(14 + 20 + 7).bytes()), "malformed");
  EXPECT_EQ(without_tunnels.verdict(
                kV4.udp(40000, 4789).vxlan(5).eth().ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2)),
            "not TCP");
}

// Cut anywhere before the end of the TCP header a frame is malformed. The kernel
// runs no tc program on a frame without a whole IP header, so tc starts behind it.
TEST_F(Selection, NeverReadsPastTheEndOfAFrame) {
  Programs programs;
  constexpr std::size_t kEthernet = 14, kTwoVlansAndIpv6 = 14 + 2 * 4 + 40;
  const std::vector<Packet> whole{
      kV4.ip_options({1, 1, 1, 1}).tcp(1234, 80),
      kV6.extension(0).extension(60).tcp(1234, 80),
      eth()
          .vlan(7)
          .vlan(8)
          .ipv6("2001:db8::1", "2001:db8::2")
          .fragment(0, false, 1)
          .authentication()
          .tcp(1234, 80),
  };
  for (const Packet& packet : whole) {
    const std::size_t length = packet.bytes().size();
    ASSERT_EQ(programs.verdict(packet), "selected");
    for (std::size_t cut = kEthernet; cut < length; ++cut) {
      EXPECT_EQ(programs.xdp_verdict(packet.cut(cut).bytes()), "malformed")
          << "cut to " << cut << " of " << length;
    }
    for (std::size_t cut = kTwoVlansAndIpv6; cut < length; ++cut) {
      EXPECT_EQ(programs.tap_verdict(packet.cut(cut).bytes()), "malformed")
          << "cut to " << cut << " of " << length;
    }
  }
}

} // namespace
} // namespace xdpcap::test
