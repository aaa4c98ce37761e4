#pragma once

#include <cstdint>
#include <string_view>

#include "http/head_masks.hpp"
#include "http/message.hpp"

namespace xdpcap::http {

// What a parser says of the bytes it has so far.
enum class Answer : std::uint8_t { done, need_more, wrong };

// A request line or a status line (RFC 9112, 3 and 4). Spans are offsets into the
// text it was parsed from.
struct StartLine {
  Kind kind = Kind::request;
  bool h2_preface = false; // "PRI * HTTP/2.0": no HTTP/1 message (RFC 9113, 3.4)
  std::uint16_t status = 0;
  std::uint8_t version_major = 1, version_minor = 1;
  Span method, target, reason;
  std::uint32_t length = 0; // with its line end
  Anomalies anomalies;
};

inline constexpr std::size_t kMethodMax = 32;

// RFC 9110, 15.2. A code below 100 is of no class, and its response is a final one.
constexpr bool is_informational(std::uint16_t status) noexcept {
  return status / 100 == 1;
}

// Reads the start line at the beginning of `text`. Pure. The kind follows the
// content. Lenient in what implementations differ in (a bare LF, blanks inside the
// target or behind the version, no blank behind the status code), and says so in
// the anomalies; HTTP/0.9 and other major versions are wrong. `wrong` comes as
// soon as no further byte could make it right.
Answer parse_start_line(std::string_view text, StartLine& line) noexcept;

// The same for the start line that nearly all have, in one go. False: it is another one, or not all
// of it is here; `line` means nothing then. `scanner` stands at the beginning of `text`.
bool read_plain_start_line(std::string_view text, HeadScanner& scanner, StartLine& line) noexcept;

// Whether bytes in the middle of a stream are to be taken for the beginning of a
// message: a whole start line, or the part of one with a registered method. The
// test is stricter than the parser, because any word and a blank begin some
// request line, and text that quotes one ends in another.
bool resembles_start_line(std::string_view text) noexcept;

// The same where the start line came in more than one segment: then it must be of
// a response or of a registered method also when it is whole, for a word at the end
// of some body and a real start line behind it make a start line as well.
bool resembles_known_start_line(std::string_view text) noexcept;

} // namespace xdpcap::http
