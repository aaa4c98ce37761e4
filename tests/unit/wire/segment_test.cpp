#include <algorithm>

#include "decoding.hpp"

namespace xdpcap::test {
namespace {

using wire::NoSegment;
using wire::TcpFlags;

const Packet client = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 80);
const Packet server = eth().ipv4("10.0.0.2", "10.0.0.1").tcp(80, 1234);

TEST(Segment, SaysWhatTheHeaderSaid) {
  Decoding decode;
  const Decoded decoded = decode(client.seq(0xfffffff0)
                                     .ack(7)
                                     .flags("SFPAUEC")
                                     .window(1000)
                                     .urgent(3)
                                     .payload("x")
                                     .at(instant_from_ns(42))
                                     .on_interface(5));
  ASSERT_THAT(decoded, IsSegmentWith("x"));
  EXPECT_EQ(decoded->seq, (Seq{0xfffffff0}));
  EXPECT_EQ(decoded->ack, (Seq{7}));
  for (const std::uint8_t flag : {TcpFlags::syn, TcpFlags::fin, TcpFlags::psh, TcpFlags::ack,
                                  TcpFlags::urg, TcpFlags::ece, TcpFlags::cwr}) {
    EXPECT_TRUE(decoded->flags.has(flag));
  }
  EXPECT_FALSE(decoded->flags.has(TcpFlags::rst));
  EXPECT_EQ(decoded->window, 1000);
  EXPECT_EQ(decoded->urgent, 3);
  EXPECT_EQ(decoded->arrived, instant_from_ns(42));
  EXPECT_EQ(decoded->interface, 5);
  EXPECT_EQ(decoded->wire_length, 14U + 20 + 20 + 1);
  EXPECT_NE(decoded->checksum, 0);
}

TEST(Segment, BothDirectionsHaveOneKey) {
  Decoding decode;
  const Decoded there = decode(client), back = decode(server);
  ASSERT_TRUE(there.ok());
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(there->key, back->key);
  EXPECT_TRUE(there->from_low);
  EXPECT_FALSE(back->from_low);
  EXPECT_EQ(there->source(), back->destination());
  EXPECT_LT(there->key.low, there->key.high);
}

TEST(Segment, TheLowerEndpointComesFirstAsAddressesAreCompared) {
  const std::vector<Packet> pairs = {
      eth().ipv4("10.0.0.1", "9.255.255.255").tcp(1, 2),
      eth().ipv4("1.2.3.4", "1.2.3.4").tcp(2, 1),
      eth().ipv4("1.2.3.4", "1.2.3.4").tcp(1, 2),
      eth().ipv6("2001:db8::2", "2001:db8::1").tcp(1, 2),
      eth().ipv6("8000::", "7fff::ffff").tcp(1, 2),
      eth().ipv6("::1", "::1").tcp(9, 8),
  };
  for (const Packet& packet : pairs) {
    Decoding decode;
    const Decoded decoded = decode(packet);
    ASSERT_TRUE(decoded.ok());
    EXPECT_LT(decoded->key.low, decoded->key.high);
    SCOPED_TRACE(source_of(*decoded));
    EXPECT_EQ(decoded->from_low, decoded->source() < decoded->destination());
  }
}

TEST(Segment, AnIpv4MappedAddressOfIpv6IsNoIpv4Address) {
  Decoding decode;
  const Decoded mapped = decode(eth().ipv6("::ffff:10.0.0.1", "::ffff:10.0.0.2").tcp(1234, 80));
  const Decoded plain = decode(client);
  ASSERT_TRUE(mapped.ok());
  ASSERT_TRUE(plain.ok());
  EXPECT_NE(mapped->key, plain->key);
  EXPECT_EQ(source_of(*mapped), "[::ffff:10.0.0.1]:1234");
}

TEST(Segment, WhatReceiversMayRefuseIsDoubtful) {
  Decoding decode;
  const Packet v6 = eth().ipv6("2001:db8::1", "2001:db8::2");
  const auto is_doubtful = [&](const Packet& packet) {
    const Decoded decoded = decode(packet.tcp(1234, 80).payload(request));
    return decoded.ok() && decoded->doubtful();
  };
  EXPECT_FALSE(is_doubtful(v6));
  EXPECT_FALSE(is_doubtful(eth().ipv4("10.0.0.1", "10.0.0.2")));
  EXPECT_TRUE(is_doubtful(eth().ipv4("10.0.0.1", "10.0.0.2").ip_options({7, 7, 4, 0, 0, 0, 0})));
  for (const int kind : {0, 43, 60, 135}) {
    EXPECT_TRUE(is_doubtful(v6.extension(static_cast<std::uint8_t>(kind)))) << kind;
  }
  EXPECT_TRUE(is_doubtful(v6.extension(60).extension(0))) << "hop-by-hop that is not the first";
  EXPECT_TRUE(is_doubtful(v6.authentication()));
  // Inside of a tunnel the headers before it do not count.
  EXPECT_FALSE(is_doubtful(v6.extension(60).ipv6("::1", "::2")));

  std::vector<Packet> pieces = with_request(eth()).fragments(16, 9);
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) ASSERT_FALSE(decode(pieces[i]).ok());
  const Decoded joined = decode(pieces.back());
  ASSERT_TRUE(joined.ok());
  EXPECT_FALSE(joined->doubtful());
}

