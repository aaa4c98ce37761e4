#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/byte_chain.hpp"
#include "core/bytes.hpp"
#include "core/check.hpp"
#include "core/instant.hpp"
#include "core/stream.hpp"
#include "record/enums.hpp"

namespace xdpcap::http {

using schema::Framing;
using schema::Kind;
// Why a message ended. Only `complete` and, for a body that runs to the end of
// the connection, `fin` are messages whose end was seen.
using schema::Anomaly;
using schema::End;

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
static_assert(static_cast<unsigned>(Anomaly::MAX) < 64);

// A piece of the head (or of the trailer section), by offset.
struct Span {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;

  [[nodiscard]] std::string_view in(Bytes head) const noexcept {
    XDPCAP_CHECK(std::size_t{offset} + length <= head.size());
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
