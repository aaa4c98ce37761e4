#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "core/check.hpp"
#include "core/stream.hpp"
#include "http/message.hpp"
#include "http/pairing.hpp"
#include "http/workspace.hpp"

namespace xdpcap::http {

// The HTTP/1 side of one connection: turns the two byte streams into messages
// (RFC 9112; the readings where it leaves a choice are in start_line.hpp,
// head_parser.hpp, framing.hpp and body_decoder.hpp).
//
// A message that lies whole in the bytes of one call is parsed where it is and
// handed to the sink without a copy. One that does not is kept in the workspace
// until its end comes; whatever the split, the messages are the same.
//
// HTTP is recognised by content. Each direction is read until something ends it
// for good: it does not begin with a start line, a start line or a framing has no
// safe reading, or HTTP/1 ends for both (CONNECT, Upgrade, the HTTP/2 preface).
// Behind a gap that took more than a part of a counted body, and in a connection
// picked up in its middle, a direction is skipped up to the first segment that
// begins with a start line.
//
// 48 bytes, zero-initialised by `Conversation{}`, no destructor: whoever owns the
// record calls on_close for both directions or release, else memory of the
// workspace stays taken. One thread; always the same workspace.
class Conversation {
 public:
  // The next bytes of one direction. The sink sees the messages they complete.
  template <MessageSink Sink>
  void on_bytes(const StreamBytes& bytes, Workspace& workspace, Sink& sink) noexcept {
    if (!has_spoken_) [[unlikely]]
      begin_connection(bytes.direction, bytes.bytes, workspace);
    Input input{bytes, bytes.bytes, update_direction(bytes.direction)};
    while (const Message* message = advance(input, workspace)) {
      sink.on_message(*message);
      finish_pending(bytes.direction, workspace);
      finish_pending(opposite(bytes.direction), workspace);
    }
    XDPCAP_CHECK(input.rest.empty());
    XDPCAP_DCHECK(is_sound());
  }

  // Bytes of one direction that will never come.
  template <MessageSink Sink>
  void on_gap(const StreamGap& gap, Workspace& workspace, Sink& sink) noexcept {
    if (const Message* message = lose(gap, workspace)) sink.on_message(*message);
    finish_pending(gap.direction, workspace);
    XDPCAP_DCHECK(is_sound());
  }

  // The end of one direction; a second one is ignored. `at` is not the time of any
  // byte: a message in progress keeps that of its last one.
  template <MessageSink Sink>
  void on_close(Direction direction, StreamEnd end, Instant /*at*/, Workspace& workspace,
                Sink& sink) noexcept {
    if (const Message* message = finish_direction(direction, end, workspace))
      sink.on_message(*message);
    finish_pending(direction, workspace);
    XDPCAP_DCHECK(is_sound());
    if (is_closed(Direction::to_server) && is_closed(Direction::to_client)) release(workspace);
  }

  // Gives everything back without messages; nothing is read afterwards.
  void release(Workspace& workspace) noexcept;

  // The start of the connection was not captured; to be said before the first bytes.
  void mark_partial() noexcept { is_partial_ = true; }

  // True when no byte of this direction will be looked at again.
  [[nodiscard]] bool ended(Direction direction) const noexcept {
    const Half& half = halves_[index_of(direction)];
    return half.phase >= Phase::not_http || (switched_ && half.phase == Phase::between);
  }
  // True when HTTP/1 ended for both directions: CONNECT, Upgrade or the HTTP/2 preface.
  [[nodiscard]] bool switched() const noexcept { return switched_; }
  // True when at least one start line was read.
  [[nodiscard]] bool is_http() const noexcept { return roles_agreed_ || roles_contradicted_; }
  // True when all start lines so far say that the client is at the other end: its
  // role was guessed (a connection without SYN) and guessed wrong.
  [[nodiscard]] bool may_swap_roles() const noexcept {
    return roles_contradicted_ && !roles_agreed_;
  }

 private:
  enum class Phase : std::uint8_t {
    between,   // at the place where a message begins
    head,      // in a head that came in part
    counted,   // in a body of known length
    chunked,   // in a chunked body
    trailer,   // in its trailer section
    to_close,  // in a body that runs to the end of the connection
    refused,   // behind a start line that cannot be read, which is kept (conversation_broken.cpp)
    searching, // for a segment that begins with a start line
    // From here on nothing is read:
    not_http,
    malformed,
    tunnel,
    h2,
    closed,
  };

  // Packed, so that a whole conversation takes 40 bytes.
  struct [[gnu::packed, gnu::aligned(2)]] Half {
    std::uint32_t draft = 0; // of the message in progress, 0: none
    Phase phase = Phase::between;
    bool has_spoken_http : 1 = false;
    bool saw_empty_line : 1 = false; // before the start line to come
    bool saw_cr : 1 = false;         // of an empty line that is not over
    bool announced_close : 1 = false;
    bool behind_loss : 1 = false;     // the message to come is the first behind lost bytes
    bool tentative : 1 = false;       // what is read may turn out not to be a start line
    bool sends_responses : 1 = false; // its last message was one
    bool closed_while_refused : 1 = false;
  };

  struct Input {
    const StreamBytes& stream;
    Bytes rest;
    bool reacting; // the other direction spoke since
  };

