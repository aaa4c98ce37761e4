#include <algorithm>
#include <random>

#include "decoding.hpp"

namespace xdpcap::test {
namespace {

using wire::DecodeCount;
using wire::NoSegment;

const Packet v4 = with_request(eth());
const Packet v6 = with_request_v6(eth());
constexpr std::size_t one_place = 70'000; // bytes: room for one datagram

Instant after(std::chrono::seconds seconds) {
  return instant_from_ns(1'000'000'000) + seconds;
}

// Feeds `pieces`; all but the last are held.
Decoded feed(Decoding& decode, const std::vector<Packet>& pieces) {
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
    EXPECT_THAT(decode(pieces[i]), IsRefused(NoSegment::fragment_held)) << i;
  }
  return decode(pieces.back());
}

// No frame may vanish from the accounts.
void expect_held_frames_accounted(const Decoding& decode, std::uint64_t still_held) {
  EXPECT_EQ(decode.count(NoSegment::fragment_held),
            decode.count(DecodeCount::fragments_joined) +
                decode.count(DecodeCount::fragments_expired) +
                decode.count(DecodeCount::fragments_evicted) +
                decode.count(DecodeCount::fragments_discarded) + still_held);
}

TEST(Fragments, MakeTheirSegmentInAnyOrder) {
  for (const Packet& packet : {v4, v6}) {
    std::vector<Packet> pieces = packet.fragments(16, 9);
    std::minstd_rand random(1);
    for (int round = 0; round < 20; ++round) {
      Decoding decode({.checksums = wire::ChecksumMode::on});
      const Decoded decoded = feed(decode, pieces);
      ASSERT_THAT(decoded, IsSegmentWith(request));
      EXPECT_EQ(decoded->seq, (Seq{100}));
      EXPECT_EQ(decode.count(DecodeCount::from_fragments), 1U);
      expect_held_frames_accounted(decode, 0);
      std::shuffle(pieces.begin(), pieces.end(), random);
    }
  }
}

TEST(Fragments, BehindIpv6ExtensionHeadersAreJoined) {
  const Packet packet = eth().ipv6("::1", "::2").extension(60).tcp(1, 2).payload(request);
  Decoding decode({.checksums = wire::ChecksumMode::on});
  EXPECT_THAT(feed(decode, packet.fragments(8, 9)), IsSegmentWith(request));
}

TEST(Fragments, OfATunnelAreJoinedBeforeItIsOpened) {
  const Packet tunnel =
      with_request(eth().ipv4("172.16.0.1", "172.16.0.2").udp(1, 4789).vxlan(7).eth());
  Decoding decode({.checksums = wire::ChecksumMode::on});
  EXPECT_THAT(feed(decode, tunnel.fragments(24, 9)), IsSegmentWith(request));
  EXPECT_THAT(feed(decode, tunnel.fragments(24, 10, true)), IsSegmentWith(request))
      << "and inside of it";
}

TEST(Fragments, OfManyDatagramsMayBeMixed) {
  std::vector<std::vector<Packet>> datagrams;
  for (std::uint32_t id = 0; id < 30; ++id) {
    datagrams.push_back(
        eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).seq(id).payload(request).fragments(16, id));
  }
  Decoding decode;
  for (std::size_t piece = 0; piece < datagrams[0].size(); ++piece) {
    for (std::uint32_t id = 0; id < datagrams.size(); ++id) {
      const Decoded decoded = decode(datagrams[id][piece]);
      if (piece + 1 < datagrams[0].size()) continue;
      ASSERT_THAT(decoded, IsSegmentWith(request));
      EXPECT_EQ(decoded->seq, (Seq{id}));
    }
  }
}

TEST(Fragments, WithTheSameNumberOfOtherHostsAreStrangers) {
  Decoding decode;
  const std::vector<Packet> ours = v4.fragments(40, 9);
  ASSERT_EQ(ours.size(), 2U);
  const Packet theirs =
      eth().ipv4("10.0.0.1", "10.0.0.3").tcp(1, 2).payload(request).fragments(40, 9)[1];
  const Packet other_protocol = ours[1].protocol(17);
  EXPECT_THAT(decode(ours[0]), IsRefused(NoSegment::fragment_held));
  EXPECT_THAT(decode(theirs), IsRefused(NoSegment::fragment_held));
  EXPECT_THAT(decode(other_protocol), IsRefused(NoSegment::fragment_held));
  EXPECT_THAT(decode(ours[1]), IsSegmentWith(request));
}

TEST(Fragments, ThatComeTwiceDoNoHarm) {
  for (const Packet& packet : {v4, v6}) {
    Decoding decode;
    const std::vector<Packet> pieces = packet.fragments(16, 9);
    ASSERT_EQ(pieces.size(), 3U);
    EXPECT_THAT(decode(pieces[2]), IsRefused(NoSegment::fragment_held));
    EXPECT_THAT(decode(pieces[2]), IsRefused(NoSegment::fragment_repeated));
    EXPECT_THAT(decode(pieces[0]), IsRefused(NoSegment::fragment_held));
    EXPECT_THAT(decode(pieces[0]), IsRefused(NoSegment::fragment_repeated));
    EXPECT_THAT(decode(pieces[1]), IsSegmentWith(request));
    expect_held_frames_accounted(decode, 0);
  }
}

// Fragments of 10.0.0.1 -> 10.0.0.2 and their IPv6 like, with contents of our own.
Packet piece(bool is_v6, std::uint32_t offset, bool more, std::string_view content) {
  const Packet ip = is_v6 ? eth().ipv6("::1", "::2") : eth().ipv4("10.0.0.1", "10.0.0.2");
  return ip.fragment(offset, more, 9).protocol(6).payload(content);
}
constexpr std::string_view header(
    "\x00\x01\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x50\x10\x00\x00\x00\x00\x00\x00head", 24);

TEST(Fragments, OfIpv4ThatOverlapKeepWhatCameFirst) {
  Decoding decode({.checksums = wire::ChecksumMode::off});
  EXPECT_THAT(decode(piece(false, 24, true, "FIRST_1_FIRST_2_")),
              IsRefused(NoSegment::fragment_held));
  EXPECT_THAT(decode(piece(false, 32, false, "second__SECOND")),
              IsRefused(NoSegment::fragment_held));
  EXPECT_THAT(decode(piece(false, 0, true, header)), IsSegmentWith("headFIRST_1_FIRST_2_SECOND"));
}

// Linux drops such a datagram. A repeat that says the same is harmless.
TEST(Fragments, OfIpv4ThatOverlapAreDoubtful) {
  const std::vector<std::pair<Packet, bool>> cases{
      {piece(false, 24, true, "FIRST_1_"), false},         // again
      {piece(false, 24, true, "OTHER_1_"), true},          // its place, other bytes
      {piece(false, 24, true, "FIRST_1_FIRST_2_"), true}}; // a part that is there
  for (const auto& [second, is_doubtful] : cases) {
    Decoding decode({.checksums = wire::ChecksumMode::off});
    EXPECT_FALSE(decode(piece(false, 24, true, "FIRST_1_")).ok());
    EXPECT_FALSE(decode(second).ok());
    EXPECT_FALSE(decode(piece(false, 32, true, "FIRST_2_")).ok());
    EXPECT_FALSE(decode(piece(false, 40, false, "THIRD")).ok());
    const Decoded whole = decode(piece(false, 0, true, header));
    ASSERT_TRUE(whole.ok());
    EXPECT_EQ(whole->doubtful(), is_doubtful);
  }
}

TEST(Fragments, OfIpv6ThatOverlapTakeTheDatagramWithThem) {
  Decoding decode({.checksums = wire::ChecksumMode::off});
  EXPECT_THAT(decode(piece(true, 24, true, "FIRST_1_FIRST_2_")),
              IsRefused(NoSegment::fragment_held));
  EXPECT_THAT(decode(piece(true, 32, false, "FIRST_2_SECOND")),
              IsRefused(NoSegment::fragment_overlap));
  EXPECT_THAT(decode(piece(true, 0, true, header)), IsRefused(NoSegment::fragment_overlap))
      << "with what of it is yet to come";
  EXPECT_EQ(decode.count(DecodeCount::fragments_discarded), 1U);
  expect_held_frames_accounted(decode, 0);
}

TEST(Fragments, OfIpv6WithOtherContentInTheSamePlaceAreNoRepeat) {
  Decoding decode({.checksums = wire::ChecksumMode::off});
  EXPECT_THAT(decode(piece(true, 24, true, "FIRST_1_")), IsRefused(NoSegment::fragment_held));
  EXPECT_THAT(decode(piece(true, 24, true, "second__")), IsRefused(NoSegment::fragment_overlap));
}

TEST(Fragments, ThatContradictTheEndAreRefused) {
  for (const bool is_v6 : {false, true}) {
    Decoding beyond;
    EXPECT_THAT(beyond(piece(is_v6, 24, false, "the end.")), IsRefused(NoSegment::fragment_held));
    EXPECT_THAT(beyond(piece(is_v6, 32, true, "more....")), IsRefused(NoSegment::fragment_overlap));
    Decoding earlier;
    EXPECT_THAT(earlier(piece(is_v6, 32, true, "more....")), IsRefused(NoSegment::fragment_held));
    EXPECT_THAT(earlier(piece(is_v6, 24, false, "the end.")),
                IsRefused(NoSegment::fragment_overlap));
    Decoding other;
    EXPECT_THAT(other(piece(is_v6, 24, false, "the end.")), IsRefused(NoSegment::fragment_held));
    EXPECT_THAT(other(piece(is_v6, 24, false, "the e")), IsRefused(NoSegment::fragment_overlap));
  }
}

TEST(Fragments, ThatCannotBeAreRefused) {
  EXPECT_THAT(Decoding()(piece(false, 0, true, "not eight")),
              IsRefused(NoSegment::fragment_malformed));
  EXPECT_THAT(Decoding()(piece(false, 8, true, "")), IsRefused(NoSegment::fragment_malformed));
  EXPECT_THAT(Decoding()(piece(false, 65528, false, "12345678")),
              IsRefused(NoSegment::fragment_too_large));
  EXPECT_THAT(Decoding()(piece(false, 65528, false, "1234567")),
              IsRefused(NoSegment::fragment_held));
  EXPECT_THAT(Decoding()(piece(true, 65528, false, "12345678")),
              IsRefused(NoSegment::fragment_too_large));
  const Packet whole = piece(false, 0, true, header);
  EXPECT_THAT(Decoding()(whole.cut(whole.bytes().size() - 1)),
              IsRefused(NoSegment::cut_by_snaplen));
}

TEST(Fragments, ThatWaitTooLongAreForgotten) {
  Decoding decode;
  const std::vector<Packet> pieces = v4.fragments(40, 9);
  EXPECT_THAT(decode(pieces[0].at(after(std::chrono::seconds(0)))),
              IsRefused(NoSegment::fragment_held));
  decode.decoder().end_burst(after(std::chrono::seconds(30)));
  EXPECT_EQ(decode.count(DecodeCount::fragments_expired), 0U);
  decode.decoder().end_burst(after(std::chrono::seconds(31)));
  EXPECT_EQ(decode.count(DecodeCount::fragments_expired), 1U);
  EXPECT_THAT(decode(pieces[1].at(after(std::chrono::seconds(32)))),
              IsRefused(NoSegment::fragment_held));
  expect_held_frames_accounted(decode, 1);
}

TEST(Fragments, OfAnotherDatagramWithAnOldNumberBeginAnew) {
  Decoding decode;
  const std::vector<Packet> pieces = v4.fragments(40, 9);
  EXPECT_THAT(decode(pieces[0].at(after(std::chrono::seconds(0)))),
              IsRefused(NoSegment::fragment_held));
  EXPECT_THAT(decode(pieces[1].at(after(std::chrono::seconds(31)))),
              IsRefused(NoSegment::fragment_held));
  EXPECT_EQ(decode.count(DecodeCount::fragments_expired), 1U);
  EXPECT_THAT(decode(pieces[0].at(after(std::chrono::seconds(32)))), IsSegmentWith(request));
}

TEST(Fragments, MakeRoomForNewerOnes) {
  Decoding decode({.fragment_bytes = one_place});
  const std::vector<Packet> old = v4.fragments(40, 1), young = v4.fragments(40, 2);
  EXPECT_THAT(decode(old[0].at(after(std::chrono::seconds(0)))),
              IsRefused(NoSegment::fragment_held));
  EXPECT_THAT(decode(young[0].at(after(std::chrono::seconds(1)))),
              IsRefused(NoSegment::fragment_held));
  EXPECT_EQ(decode.count(DecodeCount::fragments_evicted), 1U);
  EXPECT_THAT(decode(young[1].at(after(std::chrono::seconds(2)))), IsSegmentWith(request));
  expect_held_frames_accounted(decode, 0);
}

TEST(Fragments, DoNotTakeTheRoomOfASegmentThatIsStillRead) {
  Decoding decode({.fragment_bytes = one_place});
  const Decoded lent = feed(decode, v4.fragments(40, 1));
  ASSERT_THAT(lent, IsSegmentWith(request));
  const std::vector<Packet> next = v4.fragments(40, 2);
  EXPECT_THAT(decode(next[0]), IsRefused(NoSegment::fragment_no_room));
  EXPECT_THAT(lent, IsSegmentWith(request));
  decode.decoder().end_burst(after(std::chrono::seconds(0)));
  EXPECT_THAT(feed(decode, next), IsSegmentWith(request));
}

TEST(Fragments, AreRefusedWithoutABudget) {
  Decoding decode({.fragment_bytes = 0});
  EXPECT_THAT(decode(v4.fragments(40, 1)[0]), IsRefused(NoSegment::fragment_no_room));
  decode.decoder().end_burst(after(std::chrono::seconds(0)));
}

TEST(Fragments, InAFloodCostNoMoreThanTheBudget) {
  Decoding decode({.fragment_bytes = 10 * one_place});
  for (std::uint32_t id = 0; id < 2000; ++id) {
    EXPECT_THAT(decode(v4.fragments(40, id)[0].at(after(std::chrono::seconds(id)))),
                IsRefused(NoSegment::fragment_held));
  }
  const std::uint64_t gone =
      decode.count(DecodeCount::fragments_evicted) + decode.count(DecodeCount::fragments_expired);
  EXPECT_GE(gone, 2000U - 10);
  EXPECT_THAT(feed(decode, v4.at(after(std::chrono::seconds(2001))).fragments(16, 3000)),
              IsSegmentWith(request));
}

} // namespace
} // namespace xdpcap::test
