#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/bytes.hpp"

// The few pieces JSON lines are made of. All append to a string the caller
// reuses, so that after some lines nothing allocates. Whatever the bytes, the
// result is valid JSON in UTF-8.
namespace xdpcap::codec::json {

// A string in quotes: each byte is one character (Latin-1), nothing decoded.
void append_latin1(std::string& out, std::string_view bytes);
// The same for a field value: a fold (RFC 9112, 5.2) becomes one space.
void append_field_value(std::string& out, std::string_view bytes);
// A string in quotes of text that is valid UTF-8.
void append_utf8(std::string& out, std::string_view text);
void append_base64(std::string& out, std::string_view bytes);
// A piece of what lies between the quotes. Of base64 all pieces but the last are whole groups of
// three bytes.
void append_utf8_inside(std::string& out, std::string_view text);
void append_base64_inside(std::string& out, std::string_view bytes);
void append_hex(std::string& out, std::string_view bytes);
void append_number(std::string& out, std::uint64_t number);
// RFC 3339, UTC, nanoseconds: "2024-05-01T12:00:00.000000001Z", in quotes.
void append_time(std::string& out, std::uint64_t ns_since_1970);

// Text of a host, which is UTF-8 or each byte one character: a string in quotes.
void append_words(std::string& out, std::string_view text);

} // namespace xdpcap::codec::json