TEST(Segment, OptionsAreRead) {
  Decoding decode;
  const Decoded decoded =
      decode(client.flags("S").mss(1460).sack_permitted().timestamps(11, 22).window_scale(7));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->options.mss, 1460);
  EXPECT_TRUE(decoded->options.sack_permitted);
  EXPECT_TRUE(decoded->options.has_timestamps);
  EXPECT_EQ(decoded->options.timestamp_value, 11U);
  EXPECT_EQ(decoded->options.timestamp_echo, 22U);
  EXPECT_TRUE(decoded->options.has_window_scale);
  EXPECT_EQ(decoded->options.window_scale, 7);
}

TEST(Segment, TimestampsAloneAreRead) {
  Decoding decode;
  const Decoded decoded = decode(client.timestamps(11, 22));
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(decoded->options.has_timestamps);
  EXPECT_EQ(decoded->options.timestamp_value, 11U);
  EXPECT_EQ(decoded->options.timestamp_echo, 22U);
  EXPECT_FALSE(decoded->options.has_window_scale);
}

TEST(Segment, HeadersThatFewReceiversTakeAreUnusual) {
  Decoding decode;
  EXPECT_FALSE(decode(client)->doubtful());
  EXPECT_FALSE(
      decode(client.timestamps(11, 22).tcp_options({1, 5, 10, 1, 2, 3, 4, 5, 6, 7, 8}))->doubtful())
      << "SACK";
  EXPECT_TRUE(
      decode(client.tcp_options({19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}))
          ->doubtful());
  EXPECT_TRUE(decode(client.timestamps(11, 22).tcp_options({29, 8, 1, 2, 3, 4, 5, 6}))->doubtful());
  EXPECT_TRUE(
      decode(eth().ipv4("10.0.0.1", "10.0.0.2").ip_options({7, 7, 4, 0, 0, 0, 0}).tcp(1234, 80))
          ->doubtful());
}

TEST(Segment, AWindowScaleBeyond14Is14) {
  Decoding decode;
  const Decoded decoded = decode(client.window_scale(200));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->options.window_scale, 14);
}

