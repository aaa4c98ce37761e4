#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "capture/file/file_format.hpp"
#include "capture/file/link_numbers.hpp"

namespace xdpcap::capture {
namespace {

enum : std::uint32_t {
  kSection = 0x0a0d0d0a, // reads the same in both byte orders
  kInterface = 1,
  kObsoletePacket = 2,
  kSimplePacket = 3,
  kEnhancedPacket = 6,
};
constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;
constexpr std::uint32_t kFrameOfBlock = 12; // type, length, and the length again at the end
constexpr std::uint32_t kInterfaceBlockMax = 1U << 20;
constexpr std::size_t kInterfacesMax = 65536; // Frame::interface has 16 bits

std::uint32_t padded(std::uint32_t bytes) noexcept {
  return (bytes + 3) & ~3U;
}

} // namespace

Result<PcapngFormat, Error> PcapngFormat::begin(FileInput& input,
                                                std::span<const std::byte, 4> /*start*/) {
  PcapngFormat format;
  Block block{.type = kSection};
  if (format.open_section(input, block) != ReadState::frame ||
      format.close_block(input, block) != ReadState::frame) {
    return Error{ExitCode::input,
                 fmt::format("{} {}; copy it again", input.name(), format.trouble_)};
  }
  return format;
}

ReadState PcapngFormat::broken(std::string why) {
  trouble_ = std::move(why);
  return ReadState::broken;
}

// Reads from the body of a block. Here and below, `frame` means: go on.
ReadState PcapngFormat::read_part(FileInput& input, Block& block, std::span<std::byte> to) {
  if (to.size() > block.left)
    return broken(fmt::format("has a block of type {} that is too short", block.type));
  if (input.read(to) != to.size()) return broken("ends inside of a block");
  block.left -= static_cast<std::uint32_t>(to.size());
  return ReadState::frame;
}

ReadState PcapngFormat::open_block(FileInput& input, Block& block) {
  std::array<std::byte, 4> word{};
  const std::size_t got = input.read(word);
  if (got == 0 && input.failure() == 0) return ReadState::end;
  if (got != word.size()) return broken("ends inside of the header of a block");
  block.type = order_.u32(word.data());
  if (block.type == kSection) return open_section(input, block);
  if (input.read(word) != word.size()) return broken("ends inside of the header of a block");
  block.total = order_.u32(word.data());
  if (block.total < kFrameOfBlock || block.total % 4 != 0) {
    return broken(fmt::format("has a block with the impossible length {}", block.total));
  }
  block.left = block.total - kFrameOfBlock;
  return ReadState::frame;
}

// Behind the type of a section header. Its length can only be read when the
// byte order is known, which stands behind it.
ReadState PcapngFormat::open_section(FileInput& input, Block& block) {
  std::array<std::byte, 8> words{};
  if (input.read(words) != words.size()) return broken("ends inside of a section header");
  const auto magic = load_native<std::uint32_t>(words.data() + 4);
  if (magic != kByteOrder && magic != __builtin_bswap32(kByteOrder)) {
    return broken("has a section header without a byte-order mark");
  }
  order_ = ByteOrder{magic != kByteOrder};
  block.total = order_.u32(words.data());
  if (block.total < kFrameOfBlock + 4 || block.total % 4 != 0) {
    return broken(fmt::format("has a section header with the impossible length {}", block.total));
  }
  block.left = block.total - kFrameOfBlock - 4;
  std::array<std::byte, 4> version{};
  if (const ReadState state = read_part(input, block, version); state != ReadState::frame)
    return state;
  if (const std::uint16_t major = order_.u16(version.data()); major != 1) {
    return broken(
        fmt::format("has version {} of the pcapng format, this program reads version 1", major));
  }
  section_ = interfaces_.size();
  return ReadState::frame;
}

ReadState PcapngFormat::close_block(FileInput& input, Block& block) {
  if (input.skip(block.left) != block.left) return broken("ends inside of a block");
  std::array<std::byte, 4> again{};
  if (input.read(again) != again.size()) return broken("ends inside of a block");
  if (order_.u32(again.data()) != block.total)
    return broken("has a block whose two lengths differ");
  return ReadState::frame;
}

void PcapngFormat::read_interface_option(std::uint16_t code, Bytes value, FileInterface& interface,
                                         Clock& clock) {
  enum : std::uint16_t { kName = 2, kResolution = 9, kOffset = 14 };
  if (code == kName) interface.name = as_text(value).substr(0, as_text(value).find('\0'));
  if (code == kOffset && value.size() == 8)
    clock.offset_seconds = static_cast<std::int64_t>(order_.u64(value.data()));
  if (code != kResolution || value.size() != 1) return;
  // A negative power of 10, or of 2 where the highest bit is set.
  const unsigned resolution = load_u8(value.data());
  const unsigned power = resolution & 0x7f;
  if ((resolution & 0x80) != 0) {
    clock.ticks_per_second = std::uint64_t{1} << std::min(power, 63U);
  } else {
    clock.ticks_per_second = 1;
    for (unsigned i = 0; i < std::min(power, 19U); ++i) clock.ticks_per_second *= 10;
  }
}

ReadState PcapngFormat::read_interface(FileInput& input, Block& block) {
  if (interfaces_.size() == kInterfacesMax)
    return broken("describes more interfaces than there can be");
  if (block.left > kInterfaceBlockMax)
    return broken("describes an interface in more bytes than any can need");
  std::array<std::byte, 8> fixed{};
  if (const ReadState state = read_part(input, block, fixed); state != ReadState::frame)
    return state;
  std::vector<std::byte> body(block.left);
  if (const ReadState state = read_part(input, block, body); state != ReadState::frame)
    return state;

  FileInterface interface;
  Clock clock;
  interface.link_number = order_.u16(fixed.data());
  interface.link = link_of_number(interface.link_number);
  interface.snap_length = order_.u32(fixed.data() + 4);
  for (Bytes options = body; options.size() >= 4;) {
    const std::uint16_t code = order_.u16(options.data());
    const std::size_t length = order_.u16(options.data() + 2);
    if (code == 0 || length > options.size() - 4) break;
    read_interface_option(code, options.subspan(4, length), interface, clock);
    options = options.subspan(
        std::min(options.size(), 4 + std::size_t{padded(static_cast<std::uint32_t>(length))}));
  }
  interfaces_.push_back(std::move(interface));
  clocks_.push_back(clock);
  return ReadState::frame;
}

ReadState PcapngFormat::read_bytes(FileInput& input, Block& block, std::uint32_t captured,
                                   std::uint32_t wire, std::span<std::byte> room,
                                   wire::Frame& frame) {
  if (captured > room.size())
    return broken(fmt::format("has a packet of {} bytes, which no frame has", captured));
  if (const ReadState state = read_part(input, block, room.first(captured));
      state != ReadState::frame)
    return state;
  frame.bytes = room.first(captured);
  frame.wire_length = std::max(captured, wire);
  return ReadState::frame;
}

// An enhanced packet block or its obsolete forerunner, which squeezed a count of
// drops in beside the interface.
ReadState PcapngFormat::read_packet(FileInput& input, Block& block, std::span<std::byte> room,
                                    wire::Frame& frame) {
  std::array<std::byte, 20> fixed{};
  if (const ReadState state = read_part(input, block, fixed); state != ReadState::frame)
    return state;
  const std::size_t number =
      block.type == kObsoletePacket ? order_.u16(fixed.data()) : order_.u32(fixed.data());
  if (number >= interfaces_.size() - section_) {
    return broken(fmt::format("has a packet of interface {}, which it does not describe", number));
  }
  const std::size_t index = section_ + number;
  const std::uint64_t ticks =
      std::uint64_t{order_.u32(fixed.data() + 4)} << 32 | order_.u32(fixed.data() + 8);
  const std::uint32_t captured = order_.u32(fixed.data() + 12);
  const std::uint32_t wire = order_.u32(fixed.data() + 16);
  frame.arrived =
      instant_from_ticks(ticks, clocks_[index].ticks_per_second, clocks_[index].offset_seconds);
  frame.link = interfaces_[index].link;
  frame.interface = static_cast<std::uint16_t>(index);
  last_ = frame.arrived;
  return read_bytes(input, block, captured, wire, room, frame);
}

// The shortest form: always of the section's first interface, and no time.
ReadState PcapngFormat::read_simple_packet(FileInput& input, Block& block,
                                           std::span<std::byte> room, wire::Frame& frame) {
  std::array<std::byte, 4> fixed{};
  if (const ReadState state = read_part(input, block, fixed); state != ReadState::frame)
    return state;
  if (section_ == interfaces_.size())
    return broken("has a packet of interface 0, which it does not describe");
  const FileInterface& interface = interfaces_[section_];
  const std::uint32_t wire = order_.u32(fixed.data());
  std::uint32_t captured = std::min(wire, block.left);
  if (interface.snap_length != 0) captured = std::min(captured, interface.snap_length);
  frame.arrived = last_;
  frame.link = interface.link;
  frame.interface = static_cast<std::uint16_t>(section_);
  return read_bytes(input, block, captured, wire, room, frame);
}

ReadState PcapngFormat::next(FileInput& input, std::span<std::byte> room, wire::Frame& frame) {
  for (;;) {
    Block block;
    ReadState state = open_block(input, block);
    if (state != ReadState::frame) return state;
    const bool is_packet = block.type == kEnhancedPacket || block.type == kObsoletePacket ||
                           block.type == kSimplePacket;
    if (block.type == kSimplePacket) {
      state = read_simple_packet(input, block, room, frame);
    } else if (is_packet) {
      state = read_packet(input, block, room, frame);
    } else if (block.type == kInterface) {
      state = read_interface(input, block);
    }
    if (state == ReadState::frame) state = close_block(input, block);
    if (state != ReadState::frame || is_packet) return state;
  }
}

} // namespace xdpcap::capture
