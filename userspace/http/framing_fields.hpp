#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "http/message.hpp"

namespace xdpcap::http {

// What the field lines of one head say about framing and routing, gathered line
// by line. Plain facts: what follows from them is decided in framing.hpp.
struct FramingFields {
  bool has_length = false;
  bool length_bad = false;      // not one plain number (RFC 9110, 8.6)
  bool length_repeated = false; // more than one value, all equal
  std::uint64_t length = 0;

  bool has_transfer_encoding = false;
  bool chunked_last = false;     // the last coding of all lines together (RFC 9112, 6.1)
  bool chunked_repeated = false; // "MUST NOT apply the chunked coding more than once"

  bool closes = false; // Connection: close
  std::uint32_t hosts = 0;
  std::string_view host; // the first; lives as long as the head

  // Values may be folded. The common case, a field of no interest, costs a look at
  // the length of its name and its first letter.
  void add(std::string_view name, std::string_view value) noexcept {
    if (name.size() >= kInitials.size() || name.empty()) return;
    if ((name.front() | 0x20) == kInitials[name.size()]) examine(name, value);
  }

 private:
  static constexpr auto kInitials = [] {
    std::array<char, 18> initials{}; // by length
    initials[4] = 'h';
    initials[10] = 'c';
    initials[14] = 'c';
    initials[17] = 't';
    return initials;
  }();

  void examine(std::string_view name, std::string_view value) noexcept;
  void parse_content_length(std::string_view value) noexcept;
  void parse_transfer_encoding(std::string_view value) noexcept;
};

} // namespace xdpcap::http
