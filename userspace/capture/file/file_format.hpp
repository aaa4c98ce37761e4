#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capture/file/file_input.hpp"
#include "core/error.hpp"
#include "core/result.hpp"
#include "wire/frame.hpp"

namespace xdpcap::capture {

// No record of a capture file is longer: the longest packet that Linux makes
// (BIG TCP, 512 KiB) fits twice.
inline constexpr std::size_t frame_bytes_max = std::size_t{1} << 20;

// An interface that a capture file speaks of. Frame::interface is its index.
struct FileInterface {
  std::string name; // empty where the file does not say
  std::uint32_t link_number = 0;
  wire::LinkType link = wire::LinkType::unsupported;
  std::uint32_t snap_length = 0; // 0: no limit
};

// frame: there is one. end: the file ends where it may. broken: it does not go
// on from here; what came before is good.
enum class ReadState : std::uint8_t { frame, end, broken };

// The integers of a file that was written in either byte order.
class ByteOrder {
 public:
  constexpr explicit ByteOrder(bool swapped = false) noexcept : swapped_(swapped) {}

  [[nodiscard]] std::uint16_t u16(const std::byte* at) const noexcept {
    const auto value = load_native<std::uint16_t>(at);
    return swapped_ ? __builtin_bswap16(value) : value;
  }
  [[nodiscard]] std::uint32_t u32(const std::byte* at) const noexcept {
    const auto value = load_native<std::uint32_t>(at);
    return swapped_ ? __builtin_bswap32(value) : value;
  }
  [[nodiscard]] std::uint64_t u64(const std::byte* at) const noexcept {
    const auto value = load_native<std::uint64_t>(at);
    return swapped_ ? __builtin_bswap64(value) : value;
  }

 private:
  bool swapped_;
};

// Time as `ticks` of which `ticks_per_second` make a second, moved by
// `offset_seconds`. What lies before 1970 or behind 2116 is moved to there, so
// that nobody who adds a time-out overflows.
Instant instant_from_ticks(std::uint64_t ticks, std::uint64_t ticks_per_second,
                           std::int64_t offset_seconds) noexcept;

// The original pcap format (draft-ietf-opsawg-pcap), microseconds and
// nanoseconds, either byte order.
class PcapFormat {
 public:
  // `start` holds the first 4 bytes of the file; reads the rest of its header.
  static Result<PcapFormat, Error> begin(FileInput& input, std::span<const std::byte, 4> start);

  [[nodiscard]] ReadState next(FileInput& input, std::span<std::byte> room, wire::Frame& frame);

  [[nodiscard]] std::span<const FileInterface> interfaces() const noexcept {
    return {&interface_, 1};
  }
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

 private:
  ReadState broken(std::string why);

  ByteOrder order_;
  std::uint64_t ticks_per_second_ = 1'000'000;
  FileInterface interface_;
  std::string trouble_;
};

// The pcapng format (draft-ietf-opsawg-pcapng): sections in any byte order,
// interfaces of any number, link type and time resolution; enhanced, simple and
// obsolete packet blocks. Unknown blocks are skipped, all lengths checked.
class PcapngFormat {
 public:
  static Result<PcapngFormat, Error> begin(FileInput& input, std::span<const std::byte, 4> start);

  [[nodiscard]] ReadState next(FileInput& input, std::span<std::byte> room, wire::Frame& frame);

  // Those met so far, of all sections.
  [[nodiscard]] std::span<const FileInterface> interfaces() const noexcept { return interfaces_; }
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

 private:
  struct Clock {
    std::uint64_t ticks_per_second = 1'000'000;
    std::int64_t offset_seconds = 0;
  };
  struct Block {
    std::uint32_t type = 0;
    std::uint32_t left = 0; // bytes of the body that were not read yet
    std::uint32_t total = 0;
  };

  [[nodiscard]] ReadState open_block(FileInput& input, Block& block);
  [[nodiscard]] ReadState open_section(FileInput& input, Block& block);
  [[nodiscard]] ReadState close_block(FileInput& input, Block& block);
  [[nodiscard]] ReadState read_interface(FileInput& input, Block& block);
  void read_interface_option(std::uint16_t code, Bytes value, FileInterface& interface,
                             Clock& clock);
  [[nodiscard]] ReadState read_packet(FileInput& input, Block& block, std::span<std::byte> room,
                                      wire::Frame& frame);
  [[nodiscard]] ReadState read_simple_packet(FileInput& input, Block& block,
                                             std::span<std::byte> room, wire::Frame& frame);
  [[nodiscard]] ReadState read_bytes(FileInput& input, Block& block, std::uint32_t captured,
                                     std::uint32_t wire, std::span<std::byte> room,
                                     wire::Frame& frame);
  [[nodiscard]] ReadState read_part(FileInput& input, Block& block, std::span<std::byte> to);
  ReadState broken(std::string why);

  ByteOrder order_;
  std::vector<FileInterface> interfaces_;
  std::vector<Clock> clocks_; // of the same
  std::size_t section_ = 0;   // index of this section's first interface
  Instant last_;              // for simple packets, which have no time
  std::string trouble_;
};

} // namespace xdpcap::capture