  Half& half_of(const Input& input) noexcept { return halves_[index_of(input.stream.direction)]; }
  [[nodiscard]] bool is_closed(Direction direction) const noexcept {
    return halves_[index_of(direction)].phase == Phase::closed;
  }
  void begin_connection(Direction direction, Bytes bytes, Workspace& workspace) noexcept;
  // Whether the other direction spoke since.
  bool update_direction(Direction direction) noexcept {
    const bool reacting = last_direction_ != direction;
    last_direction_ = direction;
    return reacting;
  }

  // Each reads on; a message is returned when it is ready to be handed out, and
  // finish_pending() gives its memory back afterwards.
  const Message* advance(Input& input, Workspace& workspace) noexcept;
  const Message* lose(const StreamGap& gap, Workspace& workspace) noexcept;
  const Message* finish_direction(Direction direction, StreamEnd end,
                                  Workspace& workspace) noexcept;
  void finish_pending(Direction direction, Workspace& workspace) noexcept;

  bool skip_empty_lines(Input& input, Workspace& workspace) noexcept;
  const Message* begin_message(Input& input, Workspace& workspace) noexcept;
  const Message* continue_head(Input& input, Workspace& workspace) noexcept;
  const Message* read_head(Input& input, Bytes bytes, const Head& head,
                           Workspace& workspace) noexcept;
  void keep_for_body(Input& input, Bytes head, const MessageFacts& facts, const BodyPlan& plan,
                     Workspace& workspace) noexcept;
  const Message* hand_out_full_head(Input& input, Workspace& workspace) noexcept;
  const Message* hand_out_cut_head(Direction direction, Anomaly why, Ending ending,
                                   Workspace& workspace) noexcept;
  const Message* hand_out_refused(Direction direction, Ending ending,
                                  Workspace& workspace) noexcept;
  const Message* hand_out_broken(Direction direction, const Draft& draft, const Head& head,
                                 Bytes bytes, Ending ending, Workspace& workspace) noexcept;
  const Message* finish_head(Direction direction, StreamEnd end, Workspace& workspace) noexcept;
  const Message* finish_refused(Direction direction, StreamEnd end, Workspace& workspace) noexcept;
  const Message* continue_refused(Input& input, Workspace& workspace) noexcept;
  const Message* answer_refused(const Input& input, Workspace& workspace) noexcept;
  void keep_refused_line(Direction direction, Workspace& workspace) noexcept;
  void forget_refused(Direction direction, Workspace& workspace) noexcept;
  [[nodiscard]] bool speaks_http() const noexcept;
  const Message* continue_counted(Input& input, Workspace& workspace) noexcept;
  const Message* continue_chunked(Input& input, Workspace& workspace) noexcept;
  const Message* continue_trailer(Input& input, Workspace& workspace) noexcept;
  void continue_to_close(Input& input, Workspace& workspace) noexcept;
  void search(Input& input, Workspace& workspace) noexcept;
  void discard(Input& input, Workspace& workspace) noexcept;

  Answer check_start_line(const Draft& draft, Bytes newest, bool tentative,
                          Workspace& workspace) noexcept;
  void refuse_start_line(Input& input, Workspace& workspace) noexcept;
  const Message* refuse_drafted_start_line(Input& input, std::size_t newest,
                                           Workspace& workspace) noexcept;
  MessageFacts describe(Input& input, Bytes bytes, const Head& head, Workspace& workspace,
                        RequestKind& answered) noexcept;
  void learn_roles(Kind kind, Direction direction) noexcept;
  void start_search(Half& half) noexcept;
  void lose_track(Direction direction) noexcept;
  void shed(Input& input, Workspace& workspace) noexcept;
  void end_half(Half& half, Phase phase, Workspace& workspace) noexcept;
  void switch_protocol(Direction direction, Phase phase, Workspace& workspace) noexcept;
  const Message* hand_out(MessageFacts facts, const Head& head, Bytes bytes, Bytes body,
                          Instant last_byte, Ending ending, Workspace& workspace) noexcept;
  const Message* hand_out(Draft& draft, Ending ending, Workspace& workspace) noexcept;
  void drop_draft(Half& half, Workspace& workspace) noexcept;
  // A message is in progress where there is a draft, and nowhere else.
  static constexpr bool is_in_progress(Phase phase) noexcept {
    return phase >= Phase::head && phase <= Phase::refused;
  }
  [[nodiscard]] bool is_sound() const noexcept {
    for (const Half& half : halves_) {
      if ((half.draft != 0) != is_in_progress(half.phase)) return false;
    }
    return true;
  }
  [[nodiscard]] Anomalies facts_of_connection() const noexcept;

  std::array<Half, 2> halves_;
  bool switched_ : 1 = false; // CONNECT or Upgrade was agreed on
  bool is_partial_ : 1 = false;
  bool roles_agreed_ : 1 = false;
  bool roles_contradicted_ : 1 = false;
  bool has_spoken_ : 1 = false;                         // any bytes were seen
  Direction last_direction_ : 1 = Direction::to_server; // of these
  Pairing pairing_;
};

static_assert(sizeof(Conversation) == 40);
static_assert(std::is_trivially_copyable_v<Conversation> &&
              std::is_trivially_destructible_v<Conversation>);

} // namespace xdpcap::http