TEST(Segment, AMalformedOptionListEndsTheOptionsNotTheSegment) {
  const std::vector<Packet> malformed = {
      client.mss(1460).tcp_options(
          {3, 0, 3, 3}), // no option is shorter than its own kind and length
      client.mss(1460).tcp_options({3, 1, 3, 3}),   // nor than that
      client.mss(1460).tcp_options({8, 40, 1, 1}),  // longer than the header
      client.mss(1460).tcp_options({1, 1, 1, 3}),   // no room for the length
      client.mss(1460).tcp_options({0, 3, 3, 7}),   // behind the end of the list
      client.mss(1460).tcp_options({3, 4, 7, 7}),   // a window scale of the wrong size
      client.mss(1460).tcp_options({254, 3, 9, 1}), // unknown: stepped over
  };
  for (std::size_t i = 0; i < malformed.size(); ++i) {
    SCOPED_TRACE(i);
    Decoding decode;
    const Decoded decoded = decode(malformed[i].payload("data"));
    ASSERT_THAT(decoded, IsSegmentWith("data"));
    EXPECT_EQ(decoded->options.mss, 1460);
    EXPECT_FALSE(decoded->options.has_window_scale);
    EXPECT_FALSE(decoded->options.has_timestamps);
  }
}

TEST(Segment, AnImpossibleHeaderLengthIsRefused) {
  EXPECT_THAT(Decoding()(client.data_offset(4).payload("data")), IsRefused(NoSegment::bad_tcp));
  EXPECT_THAT(Decoding()(client.data_offset(0).payload("data")), IsRefused(NoSegment::bad_tcp));
  EXPECT_THAT(Decoding()(client.data_offset(7).payload("data")), IsRefused(NoSegment::bad_tcp));
  EXPECT_THAT(
      Decoding({.checksums = wire::ChecksumMode::off})(client.data_offset(6).payload("data")),
      IsSegmentWith(""));
}

TEST(Segment, PaddingIsNoPayload) {
  const Packet ack = client.flags("A");
  EXPECT_THAT(Decoding()(ack.padding(6)), IsSegmentWith(""));
  EXPECT_THAT(Decoding()(client.payload("data").padding(40)), IsSegmentWith("data"));
  EXPECT_THAT(Decoding()(eth().vlan(3).ipv6("::1", "::2").tcp(1, 2).payload("data").padding(40)),
              IsSegmentWith("data"));
  EXPECT_THAT(
      Decoding()(eth().pppoe(3).ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2).payload("data").padding(4)),
      IsSegmentWith("data"));
}

TEST(Segment, ASuperPacketOfLengthZeroIsAsLongAsItsFrame) {
  const std::string large(70000, 'x');
  const Packet super_packet = client.total_length(0).payload(large);
  for (const wire::ChecksumMode mode : {wire::ChecksumMode::automatic, wire::ChecksumMode::off}) {
    const Decoded decoded = Decoding({.checksums = mode})(super_packet);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(decoded->length(), large.size());
  }
  const Packet jumbogram = eth().ipv6("::1", "::2").total_length(0).tcp(1, 2).payload(large);
  EXPECT_THAT(Decoding()(jumbogram), IsSegmentWith(large));
}

TEST(Segment, ImpossibleIpHeadersAreRefused) {
  const Packet ip = raw().ipv4("10.0.0.1", "10.0.0.2");
  EXPECT_THAT(Decoding()(ip.total_length(19).tcp(1, 2)), IsRefused(NoSegment::bad_ip));
  EXPECT_THAT(Decoding()(ip.total_length(41).tcp(1, 2)), IsRefused(NoSegment::truncated));
  EXPECT_THAT(Decoding()(ip.total_length(39).tcp(1, 2)), IsRefused(NoSegment::bad_tcp))
      << "no room for a TCP header";
  const Packet whole = ip.tcp(1, 2);
  Buffer bytes = whole.bytes();
  wire::Frame frame = whole.frame();
  frame.bytes = bytes;
  bytes[0] = std::byte{0x44}; // a header shorter than the shortest
  EXPECT_THAT(Decoding()(frame), IsRefused(NoSegment::bad_ip));
  bytes[0] = std::byte{0x55}; // version 5
  EXPECT_THAT(Decoding()(frame), IsRefused(NoSegment::not_ip));
}

} // namespace
} // namespace xdpcap::test
