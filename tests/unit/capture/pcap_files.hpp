#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>

#include "capture/file/pcap_source.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {

// A file that is gone when the test is over.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content = {}) {
    std::string path = "/tmp/xdpcap-test-XXXXXX";
    ::close(::mkstemp(path.data()));
    path_ = path;
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The integers of a file in either byte order, and what is made of them.
class Writing {
 public:
  explicit Writing(bool big_endian) : big_endian_(big_endian) {}

  [[nodiscard]] std::string number(std::uint64_t value, std::size_t size) const {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) {
      bytes.push_back(static_cast<char>(value >> 8 * (big_endian_ ? size - 1 - i : i)));
    }
    return bytes;
  }
  [[nodiscard]] std::string u16(std::uint64_t value) const { return number(value, 2); }
  [[nodiscard]] std::string u32(std::uint64_t value) const { return number(value, 4); }

  // pcap
  [[nodiscard]] std::string pcap_header(std::uint32_t magic = 0xa1b2c3d4,
                                        std::uint32_t link = 1) const {
    return u32(magic) + u16(2) + u16(4) + u32(0) + u32(0) + u32(65535) + u32(link);
  }
  [[nodiscard]] std::string record(std::uint32_t seconds, std::uint32_t fraction,
                                   std::string_view bytes, std::uint32_t on_wire = 0) const {
    return u32(seconds) + u32(fraction) + u32(bytes.size()) +
           u32(on_wire != 0 ? on_wire : bytes.size()) + std::string(bytes);
  }

  // pcapng
  [[nodiscard]] std::string block(std::uint32_t type, std::string body) const {
    body.resize((body.size() + 3) / 4 * 4);
    return u32(type) + u32(body.size() + 12) + body + u32(body.size() + 12);
  }
  [[nodiscard]] std::string section() const {
    return block(0x0a0d0d0a, u32(0x1a2b3c4d) + u16(1) + u16(0) + number(UINT64_MAX, 8));
  }
  [[nodiscard]] std::string interface(std::uint16_t link, const std::string& options = {},
                                      std::uint32_t snap_length = 0) const {
    return block(1, u16(link) + u16(0) + u32(snap_length) + options);
  }
  [[nodiscard]] std::string option(std::uint16_t code, std::string value) const {
    const std::size_t length = value.size();
    value.resize((length + 3) / 4 * 4);
    return u16(code) + u16(length) + value;
  }
  [[nodiscard]] std::string packet(std::uint32_t interface, std::uint64_t ticks,
                                   std::string_view bytes, std::uint32_t on_wire = 0) const {
    return block(6, u32(interface) + u32(ticks >> 32) + u32(ticks & 0xffffffff) +
                        u32(bytes.size()) + u32(on_wire != 0 ? on_wire : bytes.size()) +
                        std::string(bytes));
  }
  [[nodiscard]] std::string simple_packet(std::string_view bytes, std::uint32_t on_wire) const {
    return block(3, u32(on_wire) + std::string(bytes));
  }
  [[nodiscard]] std::string obsolete_packet(std::uint16_t interface, std::uint64_t ticks,
                                            std::string_view bytes) const {
    return block(2, u16(interface) + u16(7) + u32(ticks >> 32) + u32(ticks & 0xffffffff) +
                        u32(bytes.size()) + u32(bytes.size()) + std::string(bytes));
  }

 private:
  bool big_endian_;
};

// Frames as they came, in a form that outlives their burst.
struct Kept {
  std::string bytes;
  std::uint32_t wire_length = 0;
  std::int64_t ns = 0;
  wire::LinkType link = wire::LinkType::unsupported;
  std::uint16_t interface = 0;

  friend bool operator==(const Kept&, const Kept&) = default;
};

template <class Source>
std::vector<Kept> drain(Source& source) {
  std::vector<Kept> kept;
  while (!source.finished()) {
    const auto burst = source.receive();
    for (const wire::Frame& frame : burst.frames()) {
      kept.push_back({std::string(as_text(frame.bytes)), frame.wire_length,
                      ns_since_1970(frame.arrived), frame.link, frame.interface});
    }
  }
  return kept;
}

} // namespace xdpcap::test
