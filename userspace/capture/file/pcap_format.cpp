#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "capture/file/file_format.hpp"
#include "capture/file/link_numbers.hpp"

namespace xdpcap::capture {
namespace {

constexpr std::uint32_t kMicroseconds = 0xa1b2c3d4;
constexpr std::uint32_t kNanoseconds = 0xa1b23c4d;
constexpr std::uint32_t kModified = 0xa1b2cd34; // by a kernel patch of the 1990s
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

} // namespace

Instant instant_from_ticks(std::uint64_t ticks, std::uint64_t ticks_per_second,
                           std::int64_t offset_seconds) noexcept {
  constexpr std::int64_t kSecondsMax = std::int64_t{1} << 32;
  const auto whole =
      static_cast<std::int64_t>(std::min<std::uint64_t>(ticks / ticks_per_second, kSecondsMax));
  const std::int64_t offset = std::clamp(offset_seconds, -kSecondsMax, kSecondsMax);
  const std::int64_t seconds = std::clamp<std::int64_t>(whole + offset, 0, kSecondsMax);
  std::uint64_t rest = ticks % ticks_per_second;
  // Neither the product nor what is lost by it may show: below 2^33 ticks a
  // second multiply first, above divide first.
  const std::uint64_t ns = ticks_per_second <= (std::uint64_t{1} << 33)
                               ? rest * kNsPerSecond / ticks_per_second
                               : rest / (ticks_per_second / kNsPerSecond);
  return instant_from_ns(seconds * static_cast<std::int64_t>(kNsPerSecond) +
                         static_cast<std::int64_t>(std::min(ns, kNsPerSecond - 1)));
}

Result<PcapFormat, Error> PcapFormat::begin(FileInput& input, std::span<const std::byte, 4> start) {
  const auto as_is = load_native<std::uint32_t>(start.data());
  const std::uint32_t turned = __builtin_bswap32(as_is);
  const bool swapped = turned == kMicroseconds || turned == kNanoseconds || turned == kModified;
  const std::uint32_t magic = swapped ? turned : as_is;
  if (magic == kModified) {
    return Error{ExitCode::input,
                 fmt::format("{} is in a modified pcap format of the 1990s; convert it with "
                             "\"editcap -F pcapng\"",
                             input.name())};
  }
  PcapFormat format;
  format.order_ = ByteOrder{swapped};
  if (magic == kNanoseconds) format.ticks_per_second_ = kNsPerSecond;

  std::array<std::byte, 20> rest{};
  if (input.read(rest) != rest.size()) {
    return Error{ExitCode::input,
                 fmt::format("{} ends inside of its file header; copy it again", input.name())};
  }
  const std::uint16_t major = format.order_.u16(rest.data());
  if (major != 2) {
    return Error{ExitCode::input,
                 fmt::format("{} has version {} of the pcap format, this program reads version 2",
                             input.name(), major)};
  }
  format.interface_.snap_length = format.order_.u32(rest.data() + 12);
  // The upper half is about frame check sequences, which are not needed here.
  format.interface_.link_number = format.order_.u32(rest.data() + 16) & 0xffff;
  format.interface_.link = link_of_number(format.interface_.link_number);
  return format;
}

ReadState PcapFormat::broken(std::string why) {
  trouble_ = std::move(why);
  return ReadState::broken;
}

ReadState PcapFormat::next(FileInput& input, std::span<std::byte> room, wire::Frame& frame) {
  std::array<std::byte, 16> header{};
  const std::size_t got = input.read(header);
  if (got == 0 && input.failure() == 0) return ReadState::end;
  if (got != header.size()) return broken("ends inside of the header of a record");
  const std::uint32_t seconds = order_.u32(header.data());
  const std::uint32_t fraction = order_.u32(header.data() + 4);
  const std::uint32_t captured = order_.u32(header.data() + 8);
  const std::uint32_t on_wire = order_.u32(header.data() + 12);
  if (captured > room.size())
    return broken(fmt::format("has a record of {} bytes, which no frame has", captured));
  if (input.read(room.first(captured)) != captured) return broken("ends inside of a record");

  frame.bytes = room.first(captured);
  frame.wire_length = std::max(captured, on_wire);
  frame.arrived = instant_from_ticks(seconds * ticks_per_second_ + fraction, ticks_per_second_, 0);
  frame.link = interface_.link;
  frame.interface = 0;
  return ReadState::frame;
}

} // namespace xdpcap::capture
