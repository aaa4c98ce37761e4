#include "capture/file/pcap_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "capture/file/memory_source.hpp"
#include "pcap_files.hpp"

namespace xdpcap::test {
namespace {

using capture::MemorySource;
using capture::PcapSource;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::SizeIs;

constexpr std::int64_t second = 1'000'000'000;
const std::string frame_a = "the first frame, of odd length.", frame_b = "the second frame";

std::vector<Kept> read(const std::string& content, std::string* trouble = nullptr) {
  const TemporaryFile file(content);
  Result<PcapSource, Error> source = PcapSource::open(file.path());
  if (!source.ok()) {
    ADD_FAILURE() << source.error().message;
    return {};
  }
  std::vector<Kept> kept = drain(*source);
  const std::optional<Error> error = source->trouble();
  const std::string sentence = error ? error->message : "";
  if (trouble != nullptr) {
    *trouble = sentence;
  } else {
    EXPECT_EQ(sentence, "");
  }
  return kept;
}

std::string refusal(const std::string& content) {
  const TemporaryFile file(content);
  const Result<PcapSource, Error> source = PcapSource::open(file.path());
  if (source.ok()) return "it was opened";
  EXPECT_EQ(source.error().code, ExitCode::input);
  EXPECT_THAT(source.error().message, HasSubstr(file.path()));
  return source.error().message;
}

TEST(PcapFile, IsReadInEitherByteOrderAndResolution) {
  for (const bool big_endian : {false, true}) {
    const Writing file(big_endian);
    EXPECT_THAT(
        read(file.pcap_header() + file.record(5, 999'999, frame_a) +
             file.record(6, 1, frame_b, 1000)),
        ElementsAre(Kept{frame_a, 31, 5 * second + 999'999'000, wire::LinkType::ethernet, 0},
                    Kept{frame_b, 1000, 6 * second + 1000, wire::LinkType::ethernet, 0}));
    EXPECT_THAT(
        read(file.pcap_header(0xa1b23c4d, 276) + file.record(0xffffffff, 999'999'999, frame_a)),
        ElementsAre(
            Kept{frame_a, 31, 0xffffffffLL * second + 999'999'999, wire::LinkType::linux_sll2, 0}));
  }
}

TEST(PcapFile, WithoutFramesIsAFile) {
  EXPECT_THAT(read(Writing(false).pcap_header()), SizeIs(0));
}

TEST(PcapFile, CutAnywhereIsReadUpToThere) {
  const Writing file(false);
  const std::string first = file.pcap_header() + file.record(1, 0, frame_a);
  const std::string whole = first + file.record(2, 0, frame_b);
  for (std::size_t length = first.size() + 1; length < whole.size(); ++length) {
    std::string trouble;
    EXPECT_THAT(read(whole.substr(0, length), &trouble), SizeIs(1));
    EXPECT_THAT(trouble, HasSubstr("ends inside"));
  }
  EXPECT_THAT(read(first), SizeIs(1)) << "at the end of a record there is no trouble";
}

TEST(PcapFile, WithARecordOfImpossibleLengthEndsThere) {
  const Writing file(false);
  std::string trouble;
  EXPECT_THAT(read(file.pcap_header() + file.record(1, 0, frame_a) + file.u32(1) + file.u32(0) +
                       file.u32(0x7fffffff) + file.u32(0x7fffffff),
                   &trouble),
              SizeIs(1));
  EXPECT_THAT(trouble, HasSubstr("2147483647"));
}

TEST(PcapFile, LinkTypesAreTranslated) {
  using wire::LinkType;
  const std::vector<std::pair<std::uint32_t, LinkType>> known = {
      {0, LinkType::null},
      {1, LinkType::ethernet},
      {9, LinkType::ppp},
      {12, LinkType::raw_ip},
      {14, LinkType::raw_ip},
      {50, LinkType::ppp},
      {51, LinkType::pppoe},
      {101, LinkType::raw_ip},
      {104, LinkType::cisco_hdlc},
      {105, LinkType::ieee802_11},
      {108, LinkType::loop},
      {113, LinkType::linux_sll},
      {127, LinkType::radiotap},
      {228, LinkType::raw_ip},
      {229, LinkType::raw_ip},
      {239, LinkType::nflog},
      {276, LinkType::linux_sll2},
      {0x14000001, LinkType::ethernet}, // with four bytes of check sequence
  };
  const Writing file(false);
  for (const auto& [number, link] : known) {
    SCOPED_TRACE(number);
    EXPECT_THAT(read(file.pcap_header(0xa1b2c3d4, number) + file.record(1, 0, frame_a)),
                ElementsAre(Field(&Kept::link, link)));
  }
}

TEST(PcapFile, ThatCannotBeReadIsRefusedWithTheReason) {
  const Writing file(false);
  EXPECT_THAT(refusal(""), HasSubstr("is empty"));
  EXPECT_THAT(refusal("hello, this is text"), HasSubstr("is no capture file"));
  EXPECT_THAT(refusal("GET"), HasSubstr("is no capture file"));
  EXPECT_THAT(refusal("\x1f\x8b\x08 and so on"), HasSubstr("gunzip"));
  EXPECT_THAT(refusal(file.pcap_header().substr(0, 20)), HasSubstr("ends inside"));
  EXPECT_THAT(refusal(file.pcap_header(0xa1b2cd34)), HasSubstr("editcap"));
  EXPECT_THAT(refusal(file.pcap_header(0xa1b2c3d4, 195)), HasSubstr("IEEE802_15_4"));
  EXPECT_THAT(refusal(file.pcap_header(0xa1b2c3d4, 9999)), HasSubstr("number 9999"));
  EXPECT_THAT(refusal(file.u32(0xa1b2c3d4) + file.u16(3) + std::string(18, '\0')),
              HasSubstr("version 3"));
  EXPECT_THAT(refusal(file.section().substr(0, 20)), HasSubstr("ends inside"));
  EXPECT_THAT(refusal(file.block(0x0a0d0d0a, file.u32(0x12345678) + file.u32(1))),
              HasSubstr("byte-order"));
  EXPECT_THAT(refusal(file.block(0x0a0d0d0a, file.u32(0x1a2b3c4d) + file.u16(2) + file.u16(0))),
              HasSubstr("version 2"));
}

TEST(PcapFile, ThatIsNotThereIsRefusedWithTheReason) {
  const Result<PcapSource, Error> missing = PcapSource::open("/nonexistent/capture.pcap");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ExitCode::input);
  EXPECT_THAT(missing.error().message, HasSubstr("\"/nonexistent/capture.pcap\" does not exist"));
  const Result<PcapSource, Error> directory = PcapSource::open("/tmp");
  ASSERT_FALSE(directory.ok());
  EXPECT_THAT(directory.error().message, HasSubstr("directory"));
}

TEST(PcapFile, IsPlayedAgainAtALaterTime) {
  const Writing writing(false);
  const TemporaryFile file(writing.pcap_header() + writing.record(100, 0, frame_a) +
                           writing.record(105, 0, frame_b));
  Result<PcapSource, Error> source = PcapSource::open(file.path());
  ASSERT_TRUE(source.ok());
  const std::vector<Kept> first = drain(*source);
  ASSERT_TRUE(source->rewind());
  const std::vector<Kept> second_round = drain(*source);
  ASSERT_THAT(second_round, SizeIs(2));
  EXPECT_EQ(second_round[0].bytes, frame_a);
  EXPECT_EQ(second_round[0].ns - first[1].ns, 3600 * second)
      << "behind any time-out of the round before";
  EXPECT_EQ(second_round[1].ns - second_round[0].ns, 5 * second);
}

TEST(PcapFile, OfManyFramesComesInBursts) {
  const Writing writing(false);
  std::string content = writing.pcap_header();
  for (std::uint32_t i = 0; i < 200; ++i)
    content += writing.record(i, 0, std::string(1 + i % 7, 'x'));
  const TemporaryFile file(content);
  Result<PcapSource, Error> source = PcapSource::open(file.path());
  ASSERT_TRUE(source.ok());
  std::size_t frames = 0;
  Instant now;
  while (!source->finished()) {
    const PcapSource::Burst burst = source->receive();
    EXPECT_LE(burst.frames().size(), PcapSource::burst_max);
    for (const wire::Frame& frame : burst.frames()) {
      EXPECT_EQ(frame.bytes.size(), 1 + frames % 7);
      EXPECT_LE(frame.arrived, burst.now());
      ++frames;
    }
    EXPECT_GE(burst.now(), now);
    now = burst.now();
  }
  EXPECT_EQ(frames, 200U);
  EXPECT_THAT(source->receive().now(), now) << "the clock stands when the file is over";
}

TEST(PcapFile, WithFramesThatGoBackInTimeKeepsTheClockGoingOn) {
  const Writing writing(false);
  const TemporaryFile file(writing.pcap_header() + writing.record(100, 0, frame_a) +
                           writing.record(50, 0, frame_b));
  Result<PcapSource, Error> source = PcapSource::open(file.path());
  ASSERT_TRUE(source.ok());
  const PcapSource::Burst burst = source->receive();
  ASSERT_THAT(burst.frames(), SizeIs(2));
  EXPECT_EQ(ns_since_1970(burst.frames()[1].arrived), 50 * second);
  EXPECT_EQ(ns_since_1970(burst.now()), 100 * second);
}

TEST(PcapngFile, IsReadInEitherByteOrder) {
  for (const bool big_endian : {false, true}) {
    const Writing file(big_endian);
    EXPECT_THAT(read(file.section() + file.interface(1) + file.packet(0, 1'500'000, frame_a) +
                     file.packet(0, 1'500'001, frame_b, 99)),
                ElementsAre(Kept{frame_a, 31, 1'500'000'000, wire::LinkType::ethernet, 0},
                            Kept{frame_b, 99, 1'500'001'000, wire::LinkType::ethernet, 0}));
  }
}

TEST(PcapngFile, EveryInterfaceHasItsLinkTypeNameAndClock) {
  const Writing file(false);
  const std::string nanoseconds = file.option(9, "\x09"), binary = file.option(9, "\x8a"),
                    seconds = file.option(9, std::string(1, '\0')), finest = file.option(9, "\x13");
  const TemporaryFile capture(
      file.section() + file.interface(1, file.option(2, "eth7") + nanoseconds) +
      file.interface(101, binary) + file.interface(276, seconds) + file.interface(1, finest) +
      file.interface(1, file.option(14, file.number(100, 8))) +
      file.packet(1, 1024 + 512, frame_a) + file.packet(0, 7, frame_b) +
      file.packet(2, 3, frame_a) + file.packet(3, 12'345'678'900'000'000'000ULL, frame_a) +
      file.packet(4, 5, frame_a));
  Result<PcapSource, Error> source = PcapSource::open(capture.path());
  ASSERT_TRUE(source.ok());
  EXPECT_THAT(drain(*source),
              ElementsAre(Kept{frame_a, 31, second + second / 2, wire::LinkType::raw_ip, 1},
                          Kept{frame_b, 16, 7, wire::LinkType::ethernet, 0},
                          Kept{frame_a, 31, 3 * second, wire::LinkType::linux_sll2, 2},
                          Kept{frame_a, 31, 1'234'567'890, wire::LinkType::ethernet, 3},
                          Kept{frame_a, 31, 100 * second + 5000, wire::LinkType::ethernet, 4}));
  ASSERT_THAT(source->interfaces(), SizeIs(5));
  EXPECT_EQ(source->interfaces()[0].name, "eth7");
}

TEST(PcapngFile, SectionsNumberTheirInterfacesAnew) {
  const Writing little(false), big(true);
  EXPECT_THAT(read(little.section() + little.interface(1) + little.packet(0, 1, frame_a) +
                   big.section() + big.interface(101) + big.packet(0, 2, frame_b)),
              ElementsAre(Kept{frame_a, 31, 1000, wire::LinkType::ethernet, 0},
                          Kept{frame_b, 16, 2000, wire::LinkType::raw_ip, 1}));
}

TEST(PcapngFile, OlderAndShorterPacketBlocksAreRead) {
  const Writing file(false);
  EXPECT_THAT(
      read(file.section() + file.interface(1, {}, 20) + file.obsolete_packet(0, 5, frame_b) +
           file.simple_packet(frame_a.substr(0, 20), 31)),
      ElementsAre(Kept{frame_b, 16, 5000, wire::LinkType::ethernet, 0},
                  Kept{frame_a.substr(0, 20), 31, 5000, wire::LinkType::ethernet, 0}))
      << "a simple packet has the time of the one before";
}

TEST(PcapngFile, UnknownBlocksAreSkipped) {
  const Writing file(false);
  EXPECT_THAT(
      read(file.section() + file.block(0xbad, "what is this?") + file.interface(1) +
           file.block(5, "statistics..") + file.packet(0, 1, frame_a) + file.block(0x80000bad, "")),
      SizeIs(1));
}

TEST(PcapngFile, AnUnknownLinkTypeTakesNothingFromTheOthers) {
  const Writing file(false);
  EXPECT_THAT(read(file.section() + file.interface(195) + file.interface(1) +
                   file.packet(0, 1, frame_a) + file.packet(1, 1, frame_b)),
              ElementsAre(Field(&Kept::link, wire::LinkType::unsupported),
                          Field(&Kept::link, wire::LinkType::ethernet)));
}

TEST(PcapngFile, CutAnywhereIsReadUpToThere) {
  const Writing file(false);
  const std::string first = file.section() + file.interface(1) + file.packet(0, 1, frame_a);
  const std::string whole = first + file.packet(0, 2, frame_b);
  for (std::size_t length = first.size() + 1; length < whole.size(); ++length) {
    std::string trouble;
    EXPECT_THAT(read(whole.substr(0, length), &trouble), SizeIs(1));
    EXPECT_THAT(trouble, HasSubstr("ends inside"));
  }
}

TEST(PcapngFile, WithImpossibleBlocksEndsThere) {
  const Writing file(false);
  const std::string good = file.section() + file.interface(1) + file.packet(0, 1, frame_a);
  const std::vector<std::string> impossible = {
      file.u32(6) + file.u32(8) + file.u32(8),            // shorter than a block
      file.u32(6) + file.u32(33) + std::string(25, '\0'), // not a multiple of 4
      file.block(6, file.u32(0) + file.u32(0)),           // shorter than a packet
      file.packet(7, 1, frame_b),                         // of no interface
      file.u32(0xbad) + file.u32(12) + file.u32(16),      // two lengths
      file.block(6,
                 file.u32(0) + file.u32(0) + file.u32(0) + file.u32(400) + file.u32(400) + "less"),
      file.block(6, file.u32(0) + file.u32(0) + file.u32(0) + file.u32(0x7fffffff) + file.u32(1)),
      file.section() + file.packet(0, 1, frame_b), // before its interface is described
      file.section() + file.simple_packet(frame_b, 16),
      file.section() + file.interface(1, std::string(2 << 20, 'x')), // an interface of 2 MiB
  };
  for (std::size_t i = 0; i < impossible.size(); ++i) {
    SCOPED_TRACE(i);
    std::string trouble;
    EXPECT_THAT(read(good + impossible[i] + file.packet(0, 3, frame_b), &trouble), SizeIs(1));
    EXPECT_THAT(trouble, HasSubstr("what came before was used"));
  }
}

TEST(PcapngFile, TimesThatNoClockShowsAreMovedToWhereSumsStillFit) {
  const Writing file(false);
  const std::string before = file.option(14, file.number(static_cast<std::uint64_t>(-1000), 8));
  const std::string far = file.option(14, file.number(INT64_MAX, 8));
  const std::vector<Kept> kept =
      read(file.section() + file.interface(1, before) + file.interface(1, far) + file.interface(1) +
           file.packet(0, 1, frame_a) + file.packet(1, 1, frame_a) +
           file.packet(2, UINT64_MAX, frame_a));
  ASSERT_THAT(kept, SizeIs(3));
  EXPECT_LT(kept[0].ns, second);
  for (const Kept& frame : kept) {
    EXPECT_GE(frame.ns, 0);
    EXPECT_LT(frame.ns, INT64_MAX / 2);
  }
}

TEST(MemorySource, PlaysAFileSeveralTimes) {
  const Writing writing(false);
  const TemporaryFile file(writing.pcap_header() + writing.record(100, 0, frame_a) +
                           writing.record(105, 0, frame_b));
  Result<MemorySource, Error> source = MemorySource::load(file.path(), 3);
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(source->size(), 2U);
  const std::vector<Kept> kept = drain(*source);
  ASSERT_THAT(kept, SizeIs(6));
  EXPECT_EQ(kept[4].bytes, frame_a);
  EXPECT_EQ(kept[5].bytes, frame_b);
  EXPECT_EQ(kept[4].ns, (100 + 2 * 3605) * second);
  EXPECT_TRUE(source->finished());
}

TEST(MemorySource, CopiesTheFramesItIsGiven) {
  const auto numbered = [](std::uint32_t i) {
    return eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).seq(i);
  };
  const auto source_of_packets = [&] {
    std::vector<Packet> packets;
    packets.reserve(100);
    for (std::uint32_t i = 0; i < 100; ++i) packets.push_back(numbered(i));
    std::vector<wire::Frame> frames;
    frames.reserve(packets.size());
    for (const Packet& packet : packets) frames.push_back(packet.frame());
    return MemorySource(frames); // the packets go here
  };
  MemorySource source = source_of_packets();
  const std::vector<Kept> kept = drain(source);
  ASSERT_THAT(kept, SizeIs(100));
  for (std::uint32_t i = 0; i < 100; ++i) {
    const Buffer bytes = numbered(i).bytes();
    EXPECT_EQ(kept[i].bytes, as_text(bytes));
  }
}

TEST(MemorySource, OfAFileThatIsCutIsRefused) {
  const Writing writing(false);
  const std::string content = writing.pcap_header() + writing.record(100, 0, frame_a);
  const TemporaryFile file(content.substr(0, content.size() - 1));
  EXPECT_FALSE(MemorySource::load(file.path()).ok());
}

TEST(MemorySource, WithoutFramesIsFinished) {
  EXPECT_TRUE(MemorySource(std::span<const wire::Frame>()).finished());
}

} // namespace
} // namespace xdpcap::test
