#include "wire/udp_datagram.hpp"

#include "decoding.hpp"
#include "wire/filter.hpp"

namespace xdpcap::test {
namespace {

using wire::NoSegment;

class Datagrams : public ::testing::Test {
 protected:
  // "source -> destination: payload" of the packet's datagram.
  std::string decoded(const Packet& packet) {
    const Decoded decoded = decode_(packet);
    if (decoded.ok()) return "a segment";
    if (decoded.error() != NoSegment::udp) return std::string(name_of(decoded.error()));
    const wire::UdpDatagram& datagram = decode_.decoder().datagram();
    return std::string(wire::Text(datagram.source).view()) + " -> " +
           std::string(wire::Text(datagram.destination).view()) + ": " +
           std::string(as_text(datagram.payload));
  }

  Decoding decode_{{.datagrams = true}};
};

const Packet kV4 = eth().ipv4("10.0.0.1", "10.0.0.2");

TEST_F(Datagrams, AreDecodedWithTheirEndsAndBytes) {
  const Packet question = kV4.udp(4000, 53).payload("question");
  EXPECT_EQ(decoded(question), "10.0.0.1:4000 -> 10.0.0.2:53: question");
  EXPECT_EQ(
      decoded(
          eth().ipv6("2001:db8::1", "2001:db8::2").extension(60).udp(53, 4000).payload("answer")),
      "[2001:db8::1]:53 -> [2001:db8::2]:4000: answer");
  EXPECT_EQ(decoded(kV4.udp(4000, 53)), "10.0.0.1:4000 -> 10.0.0.2:53: ");
  ASSERT_EQ(decoded(question.at(instant_from_ns(5)).on_interface(3)),
            "10.0.0.1:4000 -> 10.0.0.2:53: question");
  const wire::UdpDatagram& datagram = decode_.decoder().datagram();
  EXPECT_EQ(datagram.length, 8 + 8);
  EXPECT_EQ(datagram.arrived, instant_from_ns(5));
  EXPECT_EQ(datagram.interface, 3);
  EXPECT_EQ(datagram.wire_length, 14U + 20 + 8 + 8);
  EXPECT_NE(datagram.checksum, 0);
}

TEST_F(Datagrams, AreThoseInsideOfTunnels) {
  EXPECT_EQ(decoded(kV4.gre().ipv4("192.168.0.1", "192.168.0.2").udp(1, 2).payload("in")),
            "192.168.0.1:1 -> 192.168.0.2:2: in");
  EXPECT_EQ(decoded(kV4.udp(40000, 4789)
                        .vxlan(5)
                        .eth()
                        .ipv4("192.168.0.1", "192.168.0.2")
                        .udp(1, 2)
                        .payload("in")),
            "192.168.0.1:1 -> 192.168.0.2:2: in");
  EXPECT_EQ(
      decoded(kV4.udp(40000, 4789).vxlan(5).eth().ipv4("192.168.0.1", "192.168.0.2").tcp(1, 2)),
      "a segment");
  EXPECT_EQ(decoded(kV4.udp(40000, 4789).payload("NO VXLAN")),
            "10.0.0.1:40000 -> 10.0.0.2:4789: NO VXLAN");
}

TEST_F(Datagrams, AreDecodedOnceTheirFragmentsAreTogether) {
  const std::string text = "the quick brown fox jumps over the lazy dog, twice";
  const auto fragments = kV4.udp(4000, 53).payload(text).fragments(16, 7);
  ASSERT_GT(fragments.size(), 3U);
  for (std::size_t i = 0; i + 1 < fragments.size(); ++i)
    EXPECT_EQ(decoded(fragments[i]), "fragment_held");
  EXPECT_EQ(decoded(fragments.back()), "10.0.0.1:4000 -> 10.0.0.2:53: " + text);
}

TEST_F(Datagrams, EndWithTheirLengthOrWhereTheyWereCut) {
  const Packet question = kV4.udp(4000, 53).payload("question");
  EXPECT_EQ(decoded(question.padding(10)), "10.0.0.1:4000 -> 10.0.0.2:53: question");
  EXPECT_EQ(decoded(question.cut(14 + 20 + 8 + 3)), "10.0.0.1:4000 -> 10.0.0.2:53: que");
  EXPECT_EQ(decoded(question.cut(14 + 20 + 7)), "cut_by_snaplen");
  // A length below the header's own says nothing: what the packet holds counts.
  EXPECT_EQ(decoded(kV4.protocol(17).bytes({0, 1, 0, 2, 0, 3, 0, 0}).payload("abc")),
            "10.0.0.1:1 -> 10.0.0.2:2: abc");
}

TEST_F(Datagrams, GoByTheFilterLikeSegments) {
  wire::Filter filter;
  filter.add_host(wire::parse_network("10.0.0.0/24").value());
  filter.add_port(53);
  const auto wanted = [&](const Packet& packet) {
    decoded(packet);
    return filter.wants(decode_.decoder().datagram());
  };
  EXPECT_TRUE(wanted(kV4.udp(4000, 53)));
  EXPECT_TRUE(wanted(kV4.udp(53, 4000)));
  EXPECT_FALSE(wanted(kV4.udp(4000, 54)));
  EXPECT_FALSE(wanted(eth().ipv4("10.1.0.1", "10.1.0.2").udp(4000, 53)));
}

} // namespace
} // namespace xdpcap::test
