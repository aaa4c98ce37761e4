#include "capture/file/capture_file.hpp"

#include <array>

#include "capture/file/link_numbers.hpp"
#include "core/errors.hpp"

namespace xdpcap::capture {
namespace {

Error no_capture(const FileInput& input, std::size_t got, std::span<const std::byte, 4> start) {
  if (input.failure() != 0) {
    return {ExitCode::input,
            fmt::format("{} cannot be read: {}", input.name(), errno_text(input.failure()))};
  }
  if (got == 0)
    return {ExitCode::input,
            fmt::format("{} is empty; it has not even a file header", input.name())};
  if (load_be16(start.data()) == 0x1f8b) {
    return {ExitCode::input,
            fmt::format("{} is compressed; unpack it with gunzip, or pipe it: zcat FILE | "
                        "xdpcap-run -r -",
                        input.name())};
  }
  return {
      ExitCode::input,
      fmt::format("{} is no capture file; -r reads pcap and pcapng, as tcpdump -w and Wireshark "
                  "write them",
                  input.name())};
}

} // namespace

Result<CaptureFile::Format, Error> CaptureFile::begin(FileInput& input) {
  std::array<std::byte, 4> start{};
  const std::size_t got = input.read(start);
  if (got != start.size()) return no_capture(input, got, start);
  const auto magic = load_native<std::uint32_t>(start.data());
  if (magic == 0x0a0d0d0a) {
    Result<PcapngFormat, Error> format = PcapngFormat::begin(input, start);
    if (!format.ok()) return std::move(format).error();
    return Format{std::move(format).value()};
  }
  for (const std::uint32_t known : {0xa1b2c3d4U, 0xa1b23c4dU, 0xa1b2cd34U}) {
    if (magic != known && magic != __builtin_bswap32(known)) continue;
    Result<PcapFormat, Error> format = PcapFormat::begin(input, start);
    if (!format.ok()) return std::move(format).error();
    return Format{std::move(format).value()};
  }
  return no_capture(input, got, start);
}

Result<CaptureFile, Error> CaptureFile::open(const std::string& path) {
  Result<FileInput, Error> input = FileInput::open(path);
  if (!input.ok()) return std::move(input).error();
  Result<Format, Error> format = begin(*input);
  if (!format.ok()) return std::move(format).error();
  CaptureFile file{std::move(input).value(), std::move(format).value()};
  // A pcapng file may have interfaces of several types, and describe them late:
  // its frames are then refused one by one.
  if (const auto* pcap = std::get_if<PcapFormat>(&file.format_)) {
    const FileInterface& interface = pcap->interfaces().front();
    if (interface.link == wire::LinkType::unsupported) {
      return Error{ExitCode::input,
                   fmt::format("{} has frames of link type {}, which this program does not "
                               "understand; capture on an Ethernet, cooked or raw IP interface",
                               file.input_.name(), name_of_link_number(interface.link_number))};
    }
  }
  return file;
}

ReadState CaptureFile::next(std::span<std::byte> room, wire::Frame& frame) {
  if (over_) return *over_;
  const ReadState state =
      std::visit([&](auto& format) { return format.next(input_, room, frame); }, format_);
  if (state != ReadState::frame) over_ = state;
  return state;
}

Result<void, Error> CaptureFile::rewind() {
  if (!input_.rewind()) {
    return Error{ExitCode::input,
                 fmt::format("{} cannot be read twice; save it to a file first", input_.name())};
  }
  Result<Format, Error> format = begin(input_);
  if (!format.ok()) return std::move(format).error();
  format_ = std::move(format).value();
  over_.reset();
  return {};
}

std::span<const FileInterface> CaptureFile::interfaces() const noexcept {
  if (const auto* pcap = std::get_if<PcapFormat>(&format_)) return pcap->interfaces();
  return std::get_if<PcapngFormat>(&format_)->interfaces();
}

std::optional<Error> CaptureFile::trouble() const {
  if (over_ != ReadState::broken) return std::nullopt;
  if (input_.failure() != 0) {
    return Error{ExitCode::input,
                 fmt::format("{} cannot be read to its end: {}; what came before was used",
                             input_.name(), errno_text(input_.failure()))};
  }
  const std::string& why = std::visit(
      [](const auto& format) -> const std::string& { return format.trouble(); }, format_);
  return Error{ExitCode::input,
               fmt::format("{} {}; what came before was used", input_.name(), why)};
}

} // namespace xdpcap::capture
