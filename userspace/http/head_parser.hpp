#pragma once

#include <cstdint>
#include <span>

#include "core/bytes.hpp"
#include "http/framing_fields.hpp"
#include "http/message.hpp"
#include "http/start_line.hpp"

namespace xdpcap::http {

// The head of a message: start line and field lines, by spans into the bytes it
// was parsed from; it lives no longer than these.
struct Head {
  StartLine start;
  FramingFields framing;
  std::span<const FieldSpan> fields; // in the room that was given to the parser
  std::uint32_t length = 0;          // of start line and field lines
  std::uint32_t consumed = 0;        // with the empty line behind them
  Anomalies anomalies;
};

// Reads the head at the beginning of `bytes`. Pure: the same answer for the same
// bytes, whatever came before. `need_more` where the empty line is not there yet,
// `wrong` only where the start line is (parse_start_line): a field line is never
// refused, only flagged. A line without a colon is a field with an empty value, a
// folded line belongs to the field before it. Fields beyond `room` count for the
// framing but are not listed, and the head is flagged head_too_large.
Answer parse_head(Bytes bytes, std::span<FieldSpan> room, Head& head) noexcept;

// The same answer without the short way of plain lines, which tests compare with it.
Answer parse_head_line_by_line(Bytes bytes, std::span<FieldSpan> room, Head& head) noexcept;

// Field lines without a start line, as a trailer section has them.
struct FieldSection {
  std::span<const FieldSpan> fields;
  std::uint32_t length = 0; // of the lines that are whole, without the empty line
};

// Reads field lines up to the empty line, or as far as it is known where they end.
FieldSection parse_fields(Bytes bytes, std::span<FieldSpan> room, Anomalies& anomalies) noexcept;

} // namespace xdpcap::http
