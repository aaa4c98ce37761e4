#include "codec/json_text.hpp"

#include <array>
#include <charconv>
#include <chrono>

#include <nettle/base64.h>

#include "core/utf8.hpp"

namespace xdpcap::codec::json {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

constexpr bool is_plain(char c) noexcept {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

// One byte that may not stand for itself between the quotes.
void append_special(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (byte < 0x20 || byte == 0x7f) {
    out += "\\u00";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  } else {
    // U+0080 to U+00FF, in UTF-8.
    out += static_cast<char>(0xc0 | (byte >> 6));
    out += static_cast<char>(0x80 | (byte & 0x3f));
  }
}

// Runs of plain characters are copied whole: they are nearly everything.
void append_escaped(std::string& out, std::string_view bytes) {
  std::size_t from = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (is_plain(bytes[i])) continue;
    out.append(bytes, from, i - from);
    append_special(out, bytes[i]);
    from = i + 1;
  }
  out.append(bytes, from);
}

constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}

// The length of a line end followed by a blank at `at`: a fold; else 0.
std::size_t fold_at(std::string_view bytes, std::size_t at) noexcept {
  std::size_t end = at;
  if (end < bytes.size() && bytes[end] == '\r') ++end;
  if (end == bytes.size() || bytes[end] != '\n') return 0;
  ++end;
  return end < bytes.size() && is_blank(bytes[end]) ? end - at : 0;
}

void append_padded(std::string& out, std::uint64_t number, std::size_t digits) {
  std::array<char, 20> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  const auto length = static_cast<std::size_t>(end - text.data());
  if (length < digits) out.append(digits - length, '0');
  out.append(text.data(), length);
}

} // namespace

void append_latin1(std::string& out, std::string_view bytes) {
  out += '"';
  append_escaped(out, bytes);
  out += '"';
}

void append_field_value(std::string& out, std::string_view bytes) {
  out += '"';
  std::size_t from = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t fold = bytes[i] == '\r' || bytes[i] == '\n' ? fold_at(bytes, i) : 0;
    if (fold == 0) continue;
    std::size_t end = i; // blanks before and behind the line end belong to the fold
    while (end > from && is_blank(bytes[end - 1])) --end;
    append_escaped(out, bytes.substr(from, end - from));
    out += ' ';
    i += fold;
    while (i < bytes.size() && (is_blank(bytes[i]) || fold_at(bytes, i) != 0)) ++i;
    from = i--;
  }
  append_escaped(out, bytes.substr(from));
  out += '"';
}

void append_utf8_inside(std::string& out, std::string_view text) {
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_plain(text[i]) || static_cast<unsigned char>(text[i]) >= 0x80) continue;
    out.append(text, from, i - from);
    append_special(out, text[i]);
    from = i + 1;
  }
  out.append(text, from);
}

void append_utf8(std::string& out, std::string_view text) {
  out += '"';
  append_utf8_inside(out, text);
  out += '"';
}

void append_base64_inside(std::string& out, std::string_view bytes) {
  const std::size_t before = out.size();
  out.resize(before + BASE64_ENCODE_RAW_LENGTH(bytes.size()));
  base64_encode_raw(out.data() + before, bytes.size(),
                    reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

void append_base64(std::string& out, std::string_view bytes) {
  out += '"';
  append_base64_inside(out, bytes);
  out += '"';
}

void append_hex(std::string& out, std::string_view bytes) {
  out += '"';
  for (const char c : bytes) {
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[static_cast<unsigned char>(c) & 15];
  }
  out += '"';
}

void append_number(std::string& out, std::uint64_t number) {
  append_padded(out, number, 1);
}

void append_time(std::string& out, std::uint64_t ns_since_1970) {
  using namespace std::chrono;
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const std::uint64_t seconds_total = ns_since_1970 / kSecond;
  const sys_days day{days(static_cast<int>(seconds_total / 86400))};
  const year_month_day date{day};
  const std::uint64_t second_of_day = seconds_total % 86400;
  out += '"';
  append_padded(out, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_padded(out, second_of_day / 3600, 2);
  out += ':';
  append_padded(out, second_of_day / 60 % 60, 2);
  out += ':';
  append_padded(out, second_of_day % 60, 2);
  out += '.';
  append_padded(out, ns_since_1970 % kSecond, 9);
  out += "Z\"";
}

void append_words(std::string& out, std::string_view text) {
  is_utf8(text) ? append_utf8(out, text) : append_latin1(out, text);
}

} // namespace xdpcap::codec::json
