#include "decoding.hpp"

namespace xdpcap::test {

namespace {

std::vector<Sample> samples_of_links() {
  return {
      {"Ethernet", with_request(eth())},
      {"Ethernet, IPv6", with_request_v6(eth())},
      {"one VLAN tag", with_request(eth().vlan(7))},
      {"a priority tag", with_request(eth().vlan(0))},
      {"802.1ad and 802.1Q tags", with_request(eth().vlan(7, 0x88a8).vlan(8))},
      {"three tags", with_request(eth().vlan(7, 0x9100).vlan(8).vlan(9))},
      {"a tag, IPv6", with_request_v6(eth().vlan(7))},
      {"LLC and SNAP", with_request(eth().snap())},
      {"cooked capture", with_request(sll())},
      {"cooked capture, IPv6", with_request_v6(sll())},
      {"cooked capture, tagged", with_request(sll().vlan(7))},
      {"cooked capture 2", with_request(sll2())},
      {"raw IPv4", with_request(raw())},
      {"raw IPv6", with_request_v6(raw())},
      {"BSD loopback", with_request(null())},
      {"BSD loopback, IPv6", with_request_v6(null())},
      {"OpenBSD loopback", with_request(loop())},
      {"PPP", with_request(link(wire::LinkType::ppp).bytes({0xff, 0x03, 0x00, 0x21}))},
      {"PPP, compressed", with_request(link(wire::LinkType::ppp).bytes({0x21}))},
      {"Cisco HDLC", with_request(link(wire::LinkType::cisco_hdlc).bytes({0x0f, 0, 0x08, 0x00}))},
      {"802.11 data frame", with_request(link(wire::LinkType::ieee802_11)
                                             .bytes({0x08, 0x01, 0, 0, 1, 2, 3, 4, 5, 6, 1, 2,
                                                     3,    4,    5, 7, 1, 2, 3, 4, 5, 8, 0, 0})
                                             .bytes({0xaa, 0xaa, 3, 0, 0, 0, 8, 0}))},
      {"radiotap and a quality field",
       with_request(link(wire::LinkType::radiotap)
                        .bytes({0, 0, 9, 0, 0, 0, 0, 0, 0xff})
                        .bytes({0x88, 0x01, 0, 0, 1, 2, 3, 4, 5, 6, 1, 2, 3,
                                4,    5,    7, 1, 2, 3, 4, 5, 8, 0, 0, 0, 0})
                        .bytes({0xaa, 0xaa, 3, 0, 0, 0, 8, 0}))},
      {"netfilter log",
       with_request(link(wire::LinkType::nflog)
                        .bytes({2, 0, 0, 0})
                        .bytes({5, 0, 10, 0, 0, 0, 0, 0})
                        .bytes({static_cast<std::uint8_t>(4 + 40 + request.size()), 0, 9, 0}))},
  };
}

std::vector<Sample> samples_of_networks() {
  return {
      {"IPv4 options", eth()
                           .ipv4("10.0.0.1", "10.0.0.2")
                           .ip_options({7, 7, 4, 0, 0, 0, 0})
                           .tcp(1234, 80)
                           .seq(100)
                           .payload(request)},
      {"IPv6 extension headers", eth()
                                     .ipv6("2001:db8::1", "2001:db8::2")
                                     .extension(0)
                                     .extension(60, {1, 4, 0, 0, 0, 0})
                                     .extension(43)
                                     .authentication()
                                     .extension(135)
                                     .tcp(1234, 80)
                                     .seq(100)
                                     .payload(request)},
      {"an atomic IPv6 fragment", eth()
                                      .ipv6("2001:db8::1", "2001:db8::2")
                                      .fragment(0, false, 9)
                                      .tcp(1234, 80)
                                      .seq(100)
                                      .payload(request)},
      {"TCP options", eth()
                          .ipv4("10.0.0.1", "10.0.0.2")
                          .tcp(1234, 80)
                          .seq(100)
                          .mss(1460)
                          .sack_permitted()
                          .timestamps(1, 2)
                          .window_scale(7)
                          .payload(request)},
  };
}

std::vector<Sample> samples_of_tunnels() {
  const Packet outer = eth().ipv4("172.16.0.1", "172.16.0.2");
  const Packet outer_v6 = eth().ipv6("fd00::1", "fd00::2");
  return {
      {"GRE", with_request(outer.gre())},
      {"GRE with all fields", with_request(outer.gre().gre_checksum().gre_key(5).gre_sequence(6))},
      {"GRE, Ethernet", with_request(outer.gre().gre_key(1).eth().vlan(3))},
      {"GRE over IPv6", with_request(outer_v6.gre())},
      {"GRE over UDP", with_request(outer.udp(40000, 4754).gre())},
      {"PPTP", with_request(outer.protocol(47)
                                .bytes({0x30, 0x01, 0x88, 0x0b, 0,
                                        static_cast<std::uint8_t>(44 + request.size())})
                                .bytes({0, 1, 0, 0, 0, 1, 0xff, 0x03, 0x00, 0x21}))},
      {"ERSPAN I", with_request(outer.erspan1())},
      {"ERSPAN II", with_request(outer.erspan2())},
      {"ERSPAN III", with_request(outer.erspan3())},
      {"ERSPAN III with a platform header", with_request(outer.erspan3(true))},
      {"IPv4 in IPv4", with_request(outer)},
      {"IPv6 in IPv4", with_request_v6(outer)},
      {"IPv4 in IPv6", with_request(outer_v6)},
      {"EtherIP", with_request(outer.protocol(97).bytes({0x30, 0}).eth())},
      {"VXLAN", with_request(outer.udp(40000, 4789).vxlan(7).eth())},
      {"VXLAN as Linux used it", with_request(outer.udp(40000, 8472).vxlan(7).eth().vlan(5))},
      {"VXLAN over IPv6, IPv6 inside", with_request_v6(outer_v6.udp(40000, 4789).vxlan(7).eth())},
      {"VXLAN-GPE, IPv4", with_request(outer.udp(40000, 4790).vxlan_gpe(7))},
      {"VXLAN-GPE, Ethernet", with_request(outer.udp(40000, 4790).vxlan_gpe(7).eth())},
      {"VXLAN-GPE, NSH", with_request(outer.udp(40000, 4790).vxlan_gpe(7).nsh().eth())},
      {"GENEVE", with_request(outer.udp(40000, 6081).geneve(7).eth())},
      {"GENEVE with options, IPv4",
       with_request(outer.udp(40000, 6081).geneve(7, {0, 1, 2, 1, 9, 9, 9, 9}))},
      {"GTP-U", with_request(outer.udp(2152, 2152).gtp_u(7))},
      {"Teredo", with_request_v6(outer.udp(40000, 3544)
                                     .bytes({0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0})
                                     .bytes({0, 0, 1, 2, 3, 4, 5, 6}))},
      {"MPLS", with_request(eth().mpls(16).mpls(17))},
      {"MPLS, IPv6", with_request_v6(eth().mpls(16))},
      {"MPLS pseudowire with a control word",
       with_request(eth().mpls(16).bytes({0, 0, 0, 0}).eth())},
      {"MPLS pseudowire without", with_request(eth().mpls(16).eth())},
      {"MPLS over UDP", with_request(outer.udp(40000, 6635).mpls(16))},
      {"MPLS in IP", with_request(outer.mpls(16))},
      {"PPPoE", with_request(eth().pppoe(3))},
      {"PPPoE, IPv6, tagged", with_request_v6(eth().vlan(2).pppoe(3))},
      {"PPPoE as a link", with_request(link(wire::LinkType::pppoe).pppoe(3))},
      {"MAC in MAC", with_request(eth().ether_type(0x88e7).bytes({0, 0, 0, 1}).eth())},
      {"NSH", with_request(eth().nsh())},
      {"a tunnel in a tunnel",
       with_request(outer.udp(1, 4789).vxlan(7).eth().ipv4("192.168.0.1", "192.168.0.2").gre())},
  };
}

} // namespace

std::vector<Sample> samples() {
  std::vector<Sample> all = samples_of_links();
  for (Sample& sample : samples_of_networks()) all.push_back(std::move(sample));
  for (Sample& sample : samples_of_tunnels()) all.push_back(std::move(sample));
  return all;
}

} // namespace xdpcap::test
