#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace xdpcap::http {

// tchar of RFC 9110, 5.6.2.
inline constexpr std::array<bool, 256> kTokenChar = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view{
           "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

inline constexpr bool is_token_char(char c) noexcept {
  return kTokenChar[static_cast<unsigned char>(c)];
}
inline constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
inline constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}
// What is trimmed off a value before it is interpreted: inside a folded one the line
// ends count as blanks (RFC 9112, 5.2), and so do VT and FF (RFC 9112, 3, leniently).
inline constexpr bool is_trimmed(char c) noexcept {
  return is_blank(c) || (c >= '\n' && c <= '\r');
}
// Two bytes are there.
inline bool begins_with_crlf(const char* at) noexcept {
  return std::memcmp(at, "\r\n", 2) == 0;
}
inline constexpr bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

inline constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// `lowered` is in lower case already.
inline constexpr bool equals_ignoring_case(std::string_view text,
                                           std::string_view lowered) noexcept {
  if (text.size() != lowered.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lowered[i]) return false;
  }
  return true;
}

inline constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_trimmed(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_trimmed(text.back())) text.remove_suffix(1);
  return text;
}

// Calls `use` with each member of a comma-separated list, trimmed; an empty list
// has one empty member.
template <class Use>
constexpr void for_each_member(std::string_view list, Use use) noexcept {
  for (;;) {
    const std::size_t comma = list.find(',');
    use(trim(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

} // namespace xdpcap::http
