#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "core/bytes.hpp"

namespace xdpcap::http {

// Finds the empty line that ends a head or a trailer section, given any split:
// each byte is looked at once. It agrees with parse_head on what a line is.
class EmptyLineFinder {
 public:
  // A head begins inside its start line, a trailer section at the start of a line.
  static EmptyLineFinder inside_line() noexcept { return EmptyLineFinder{Place::inside}; }
  static EmptyLineFinder at_line_start() noexcept { return EmptyLineFinder{Place::start}; }
  EmptyLineFinder() noexcept = default;

  // How many of `bytes` belong to the section, its empty line counted in; nothing
  // when it goes on behind them.
  std::optional<std::size_t> find(Bytes bytes) noexcept {
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      if (place_ == Place::inside) {
        const void* line_end = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
        if (line_end == nullptr) return std::nullopt;
        at = static_cast<std::size_t>(static_cast<const std::byte*>(line_end) - bytes.data());
        place_ = Place::start;
      } else if (bytes[at] == std::byte{'\n'}) {
        return at + 1;
      } else if (place_ == Place::start && bytes[at] == std::byte{'\r'}) {
        place_ = Place::start_cr;
      } else {
        place_ = Place::inside;
      }
    }
    return std::nullopt;
  }

 private:
  enum class Place : std::uint8_t { inside, start, start_cr };
  explicit EmptyLineFinder(Place place) noexcept : place_(place) {}

  Place place_ = Place::inside;
};

} // namespace xdpcap::http
