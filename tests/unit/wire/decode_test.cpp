#include <algorithm>
#include <stdexcept>

#include "decoding.hpp"

namespace xdpcap::test {
namespace {

using wire::DecodeCount;
using wire::NoSegment;
using wire::Tunnel;
using wire::TunnelSet;

Packet sample_named(const std::string& name) {
  for (const Sample& sample : samples()) {
    if (sample.name == name) return sample.packet;
  }
  throw std::invalid_argument("no sample: " + name);
}

TEST(Decode, FindsTheRequestWhateverIsAroundIt) {
  for (const Sample& sample : samples()) {
    SCOPED_TRACE(sample.name);
    Decoding decode({.checksums = wire::ChecksumMode::on});
    const Decoded decoded = decode(sample.packet);
    ASSERT_THAT(decoded, IsSegmentWith(request));
    const bool is_v6 = !decoded->source().address.is_v4();
    EXPECT_EQ(source_of(*decoded), is_v6 ? "[2001:db8::1]:1234" : "10.0.0.1:1234");
    EXPECT_EQ(destination_of(*decoded), is_v6 ? "[2001:db8::2]:80" : "10.0.0.2:80");
    EXPECT_EQ(decoded->seq, (Seq{100}));
    EXPECT_EQ(decoded->cut_by_snaplen, 0U);
  }
}

// What the snap length cut away is named; nothing is made up and nothing read
// behind the end, wherever the cut is.
TEST(Decode, CutByTheSnapLengthAnswersAPrefixAndItsRealLength) {
  for (const Sample& sample : samples()) {
    SCOPED_TRACE(sample.name);
    const std::size_t whole = sample.packet.bytes().size();
    Decoding decode({.checksums = wire::ChecksumMode::on});
    std::size_t segments = 0;
    for (std::size_t length = 0; length < whole; ++length) {
      SCOPED_TRACE(length);
      const Decoded decoded = decode(sample.packet.cut(length));
      if (!decoded.ok()) {
        EXPECT_THAT(decoded, IsRefused(NoSegment::cut_by_snaplen));
        continue;
      }
      ++segments;
      EXPECT_EQ(decoded->seq, (Seq{100}));
      EXPECT_EQ(decoded->length(), request.size());
      EXPECT_TRUE(request.starts_with(as_text(decoded->payload)));
      EXPECT_GT(decoded->cut_by_snaplen, 0U);
    }
    EXPECT_GE(segments, request.size()) << "a cut in the payload does not take the segment away";
    EXPECT_EQ(decode.count(DecodeCount::cut), segments);
  }
}

// A frame that ended early on the wire is another matter: its receiver would
// not have taken it either.
TEST(Decode, AFrameShorterThanItsHeadersSayIsNoSegment) {
  for (const Sample& sample : samples()) {
    SCOPED_TRACE(sample.name);
    Decoding decode;
    const Buffer whole = sample.packet.bytes();
    for (std::size_t length = 0; length < whole.size(); ++length) {
      SCOPED_TRACE(length);
      wire::Frame frame = sample.packet.frame();
      frame.bytes = frame.bytes.first(length);
      frame.wire_length = static_cast<std::uint32_t>(length);
      const Decoded decoded = decode(frame);
      ASSERT_FALSE(decoded.ok());
      EXPECT_NE(decoded.error(), NoSegment::cut_by_snaplen);
    }
  }
}

TEST(Decode, EachTunnelCanBeTurnedOffByName) {
  // Without its tunnel, a sample is refused as such; without the others, it is not.
  const std::vector<std::pair<std::string, std::string>> needs = {
      {"one VLAN tag", "vlan"},
      {"802.1ad and 802.1Q tags", "qinq"},
      {"GRE", "gre"},
      {"PPTP", "pptp"},
      {"ERSPAN II", "erspan"},
      {"IPv4 in IPv4", "ipip"},
      {"IPv6 in IPv4", "ip6in4"},
      {"EtherIP", "etherip"},
      {"VXLAN", "vxlan"},
      {"VXLAN-GPE, IPv4", "vxlan-gpe"},
      {"GENEVE", "geneve"},
      {"GTP-U", "gtp-u"},
      {"Teredo", "teredo"},
      {"MPLS", "mpls"},
      {"PPPoE", "pppoe"},
      {"MAC in MAC", "pbb"},
      {"NSH", "nsh"},
  };
  ASSERT_EQ(needs.size(), wire::tunnel_names.size());
  for (const auto& [sample_name, tunnel_name] : needs) {
    SCOPED_TRACE(tunnel_name);
    const Packet packet = sample_named(sample_name);
    const std::optional<Tunnel> tunnel = wire::tunnel_named(tunnel_name);
    ASSERT_TRUE(tunnel.has_value());
    EXPECT_THAT(Decoding({.tunnels = TunnelSet::all().without(*tunnel)})(packet),
                IsRefused(NoSegment::tunnel_off));
    TunnelSet only = TunnelSet::none().with(*tunnel);
    if (*tunnel == Tunnel::qinq) only = only.with(Tunnel::vlan);
    EXPECT_THAT(Decoding({.tunnels = only})(packet), IsSegmentWith(request));
  }
  EXPECT_EQ(wire::tunnel_named("carrier-pigeon"), std::nullopt);
}

TEST(Decode, GoesNoDeeperThanItsLimit) {
  Packet labels = eth();
  for (std::uint32_t label = 0; label < 10; ++label) labels = labels.mpls(label + 16);
  EXPECT_THAT(Decoding({.depth_max = 11})(with_request(labels)), IsSegmentWith(request));
  EXPECT_THAT(Decoding({.depth_max = 10})(with_request(labels)), IsRefused(NoSegment::too_deep));
}

TEST(Decode, ATunnelsPortAloneMakesNoTunnel) {
  const Packet udp = eth().ipv4("10.0.0.1", "10.0.0.2");
  const Packet no_vxlan =
      udp.udp(1, 4789).bytes({0, 0, 0, 0, 0, 0, 7, 0}).eth().ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2);
  EXPECT_THAT(Decoding()(no_vxlan), IsRefused(NoSegment::udp));
  EXPECT_THAT(Decoding()(udp.udp(1, 4789).payload("a DNS answer sent to an odd port")),
              IsRefused(NoSegment::udp));
  EXPECT_THAT(Decoding()(udp.udp(2152, 2152).bytes({0x32, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0})),
              IsRefused(NoSegment::udp));
  EXPECT_THAT(Decoding()(udp.udp(1, 3544).payload(
                  "nothing of IPv6, though it is long enough for its header")),
              IsRefused(NoSegment::udp));
  EXPECT_THAT(Decoding()(udp.udp(1, 6081).payload("\xff version three")),
              IsRefused(NoSegment::udp));
  EXPECT_THAT(Decoding()(udp.udp(1, 4789).payload("short")), IsRefused(NoSegment::udp));
  EXPECT_THAT(Decoding()(udp.udp(1, 53).payload("query")), IsRefused(NoSegment::udp));
}

TEST(Decode, NamesWhatIsNoTcp) {
  EXPECT_THAT(Decoding()(eth().ether_type(0x0806).payload("who has 10.0.0.1?")),
              IsRefused(NoSegment::not_ip));
  EXPECT_THAT(Decoding()(eth().ipv4("10.0.0.1", "10.0.0.2").protocol(1).payload("ping")),
              IsRefused(NoSegment::other_protocol));
  EXPECT_THAT(Decoding()(eth().ipv6("::1", "::2").protocol(58).payload("ping")),
              IsRefused(NoSegment::other_protocol));
  EXPECT_THAT(Decoding()(link(wire::LinkType::unsupported).payload("?")),
              IsRefused(NoSegment::unsupported_link));
  EXPECT_THAT(Decoding()(eth().ipv4("10.0.0.1", "10.0.0.2").gre().payload("a keep-alive")),
              IsRefused(NoSegment::not_ip));
}

TEST(Decode, GreWithSourceRoutingIsRefused) {
  const Packet gre =
      eth().ipv4("10.0.0.1", "10.0.0.2").protocol(47).bytes({0x40, 0, 8, 0, 0, 0, 0, 0});
  EXPECT_THAT(Decoding()(with_request(gre)), IsRefused(NoSegment::bad_tunnel));
}

TEST(Decode, AMirrorsCutFrameHasAMissingTail) {
  // ERSPAN with its "truncated" bit: the frame inside is shorter than its headers say, and that is
  // no lie.
  const Packet whole = eth().ipv4("1.0.0.1", "1.0.0.2").gre().gre_sequence(1).ether_type(0x88be);
  const Packet packet = with_request(whole.bytes({0x10, 0, 0x04, 5, 0, 0, 0, 1}).eth());
  wire::Frame frame = packet.frame();
  frame.bytes = frame.bytes.first(frame.bytes.size() - 6);
  frame.wire_length -= 6;
  Decoding decode;
  // The mirror's own headers are whole: write their shorter length.
  Buffer bytes(frame.bytes.begin(), frame.bytes.end());
  bytes[17] = static_cast<std::byte>(std::to_integer<unsigned>(bytes[17]) - 6);
  bytes[24] = bytes[25] = std::byte{0}; // left to the hardware
  frame.bytes = bytes;
  const Decoded decoded = decode(frame);
  ASSERT_THAT(decoded, IsSegmentWith(request.substr(0, request.size() - 6)));
  EXPECT_EQ(decoded->cut_by_snaplen, 6U);
}

TEST(Decode, EveryFrameIsCountedOnce) {
  Decoding decode;
  std::uint64_t frames = 0;
  for (const Sample& sample : samples()) {
    for (std::size_t length = 0; length <= sample.packet.bytes().size(); length += 7) {
      (void)decode(sample.packet.cut(length));
      ++frames;
    }
  }
  std::uint64_t counted = decode.count(DecodeCount::segments);
  for (std::size_t i = 0; i < static_cast<std::size_t>(NoSegment::count_); ++i) {
    counted += decode.count(static_cast<NoSegment>(i));
  }
  EXPECT_EQ(counted, frames);
}

TEST(Decode, EveryCounterHasANameOfItsOwn) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < static_cast<std::size_t>(DecodeCount::count_); ++i) {
    names.push_back(wire::name_of(static_cast<DecodeCount>(i)));
    EXPECT_FALSE(names.back().empty());
  }
  EXPECT_EQ(wire::name_of(DecodeCount::segments), "segments");
  EXPECT_EQ(wire::name_of(DecodeCount::fragments_discarded), "fragments_discarded");
  EXPECT_EQ(wire::name_of(NoSegment::unsupported_link), "unsupported_link");
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

} // namespace
} // namespace xdpcap::test
