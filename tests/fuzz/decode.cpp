#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "wire/decode.hpp"

// The decoder on any bytes. An input is a number of frames, so that it reaches
// the fragment store: a byte of options, then for each frame a link type, a
// length, how much the snap length cut away, and the bytes. Beyond what the
// sanitizers see, a segment must lie in its frame (or in the store), and every
// frame must be counted once.

using namespace xdpcap;

namespace {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : left_(reinterpret_cast<const std::byte*>(data), size) {}

  [[nodiscard]] bool empty() const { return left_.empty(); }
  std::size_t byte() {
    if (left_.empty()) return 0;
    const std::size_t value = load_u8(left_.data());
    left_ = left_.subspan(1);
    return value;
  }
  Bytes bytes(std::size_t count) {
    const Bytes taken = left_.first(std::min(count, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }

 private:
  Bytes left_;
};

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const wire::Frame& frame, const wire::Segment& segment, bool joined) {
  require(segment.key.low <= segment.key.high);
  const std::byte* end = segment.payload.data() + segment.payload.size();
  if (!joined) {
    require(segment.payload.data() >= frame.bytes.data() &&
            end <= frame.bytes.data() + frame.bytes.size());
  }
  unsigned sum = 0;
  for (const std::byte byte : segment.payload)
    sum += std::to_integer<unsigned>(byte); // is it there?
  require(sum <= 255 * segment.payload.size());
}

void check(const wire::Frame& frame, const wire::UdpDatagram& datagram, bool joined) {
  const Bytes payload = datagram.payload;
  if (!joined) {
    require(payload.data() >= frame.bytes.data() &&
            payload.data() + payload.size() <= frame.bytes.data() + frame.bytes.size());
  }
  if (datagram.length >= 8) require(payload.size() <= datagram.length - 8U);
  unsigned sum = 0;
  for (const std::byte byte : payload) sum += std::to_integer<unsigned>(byte);
  require(sum <= 255 * payload.size());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::size_t options = input.byte();
  wire::Decoder decoder(
      {.checksums = static_cast<wire::ChecksumMode>(options % 3),
       .fragment_bytes = (options & 0x80) != 0 ? std::size_t{140'000} : std::size_t{1} << 20,
       .datagrams = true});
  std::uint64_t frames = 0;
  Instant now;
  while (!input.empty()) {
    wire::Frame frame;
    frame.link = static_cast<wire::LinkType>(
        input.byte() % (static_cast<std::size_t>(wire::LinkType::unsupported) + 1));
    const std::size_t length = input.byte() * 8;
    const std::size_t cut = input.byte();
    frame.bytes = input.bytes(length);
    frame.wire_length = static_cast<std::uint32_t>(frame.bytes.size() + (cut < 128 ? cut : 0));
    now += std::chrono::milliseconds(cut * 100);
    frame.arrived = now;

    const std::uint64_t joined_before = decoder.counters().get(wire::DecodeCount::from_fragments);
    const std::uint64_t whole_before = decoder.counters().get(wire::DecodeCount::fragments_joined);
    const auto decoded = decoder.decode(frame);
    ++frames;
    if (decoded.ok()) {
      check(frame, *decoded,
            decoder.counters().get(wire::DecodeCount::from_fragments) != joined_before);
    }
    if (!decoded.ok() && decoded.error() == wire::NoSegment::udp) {
      check(frame, decoder.datagram(),
            decoder.counters().get(wire::DecodeCount::fragments_joined) != whole_before);
    }
    if (frames % 4 == 0) decoder.end_burst(now);
  }
  std::uint64_t counted = decoder.counters().get(wire::DecodeCount::segments);
  for (std::size_t i = 0; i < static_cast<std::size_t>(wire::NoSegment::count_); ++i) {
    counted += decoder.counters().get(wire::counter_of(static_cast<wire::NoSegment>(i)));
  }
  require(counted == frames);
  return 0;
}
