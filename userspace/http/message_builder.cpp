#include "http/message_builder.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <type_traits>

#include "core/check.hpp"

namespace xdpcap::http {
namespace {

// Small enough that a slow head costs little, large enough that a segment is few.
constexpr std::size_t kPieceBytes = 1024;
constexpr std::size_t kLineEndRoom = 2;

static_assert(std::is_trivially_destructible_v<Draft>);

// A draft for every three pieces: a message in progress has a head and mostly a body.
std::size_t draft_count(std::size_t memory_bytes) {
  return memory_bytes / (sizeof(Draft) + 3 * kPieceBytes) + 1;
}
std::size_t piece_count(std::size_t memory_bytes) {
  return 3 * draft_count(memory_bytes);
}

const std::uint8_t* as_uint8(Bytes bytes) noexcept {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

} // namespace

MessageBuilder::MessageBuilder(const Limits& limits, std::size_t memory_bytes)
    : limits_(limits),
      drafts_(sizeof(Draft), draft_count(memory_bytes)),
      pieces_(kPieceBytes, piece_count(memory_bytes)),
      pieces_for_heads_(pieces_.slabs() / 8),
      scratch_(2 * (limits.head_bytes_max + kLineEndRoom)),
      fields_(limits.fields_max),
      trailers_(limits.fields_max) {
  XDPCAP_CHECK(limits.head_bytes_max != 0);
}

std::uint32_t MessageBuilder::open() noexcept {
  const SlabPool::Index slab = drafts_.allocate();
  if (slab == SlabPool::none) return 0;
  new (drafts_.at(slab)) Draft{};
  return slab + 1;
}

Draft& MessageBuilder::at(std::uint32_t draft) noexcept {
  XDPCAP_CHECK(draft != 0);
  return *std::launder(reinterpret_cast<Draft*>(drafts_.at(draft - 1)));
}

void MessageBuilder::close(std::uint32_t draft) noexcept {
  Draft& closed = at(draft);
  closed.head.clear(pieces_);
  closed.body.clear(pieces_);
  closed.trailer.clear(pieces_);
  drafts_.release(draft - 1);
}

bool MessageBuilder::keep_head(Draft& draft, Bytes bytes) noexcept {
  return draft.head.append(pieces_, bytes) == bytes.size();
}

bool MessageBuilder::keep_trailer(Draft& draft, Bytes bytes) noexcept {
  return draft.trailer.append(pieces_, bytes) == bytes.size();
}

void MessageBuilder::append_body(Draft& draft, Bytes bytes) noexcept {
  if (limits_.hash_bodies && !draft.has_gap) {
    if (draft.body_length == 0) sha256_init(&draft.hash);
    sha256_update(&draft.hash, bytes.size(), as_uint8(bytes));
  }
  draft.body_length += bytes.size();
  if (draft.body_cut) return;
  XDPCAP_DCHECK(draft.body.size() <= limits_.body_kept_max);
  const auto room = static_cast<std::size_t>(
      std::min<std::uint64_t>(limits_.body_kept_max - draft.body.size(), bytes.size()));
  // What the reserve for heads leaves, to within a piece.
  const std::size_t spare = pieces_.available() - std::min(pieces_.available(), pieces_for_heads_);
  const std::size_t kept =
      draft.body.append(pieces_, bytes.first(std::min(room, spare * (kPieceBytes / 2))));
  if (kept < bytes.size()) {
    draft.body_cut = true;
    draft.facts.anomalies.add(Anomaly::truncated);
  }
}

void MessageBuilder::append_gap(Draft& draft, std::uint64_t length, GapCause cause) noexcept {
  if (draft.gaps_listed < Draft::kGapsMax) {
    draft.gaps[draft.gaps_listed++] = {draft.body_length, length, cause};
  } else if (!draft.body_cut) {
    // Behind a gap that is not listed nobody could tell the place of a byte.
    draft.body_cut = true;
    draft.facts.anomalies.add(Anomaly::truncated);
  }
  draft.body_length += length;
  draft.has_gap = true;
}

Bytes MessageBuilder::in_one_piece(const ByteChain& chain, std::byte* room) noexcept {
  const Pieces pieces{chain, pieces_};
  XDPCAP_CHECK(pieces.size() <= limits_.head_bytes_max); // there is room for no more
  std::size_t filled = 0;
  for (const Bytes piece : pieces) {
    if (piece.size() == pieces.size()) return piece;
    std::memcpy(room + filled, piece.data(), piece.size());
    filled += piece.size();
  }
  return {room, filled};
}

Bytes MessageBuilder::head_of(const Draft& draft) noexcept {
  return in_one_piece(draft.head, scratch_.data());
}

Bytes MessageBuilder::cut_head_of(const Draft& draft) noexcept {
  std::byte* const room = scratch_.data();
  const Bytes head = head_of(draft);
  std::size_t length = head.size();
  while (length > 0 && head[length - 1] != std::byte{'\n'}) --length;
  if (length == 0) return {};
  if (head.data() != room) std::memcpy(room, head.data(), length);
  std::memcpy(room + length, "\r\n", kLineEndRoom);
  return {room, length + kLineEndRoom};
}

void MessageBuilder::begin_message(const MessageFacts& facts, const Head& head, Bytes bytes,
                                   Ending ending) noexcept {
  XDPCAP_CHECK(head.length <= bytes.size());
  message_ = Message{};
  message_.kind = facts.kind;
  message_.direction = facts.direction;
  message_.index = facts.index;
  message_.complete = ending.complete;
  message_.end = ending.end;
  message_.framing = facts.framing;
  message_.first_byte = facts.first_byte;
  message_.head = bytes.first(head.length);
  message_.method = head.start.method;
  message_.target = head.start.target;
  message_.reason = head.start.reason;
  message_.status = head.start.status;
  message_.version_major = head.start.version_major;
  message_.version_minor = head.start.version_minor;
  message_.fields = head.fields;
  message_.declared_length = facts.declared_length;
  message_.anomalies = facts.anomalies;
}

const Message& MessageBuilder::lay_out(const MessageFacts& facts, const Head& head, Bytes bytes,
                                       Bytes body, Instant last_byte, Ending ending) noexcept {
  begin_message(facts, head, bytes, ending);
  message_.last_byte = last_byte;
  message_.body_length = body.size();
  if (limits_.hash_bodies && ending.complete) {
    sha256_ctx hash;
    sha256_init(&hash);
    sha256_update(&hash, body.size(), as_uint8(body));
    set_hash(hash);
  }
  if (body.size() > limits_.body_kept_max) {
    message_.anomalies.add(Anomaly::truncated);
    body = body.first(static_cast<std::size_t>(limits_.body_kept_max));
  }
  message_.body = Pieces{body};
  return message_;
}

const Message& MessageBuilder::lay_out(const Draft& draft, Ending ending) noexcept {
  // The spans are not kept while a message is in progress: reading its head a
  // second time costs less than room for them in every draft.
  Head head;
  const Bytes bytes = head_of(draft);
  const Answer answer = parse_head(bytes, fields_, head);
  XDPCAP_CHECK(answer == Answer::done); // it was read before
  begin_message(draft.facts, head, bytes, ending);
  message_.last_byte = draft.last_byte;
  XDPCAP_CHECK(draft.body.size() <= draft.body_length);
  message_.body_length = draft.body_length;
  message_.body = Pieces{draft.body, pieces_};
  const Bytes section =
      in_one_piece(draft.trailer, scratch_.data() + limits_.head_bytes_max + kLineEndRoom);
  const FieldSection trailers = parse_fields(section, trailers_, message_.anomalies);
  message_.trailer_section = section.first(trailers.length);
  message_.trailers = trailers.fields;
  message_.gaps = std::span{draft.gaps}.first(draft.gaps_listed);
  if (limits_.hash_bodies && ending.complete) {
    sha256_ctx hash = draft.hash;
    if (draft.body_length == 0) sha256_init(&hash);
    set_hash(hash);
  }
  return message_;
}

void MessageBuilder::set_hash(const sha256_ctx& hash) noexcept {
  sha256_ctx finished = hash;
  sha256_digest(&finished, digest_.size(), reinterpret_cast<std::uint8_t*>(digest_.data()));
  message_.body_sha256 = digest_;
}

} // namespace xdpcap::http
