// The host and port filters, and the actions of the XDP program.
#include <initializer_list>
#include <string_view>

#include "program_run.hpp"

namespace xdpcap::test {
namespace {

wire::Filter hosts(std::initializer_list<std::string_view> ranges) {
  wire::Filter filter;
  for (const std::string_view range : ranges) filter.add_host(wire::parse_network(range).value());
  return filter;
}

wire::Filter ports(std::initializer_list<std::uint16_t> numbers) {
  wire::Filter filter;
  for (const std::uint16_t number : numbers) filter.add_port(number);
  return filter;
}

using Filters = ProgramTest;

TEST_F(Filters, AHostRangeMatchesEitherEnd) {
  Programs programs(hosts({"10.1.0.0/16", "192.168.0.7", "2001:db8:1::/48"}));
  const auto v4 = [&](const char* from, const char* to) {
    return programs.verdict(eth().ipv4(from, to).tcp(1234, 80));
  };
  const auto v6 = [&](const char* from, const char* to) {
    return programs.verdict(eth().ipv6(from, to).tcp(1234, 80));
  };
  EXPECT_EQ(v4("10.1.2.3", "172.16.0.1"), "selected");
  EXPECT_EQ(v4("172.16.0.1", "10.1.255.255"), "selected");
  EXPECT_EQ(v4("172.16.0.1", "10.2.0.0"), "filtered");
  EXPECT_EQ(v4("192.168.0.7", "172.16.0.1"), "selected");
  EXPECT_EQ(v4("192.168.0.6", "192.168.0.8"), "filtered");
  EXPECT_EQ(v6("2001:db8:1:ffff::1", "2001:db8:2::1"), "selected");
  EXPECT_EQ(v6("2001:db8:3::1", "2001:db8:2::1"), "filtered");
}

TEST_F(Filters, AnIpv4RangeSaysNothingAboutIpv6) {
  Programs programs(hosts({"0.0.0.0/0"}));
  EXPECT_EQ(programs.verdict(eth().ipv4("10.1.2.3", "172.16.0.1").tcp(1234, 80)), "selected");
  EXPECT_EQ(programs.verdict(eth().ipv6("2001:db8::1", "2001:db8::2").tcp(1234, 80)), "filtered");
}

TEST_F(Filters, APortMatchesEitherEnd) {
  Programs programs(ports({80, 8080, 65535, 0}));
  const auto verdict = [&](std::uint16_t from, std::uint16_t to) {
    return programs.verdict(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(from, to));
  };
  EXPECT_EQ(verdict(1234, 80), "selected");
  EXPECT_EQ(verdict(8080, 1234), "selected");
  EXPECT_EQ(verdict(1, 65535), "selected");
  EXPECT_EQ(verdict(0, 1), "selected");
  EXPECT_EQ(verdict(1234, 81), "filtered");
  EXPECT_EQ(verdict(79, 8081), "filtered");
}

TEST_F(Filters, HostAndPortMustBothMatch) {
  wire::Filter filter = hosts({"10.0.0.0/24"});
  filter.add_port(80);
  Programs programs(filter);
  EXPECT_EQ(programs.verdict(eth().ipv4("10.0.0.1", "10.9.0.2").tcp(1234, 80)), "selected");
  EXPECT_EQ(programs.verdict(eth().ipv4("10.0.0.1", "10.9.0.2").tcp(1234, 81)), "filtered");
  EXPECT_EQ(programs.verdict(eth().ipv4("10.9.0.1", "10.9.0.2").tcp(1234, 80)), "filtered");
}

TEST_F(Filters, OfAFragmentedPacketTheFirstGoesByItsPortAndTheRestByTheirHosts) {
  wire::Filter filter = hosts({"10.0.0.1"});
  filter.add_port(80);
  Programs programs(filter);
  const Packet ours = eth().ipv4("10.0.0.1", "10.0.0.2"),
               others = eth().ipv4("10.0.0.3", "10.0.0.2");
  EXPECT_EQ(programs.verdict(ours.fragment(0, true, 5).tcp(1234, 80).payload("abcd")), "selected");
  EXPECT_EQ(programs.verdict(ours.fragment(0, true, 5).tcp(1234, 81).payload("abcd")), "filtered");
  EXPECT_EQ(programs.verdict(ours.fragment(24, false, 5).protocol(6).payload("abcdefgh")),
            "selected");
  EXPECT_EQ(programs.verdict(others.fragment(24, false, 5).protocol(6).payload("abcdefgh")),
            "filtered");
}

TEST_F(Filters, ATunnelIsNeverFilteredByItsOuterAddresses) {
  wire::Filter filter = hosts({"192.168.0.0/16"});
  filter.add_port(80);
  Programs programs(filter);
  EXPECT_EQ(
      programs.verdict(
          eth().ipv4("10.0.0.1", "10.0.0.2").gre().ipv4("192.168.0.1", "192.168.0.2").tcp(1, 80)),
      "selected");
}

TEST_F(Filters, UdpGoesByThemWhereItIsAskedFor) {
  wire::Filter filter = hosts({"10.0.0.0/24"});
  filter.add_port(53);
  Programs programs(filter, true, true);
  EXPECT_EQ(programs.verdict(eth().ipv4("10.0.0.1", "10.9.0.2").udp(1234, 53).payload("q")),
            "selected");
  EXPECT_EQ(programs.verdict(eth().ipv4("10.0.0.1", "10.9.0.2").udp(1234, 54).payload("q")),
            "filtered");
  EXPECT_EQ(programs.verdict(eth().ipv4("10.9.0.1", "10.9.0.2").udp(1234, 53).payload("q")),
            "filtered");
  // What may be a tunnel's is not kept away; where nobody opens tunnels it goes by its hosts.
  const Packet later =
      eth().ipv4("10.9.0.1", "10.9.0.2").fragment(24, false, 5).protocol(17).payload("abcdefgh");
  EXPECT_EQ(programs.verdict(later), "selected");
  EXPECT_EQ(Programs(filter, false, true).verdict(later), "filtered");
}

TEST_F(Filters, OnAMirrorPortTheKernelGetsTheRestAndInATapNobodyDoes) {
  const Buffer udp = eth().ipv4("10.0.0.1", "10.0.0.2").udp(1234, 53).payload("question").bytes();
  const Buffer tcp = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 80).bytes();
  auto port = capture::XdpProgram::load({.miss = capture::MissAction::pass}, {}).value();
  auto tap =
      capture::XdpProgram::load({.miss = capture::MissAction::drop, .select = false}, {}).value();
  EXPECT_EQ(run_once(port.program_fd(), udp), XDP_PASS);
  EXPECT_EQ(run_once(port.program_fd(), tcp), XDP_PASS) << "there is no socket";
  EXPECT_EQ(run_once(tap.program_fd(), udp), XDP_DROP);
  EXPECT_EQ(run_once(tap.program_fd(), tcp), XDP_DROP);
  EXPECT_EQ(tap.counts().at(0).no_socket, 2U) << "in a tap everything was selected before";
}

TEST_F(Filters, AFullListOfHostsFitsAndOneMoreIsRefused) {
  wire::Filter filter;
  for (unsigned i = 0; i < 1024; ++i) {
    filter.add_host(wire::parse_network("10." + std::to_string(i / 256) + "." +
                                        std::to_string(i % 256) + ".0/24")
                        .value());
  }
  EXPECT_TRUE(capture::XdpProgram::load({}, filter).ok());
  filter.add_host(wire::parse_network("192.0.2.1").value());
  const auto refused = capture::XdpProgram::load({}, filter);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ExitCode::usage);
  EXPECT_EQ(refused.error().message, "1025 host ranges are given; the kernel side takes 1024");
}

} // namespace
} // namespace xdpcap::test
