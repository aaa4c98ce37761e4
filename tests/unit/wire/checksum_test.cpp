#include <random>

#include "decoding.hpp"
#include "wire/checksum.hpp"

namespace xdpcap::test {
namespace {

using wire::ChecksumMode;
using wire::ChecksumResult;
using wire::DecodeCount;
using wire::NoSegment;

const Packet segment = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 80).seq(1).payload("odd");

TEST(Checksum, IsTheSumOfRfc1071ForAnyLengthAndContent) {
  std::minstd_rand random(1);
  for (std::size_t length = 0; length < 500; ++length) {
    Buffer bytes(length);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < length; ++i)
      sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    EXPECT_EQ(__builtin_bswap16(wire::fold(wire::add_to_sum(0, bytes.data(), length))), sum)
        << length;
    EXPECT_EQ(__builtin_bswap16(wire::fold(wire::sum_of_words(bytes.data(), length))), sum)
        << length;
  }
  const Buffer ones(1000, std::byte{0xff});
  EXPECT_TRUE(wire::sums_up(wire::add_to_sum(0, ones.data(), ones.size())));
}

TEST(Checksum, SumsUpWhereItFoldsToAllOnes) {
  std::mt19937_64 random(1);
  EXPECT_FALSE(wire::sums_up(0));
  EXPECT_TRUE(wire::sums_up(UINT64_MAX));
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t sum = random() >> random() % 64;
    for (const std::uint64_t near : {sum, sum / 0xffff * 0xffff, sum / 0xffff * 0xffff + 1})
      EXPECT_EQ(wire::sums_up(near), wire::fold(near) == 0xffff) << near;
  }
}

TEST(Checksum, OnRefusesWhatDoesNotSumUp) {
  Decoding decode({.checksums = ChecksumMode::on});
  EXPECT_THAT(decode(segment), IsSegmentWith("odd"));
  EXPECT_THAT(decode(segment.bad_checksum()), IsRefused(NoSegment::bad_tcp_checksum));
  EXPECT_EQ(as_text(decode.decoder().refused().payload), "odd");
  EXPECT_THAT(decode(segment.bad_ip_checksum()), IsRefused(NoSegment::bad_ip_checksum));
  EXPECT_THAT(decode(segment.ip_checksum(0)), IsRefused(NoSegment::bad_ip_checksum));
  EXPECT_THAT(decode(segment.partial_checksum()), IsRefused(NoSegment::bad_tcp_checksum));
  EXPECT_THAT(decode(with_request_v6(eth()).bad_checksum()),
              IsRefused(NoSegment::bad_tcp_checksum));
}

// However many an attacker sends first.
TEST(Checksum, OfALiveCaptureIsNeverGivenUp) {
  for (const ChecksumMode mode : {ChecksumMode::on, ChecksumMode::mirrored}) {
    Decoding decode({.checksums = mode});
    for (int i = 0; i < 2000; ++i) {
      ASSERT_THAT(decode(segment.bad_checksum()), IsRefused(NoSegment::bad_tcp_checksum));
    }
    EXPECT_THAT(decode(segment), IsSegmentWith("odd"));
  }
}

TEST(Checksum, OfAMirrorPortMayBeLeftToHardwareAndIsDoubtfulThen) {
  Decoding decode({.checksums = ChecksumMode::mirrored});
  const Decoded decoded = decode(segment.partial_checksum());
  ASSERT_THAT(decoded, IsSegmentWith("odd"));
  EXPECT_EQ(decoded->checksum_result, ChecksumResult::offloaded);
  EXPECT_THAT(decode(segment.ip_checksum(0)), IsRefused(NoSegment::bad_ip_checksum));
}

TEST(Checksum, OffTakesEverything) {
  Decoding decode({.checksums = ChecksumMode::off});
  const Decoded decoded = decode(segment.bad_checksum());
  ASSERT_THAT(decoded, IsSegmentWith("odd"));
  EXPECT_EQ(decoded->checksum_result, ChecksumResult::valid);
  EXPECT_THAT(decode(segment.bad_ip_checksum()), IsSegmentWith("odd"));
}

TEST(Checksum, OfARecordingMayBeTheSumOfAPseudoHeader) {
  Decoding decode;
  const Decoded decoded = decode(segment.partial_checksum());
  ASSERT_THAT(decoded, IsSegmentWith("odd"));
  EXPECT_EQ(decoded->checksum_result, ChecksumResult::offloaded);
  const Decoded whole = decode(segment);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->checksum_result, ChecksumResult::valid);
  const Decoded v6 = decode(with_request_v6(eth()).partial_checksum());
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->checksum_result, ChecksumResult::offloaded);
  EXPECT_EQ(decode.count(DecodeCount::checksum_offloaded), 2U);
}

TEST(Checksum, OfAnIpHeaderInARecordingMayBeLeftToHardware) {
  Decoding decode;
  const Decoded decoded = decode(segment.ip_checksum(0));
  ASSERT_THAT(decoded, IsSegmentWith("odd"));
  EXPECT_EQ(decoded->checksum_result, ChecksumResult::offloaded);
}

TEST(Checksum, ARareFailureInARecordingIsCorruption) {
  Decoding decode;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(decode(segment).ok());
  const Decoded decoded = decode(segment.bad_checksum());
  ASSERT_THAT(decoded, IsSegmentWith("odd"));
  EXPECT_EQ(decoded->checksum_result, ChecksumResult::bad);
  EXPECT_EQ(decode.count(DecodeCount::checksum_bad), 1U);
  EXPECT_THAT(decode(segment.bad_ip_checksum()), IsRefused(NoSegment::bad_ip_checksum));
}

TEST(Checksum, FailuresThatAreTheRuleInARecordingSayNothingOfASegment) {
  Decoding decode;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(decode(segment.checksum(0))->checksum_result, ChecksumResult::bad);
  EXPECT_EQ(decode(segment.checksum(0))->checksum_result, ChecksumResult::offloaded);
  EXPECT_EQ(decode(segment)->checksum_result, ChecksumResult::valid);
}

TEST(Checksum, OfASegmentThatWasCutIsNotLookedAt) {
  Decoding decode({.checksums = ChecksumMode::on});
  const Packet bad = segment.bad_checksum();
  EXPECT_THAT(decode(bad.cut(bad.bytes().size() - 1)), IsSegmentWith("od"));
}

TEST(Checksum, OfASegmentOnItsSourceRouteIsNotLookedAt) {
  // Its destination address is not the one that was summed.
  const Packet on_route =
      eth().ipv6("::1", "::2").extension(43, {0, 1}).tcp(1, 2).bad_checksum().payload("x");
  EXPECT_THAT(Decoding({.checksums = ChecksumMode::on})(on_route), IsSegmentWith("x"));
  const Packet arrived =
      eth().ipv6("::1", "::2").extension(43, {0, 0}).tcp(1, 2).bad_checksum().payload("x");
  EXPECT_THAT(Decoding({.checksums = ChecksumMode::on})(arrived),
              IsRefused(NoSegment::bad_tcp_checksum));
}

TEST(Checksum, OfAReassembledSegmentIsVerified) {
  Decoding decode({.checksums = ChecksumMode::on});
  const std::vector<Packet> pieces = segment.bad_checksum().fragments(16, 9);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_THAT(decode(pieces[0]), IsRefused(NoSegment::fragment_held));
  EXPECT_THAT(decode(pieces[1]), IsRefused(NoSegment::bad_tcp_checksum));
}

} // namespace
} // namespace xdpcap::test
