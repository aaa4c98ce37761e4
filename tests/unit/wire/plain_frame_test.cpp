// Plain frames are decoded in one go, all others by a walk from header to header. What is behind an
// Ethernet header can also stand behind that of a cooked capture, which is never plain: the answers
// must be the same, whatever the frame, and whatever the decoder saw before.
#include "wire/plain_frame.hpp"

#include <random>

#include "decoding.hpp"

namespace xdpcap::test {
namespace {

using wire::ChecksumMode;

class Frames {
 public:
  explicit Frames(unsigned seed) : random_(seed) {}

  // From its Ethernet type on.
  Buffer next() {
    Packet packet = eth();
    for (std::size_t tags = below(4); tags > 1; --tags) packet = packet.vlan(7);
    packet = below(2) == 0 ? packet.ipv4("10.0.0.1", below(2) == 0 ? "10.0.0.2" : "9.9.9.9")
                           : packet.ipv6("2001:db8::1", below(2) == 0 ? "2001:db8::2" : "::1");
    packet = packet.tcp(static_cast<std::uint16_t>(below(3)), 1)
                 .seq(static_cast<std::uint32_t>(below(99)))
                 .ack(7)
                 .window(9);
    if (below(2) == 0) packet = packet.timestamps(1, 2);
    if (below(8) == 0) packet = packet.mss(1460);
    if (below(8) == 0) packet = packet.tcp_options({19, 18, 0, 0});
    Buffer payload(below(2) == 0 ? 0 : below(below(2) == 0 ? 40 : 1500));
    for (std::byte& byte : payload) byte = static_cast<std::byte>(random_());
    packet = packet.payload(Bytes{payload}).padding(below(4) == 0 ? below(9) : 0);
    if (below(8) == 0) packet = packet.bad_checksum();
    if (below(16) == 0) packet = packet.partial_checksum();
    if (below(8) == 0) packet = packet.data_offset(static_cast<std::uint8_t>(below(16)));
    Buffer bytes = packet.bytes();
    bytes.erase(bytes.begin(), bytes.begin() + 12);
    return bytes;
  }
  void damage(Buffer& bytes) {
    for (std::size_t count = below(3); count > 0; --count)
      bytes[below(std::min<std::size_t>(bytes.size(), 70))] ^=
          static_cast<std::byte>(1U << below(8));
    if (below(4) == 0) bytes.resize(below(bytes.size() + 1));
  }
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random_);
  }

 private:
  std::minstd_rand random_;
};

wire::Frame frame_of(const Buffer& bytes, wire::LinkType link, std::size_t cut) {
  return {.bytes = bytes,
          .wire_length = static_cast<std::uint32_t>(bytes.size() + cut),
          .arrived = Instant{std::chrono::nanoseconds{5}},
          .link = link,
          .interface = 3};
}

std::string text_of(const Decoded& decoded, std::uint32_t link_bytes) {
  if (!decoded.ok()) return std::string(wire::name_of(decoded.error()));
  const wire::Segment& s = *decoded;
  std::string text = source_of(s) + " " + destination_of(s) + " " +
                     std::string(as_text(s.header())) + "|" + std::string(as_text(s.payload));
  for (const std::uint64_t number :
       {std::uint64_t{s.from_low},
        std::uint64_t{s.flags.bits},
        std::uint64_t{s.window},
        std::uint64_t{s.urgent},
        std::uint64_t{s.seq.value},
        std::uint64_t{s.ack.value},
        std::uint64_t{s.cut_by_snaplen},
        std::uint64_t{s.options.has_timestamps},
        std::uint64_t{s.options.has_window_scale},
        std::uint64_t{s.options.sack_permitted},
        std::uint64_t{s.options.has_signature},
        std::uint64_t{s.options.window_scale},
        std::uint64_t{s.options.mss},
        std::uint64_t{s.options.timestamp_value},
        std::uint64_t{s.options.timestamp_echo},
        std::uint64_t{s.wire_length - link_bytes},
        std::uint64_t{s.interface},
        std::uint64_t{s.checksum},
        static_cast<std::uint64_t>(s.checksum_result),
        std::uint64_t{s.header_bytes},
        std::uint64_t{s.unusual},
        static_cast<std::uint64_t>(s.arrived.time_since_epoch().count())})
    text += " " + std::to_string(number);
  return text;
}

void expect_same_answers(const wire::DecodeOptions& options, unsigned seed) {
  constexpr std::size_t kEthernet = 12, kCooked = 14; // before the type
  Frames frames(seed);
  Decoding in_one_go(options), walking(options);
  std::size_t plain = 0, other = 0;
  for (int i = 0; i < 4000; ++i) {
    Buffer bytes = frames.next();
    if (i % 3 == 0) frames.damage(bytes);
    // The number of LLC in a cooked capture is the length of a frame in Ethernet.
    if (bytes.size() >= 2 && load_be16(bytes.data()) < 0x600) continue;
    const std::size_t cut = frames.below(8) == 0 ? frames.below(50) : 0;
    Buffer ethernet(kEthernet), cooked(kCooked);
    ethernet.insert(ethernet.end(), bytes.begin(), bytes.end());
    cooked.insert(cooked.end(), bytes.begin(), bytes.end());
    const wire::Frame frame = frame_of(ethernet, wire::LinkType::ethernet, cut);
    (wire::find_plain(frame, options.tunnels).ip != nullptr ? plain : other) += 1;
    ASSERT_EQ(text_of(in_one_go(frame), kEthernet),
              text_of(walking(frame_of(cooked, wire::LinkType::linux_sll, cut)), kCooked))
        << "seed " << seed << ", frame " << i;
  }
  EXPECT_GT(plain, 1000U);
  EXPECT_GT(other, 1000U);
  for (std::size_t i = 0; i < static_cast<std::size_t>(wire::DecodeCount::count_); ++i) {
    const auto which = static_cast<wire::DecodeCount>(i);
    EXPECT_EQ(in_one_go.count(which), walking.count(which)) << wire::name_of(which);
  }
}

TEST(PlainFrame, IsDecodedAsByTheWalk) {
  for (const ChecksumMode mode :
       {ChecksumMode::automatic, ChecksumMode::mirrored, ChecksumMode::on, ChecksumMode::off}) {
    expect_same_answers({.checksums = mode}, 1 + static_cast<unsigned>(mode));
    expect_same_answers({.tunnels = wire::TunnelSet::none(), .checksums = mode}, 9);
  }
}

} // namespace
} // namespace xdpcap::test
