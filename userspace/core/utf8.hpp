#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace xdpcap {

// Bytes of the UTF-8 character (RFC 3629: no surrogates, no overlong forms) that a text, which is
// not empty, begins with; 0: it begins with none.
std::size_t utf8_length(std::string_view text) noexcept;
bool is_utf8(std::string_view text) noexcept;
// Each byte one character (Latin-1), in UTF-8.
std::string utf8_of_latin1(std::string_view text);
// Text of a host as UTF-8: as it is, or each byte one character.
std::string utf8_of(std::string_view text);

// Text that a process chose, at most `bytes_max` of it, made harmless: control
// characters become blanks, what is not UTF-8 becomes '?', blanks at the end go.
std::string clean_text(std::string_view bytes, std::size_t bytes_max);

} // namespace xdpcap
