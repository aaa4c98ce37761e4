#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/byte_chain.hpp"
#include "core/bytes.hpp"
#include "core/instant.hpp"
#include "core/stream.hpp"

namespace xdpcap::http {

enum class Kind : std::uint8_t { request, response };

// How the end of a message's body is found (RFC 9112, 6.3).
enum class Framing : std::uint8_t { none, content_length, chunked, until_close };

// Why a message ended. Only `complete` and, for a body that runs to the end of
// the connection, `fin` are messages whose end was seen.
enum class End : std::uint8_t { complete, fin, rst, timeout, gap, evicted, malformed, capture };

// What was odd about a message. The names are part of the wire contract
// (schemas/xdpcap.fbs has the same list; publish/ asserts that they agree).
enum class Anomaly : std::uint8_t {
  interim,                  // a 1xx response: not the answer, the answer follows (RFC 9110, 15.2)
  te_cl_conflict,           // Transfer-Encoding and Content-Length in one message; the former wins
  duplicate_content_length, // repeated, equal values
  bad_content_length,       // not one plain number, or different ones
  bad_transfer_encoding,    // chunked is not the last coding
  te_in_http10,
  obs_fold, // a field line continued on the next (RFC 9112, 5.2)
  space_before_colon,
  bare_lf,
  bare_cr,
  nul_in_head,
  bad_field_name,
  missing_colon,
  chunk_extension,
  bad_chunk_size,
  missing_chunk_crlf, // chunk data not followed by a line end
  host_mismatch,      // the target's authority is not Host's value
  host_missing,
  host_repeated,
  leading_empty_lines,
  bad_start_line,
  unknown_version,
  data_after_close, // sent after a message that announced the close of the connection
  body_on_bodyless, // a length was declared for a response that cannot have a body
  head_too_large,
  truncated,          // more body was seen than was kept (--max-body, or memory)
  resynchronised,     // parsing began again here behind a gap, or in the middle of a connection
  partial_connection, // the start of the connection was not captured
  one_sided,          // nothing of the other direction was seen so far
  unpaired,           // a response without a request
  tunnel,             // HTTP/1 ends here: CONNECT or Upgrade was agreed on
  h2_preface,         // "PRI * HTTP/2.0": another protocol follows
  overlap_conflict,   // the stream carried two versions of the same bytes
  head_cut,           // the head never ended; what there was of it is shown
  unproved,           // nobody acknowledged its bytes, and no checksum vouches for them
  count_,
};

class Anomalies {
 public:
  void add(Anomaly anomaly) noexcept { bits_ |= bit(anomaly); }
  void add(Anomalies others) noexcept { bits_ |= others.bits_; }
  [[nodiscard]] bool has(Anomaly anomaly) const noexcept { return (bits_ & bit(anomaly)) != 0; }
  [[nodiscard]] std::uint64_t bits() const noexcept { return bits_; }
  static constexpr std::uint64_t bit(Anomaly anomaly) noexcept {
    return std::uint64_t{1} << static_cast<unsigned>(anomaly);
  }

 private:
  std::uint64_t bits_ = 0;
};
static_assert(static_cast<unsigned>(Anomaly::count_) <= 64);

// A piece of the head (or of the trailer section), by offset.
struct Span {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;

  [[nodiscard]] std::string_view in(Bytes head) const noexcept {
    return as_text(head).substr(offset, length);
  }
};

// One field line. The value is without the blanks around it; a folded value
// still holds its line ends.
struct FieldSpan {
  Span name, value;
};

// Body bytes that were never captured; offset and length in the body as decoded
// from its transfer coding.
struct BodyGap {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  GapCause cause = GapCause::unknown;
};

// An HTTP/1 message. Everything in it is borrowed and dies when on_message returns.
struct Message {
  Kind kind = Kind::request;
  Direction direction = Direction::to_server;
  std::uint32_t index =
      0; // of its kind's final messages in this connection: response n answers request n
  bool complete = false;
  End end = End::complete;
  Framing framing = Framing::none;
  Instant first_byte, last_byte;

  Bytes head;               // start line and field lines as sent, without the empty line
  Span method, target;      // requests
  Span reason;              // responses
  std::uint16_t status = 0; // responses
  std::uint8_t version_major = 1, version_minor = 1;
  std::span<const FieldSpan> fields;

  std::optional<std::uint64_t> declared_length; // of Content-Length, where it was one plain number
  std::uint64_t body_length = 0;                // bytes of the body, the missing ones counted in
  Pieces body;                                  // what was kept of it, gaps left out
  Bytes trailer_section;                        // raw, chunked only
  std::span<const FieldSpan> trailers;
  std::span<const BodyGap> gaps;
  std::optional<std::span<const std::byte, 32>>
      body_sha256; // of the whole body, where asked for and no gap

  Anomalies anomalies;
};

// template <class S> concept MessageSink: void on_message(const Message&) noexcept
template <class S>
concept MessageSink = requires(S& sink, const Message& message) {
  { sink.on_message(message) }
  noexcept;
};

} // namespace xdpcap::http
