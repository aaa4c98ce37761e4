#pragma once

#include <nettle/sha2.h>

#include <array>
#include <cstdint>
#include <vector>

#include "core/byte_chain.hpp"
#include "core/region.hpp"
#include "core/slab_pool.hpp"
#include "http/body_decoder.hpp"
#include "http/empty_line_finder.hpp"
#include "http/head_parser.hpp"
#include "http/limits.hpp"
#include "http/message.hpp"

namespace xdpcap::http {

// What is decided about a message when its head has been read.
struct MessageFacts {
  Kind kind = Kind::request;
  Direction direction = Direction::to_server;
  Framing framing = Framing::none;
  std::uint32_t index = 0;
  std::optional<std::uint64_t> declared_length;
  Instant first_byte;
  Anomalies anomalies;
};

// A message in progress, from the first call that did not bring all of it to the
// one that brings its end.
struct Draft {
  static constexpr std::size_t kGapsMax = 4;

  MessageFacts facts;
  ByteChain head, body, trailer;
  Instant last_byte;
  std::uint64_t remaining = 0; // of a counted body
  std::uint64_t body_length = 0;
  EmptyLineFinder empty_line; // of the head, then of the trailer section
  ChunkDecoder chunks;
  bool start_line_known = false;
  bool line_ended = false; // of a start line that cannot be read: no more of it is kept
  bool body_cut = false;   // no more of it is kept
  bool has_gap = false;
  std::uint8_t gaps_listed = 0; // the first ones; the others count, and end what is kept
  std::array<BodyGap, kGapsMax> gaps{};
  sha256_ctx hash{};
};

// How a message ended.
struct Ending {
  End end = End::complete;
  bool complete = true;
};

// The end of a message that the end of its direction cut.
constexpr End end_by(StreamEnd end) noexcept {
  switch (end) {
    case StreamEnd::fin:
      return End::fin;
    case StreamEnd::rst:
      return End::rst;
    case StreamEnd::timeout:
      return End::timeout;
    case StreamEnd::evicted:
      return End::evicted;
    case StreamEnd::capture:
      break;
  }
  return End::capture;
}

// The memory of messages in progress and the place where a finished one is laid
// out. One for each worker, used by one thread; all of it is reserved in the
// constructor. Drafts are named by a number that is never 0.
class MessageBuilder {
 public:
  // Throws std::bad_alloc. `memory_bytes` bounds drafts and pieces together.
  MessageBuilder(const Limits& limits, std::size_t memory_bytes);

  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }

  // 0 where the memory is spent.
  std::uint32_t open() noexcept;
  [[nodiscard]] Draft& at(std::uint32_t draft) noexcept;
  void close(std::uint32_t draft) noexcept;

  // False where the memory is spent: the message cannot be kept.
  bool keep_head(Draft& draft, Bytes bytes) noexcept;
  bool keep_trailer(Draft& draft, Bytes bytes) noexcept;
  // Takes part of the body: kept up to the limits, counted and hashed whole.
  void append_body(Draft& draft, Bytes bytes) noexcept;
  void append_gap(Draft& draft, std::uint64_t length, GapCause cause) noexcept;

  // The head so far in one piece; lives until the next call of any of these.
  [[nodiscard]] Bytes head_of(const Draft& draft) noexcept;
  // Up to its last line end, with an empty line put behind it; empty where there
  // is no line end.
  [[nodiscard]] Bytes cut_head_of(const Draft& draft) noexcept;
  [[nodiscard]] std::span<FieldSpan> field_room() noexcept { return fields_; }

  // The finished message. What it refers to lives in `bytes`, `body` and the
  // draft, and here until the next message is laid out.
  const Message& lay_out(const MessageFacts& facts, const Head& head, Bytes bytes, Bytes body,
                         Instant last_byte, Ending ending) noexcept;
  const Message& lay_out(const Draft& draft, Ending ending) noexcept;

  // Where requests that wait for their answers are remembered.
  [[nodiscard]] SlabPool& slabs() noexcept { return pieces_; }

  [[nodiscard]] std::size_t memory_in_use() const noexcept {
    return drafts_.in_use() * drafts_.slab_bytes() + pieces_.in_use() * pieces_.slab_bytes();
  }
  [[nodiscard]] std::size_t memory_size() const noexcept {
    return drafts_.slabs() * drafts_.slab_bytes() + pieces_.slabs() * pieces_.slab_bytes();
  }

 private:
  [[nodiscard]] Bytes in_one_piece(const ByteChain& chain, std::byte* room) noexcept;
  void begin_message(const MessageFacts& facts, const Head& head, Bytes bytes,
                     Ending ending) noexcept;
  void set_hash(const sha256_ctx& hash) noexcept;

  Limits limits_;
  SlabPool drafts_;
  SlabPool pieces_;
  std::size_t pieces_for_heads_; // the last ones, which bodies may not take
  Region scratch_;               // head and trailer section in one piece
  std::vector<FieldSpan> fields_, trailers_;
  std::array<std::byte, SHA256_DIGEST_SIZE> digest_{};
  Message message_;
};

} // namespace xdpcap::http
