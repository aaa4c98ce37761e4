#include "http/conversation.hpp"

#include <algorithm>
#include <utility>

namespace xdpcap::http {
namespace {

constexpr Ending kSeenWhole{End::complete, true};
constexpr Ending kCutByGap{End::gap, false};
constexpr Ending kMalformed{End::malformed, false};

HttpCount incomplete_by(End end) noexcept {
  switch (end) {
    case End::rst:
      return HttpCount::incomplete_rst;
    case End::timeout:
      return HttpCount::incomplete_timeout;
    case End::gap:
      return HttpCount::incomplete_gap;
    case End::evicted:
      return HttpCount::incomplete_evicted;
    case End::malformed:
      return HttpCount::incomplete_malformed;
    case End::capture:
      return HttpCount::incomplete_capture;
    case End::complete:
    case End::fin:
      break;
  }
  return HttpCount::incomplete_fin;
}

void count_message(const Message& message, HttpCounts& counts) noexcept {
  const Anomalies& anomalies = message.anomalies;
  const bool interim = anomalies.has(Anomaly::interim);
  counts.add(message.kind == Kind::request ? HttpCount::requests
             : interim                     ? HttpCount::interim_responses
                                           : HttpCount::responses);
  if (!message.complete) counts.add(incomplete_by(message.end));
  if (anomalies.has(Anomaly::truncated)) counts.add(HttpCount::bodies_truncated);
  if (anomalies.has(Anomaly::resynchronised)) counts.add(HttpCount::resynchronised);
  if (anomalies.has(Anomaly::unpaired)) counts.add(HttpCount::unpaired_responses);
}

// A content type (change_cipher_spec to heartbeat) and a version, 3.0 to 3.4 (RFC 8446, 5.1; RFC
// 6520). No start line begins so.
bool is_tls_record(Bytes bytes) noexcept {
  constexpr std::byte kTypeMin{20}, kTypeMax{24}, kMajor{3}, kMinorMax{4};
  return bytes.size() >= 3 && bytes[0] >= kTypeMin && bytes[0] <= kTypeMax && bytes[1] == kMajor &&
         bytes[2] <= kMinorMax;
}

} // namespace

// The first bytes of either direction, none where they are missing.
void Conversation::begin_connection(Direction direction, Bytes bytes,
                                    Workspace& workspace) noexcept {
  has_spoken_ = true;
  last_direction_ = direction;
  workspace.counts_.add(HttpCount::connections);
  if (is_tls_record(bytes)) workspace.counts_.add(HttpCount::connections_tls);
  if (!is_partial_) return;
  // No first segment needs to begin with a start line here (and what was asked
  // before is not known).
  for (Half& half : halves_) start_search(half);
  for (Half& half : halves_) half.behind_loss = false;
  pairing_.assume_lost_requests();
}

const Message* Conversation::advance(Input& input, Workspace& workspace) noexcept {
  const Message* message = nullptr;
  if (halves_[index_of(opposite(input.stream.direction))].phase == Phase::refused) [[unlikely]]
    message = answer_refused(input, workspace);
  while (message == nullptr && !input.rest.empty()) {
    [[maybe_unused]] const std::pair before{half_of(input).phase, input.rest.size()};
    switch (half_of(input).phase) {
      case Phase::between:
        message = begin_message(input, workspace);
        break;
      case Phase::head:
        message = continue_head(input, workspace);
        break;
      case Phase::counted:
        message = continue_counted(input, workspace);
        break;
      case Phase::chunked:
        message = continue_chunked(input, workspace);
        break;
      case Phase::trailer:
        message = continue_trailer(input, workspace);
        break;
      case Phase::to_close:
        continue_to_close(input, workspace);
        break;
      case Phase::refused:
        message = continue_refused(input, workspace);
        break;
      case Phase::searching:
        search(input, workspace);
        if (half_of(input).phase != Phase::searching &&
            halves_[index_of(opposite(input.stream.direction))].phase == Phase::refused)
          message = answer_refused(input, workspace);
        break;
      case Phase::not_http:
      case Phase::malformed:
      case Phase::tunnel:
      case Phase::h2:
      case Phase::closed:
        discard(input, workspace);
        break;
    }
    XDPCAP_DCHECK(message != nullptr ||
                  before != std::pair(half_of(input).phase, input.rest.size())); // else for ever
  }
  return message;
}

const Message* Conversation::continue_counted(Input& input, Workspace& workspace) noexcept {
  Half& half = half_of(input);
  Draft& draft = workspace.builder_.at(half.draft);
  XDPCAP_DCHECK(draft.remaining != 0);
  const auto here =
      static_cast<std::size_t>(std::min<std::uint64_t>(draft.remaining, input.rest.size()));
  workspace.builder_.append_body(draft, input.rest.first(here));
  input.rest = input.rest.subspan(here);
  draft.last_byte = input.stream.arrived;
  draft.remaining -= here;
  if (draft.remaining != 0) return nullptr;
  half.phase = Phase::between;
  return hand_out(draft, draft.has_gap ? kCutByGap : kSeenWhole, workspace);
}

const Message* Conversation::continue_chunked(Input& input, Workspace& workspace) noexcept {
  Half& half = half_of(input);
  Draft& draft = workspace.builder_.at(half.draft);
  draft.last_byte = input.stream.arrived;
  for (;;) {
    Bytes data;
    switch (draft.chunks.next(input.rest, data, draft.facts.anomalies)) {
      case ChunkDecoder::Found::need_more:
        return nullptr;
      case ChunkDecoder::Found::data:
        workspace.builder_.append_body(draft, data);
        break;
      case ChunkDecoder::Found::last:
        draft.empty_line = EmptyLineFinder::at_line_start();
        half.phase = Phase::trailer;
        return nullptr;
      case ChunkDecoder::Found::wrong:
        end_half(half, Phase::malformed, workspace);
        return hand_out(draft, kMalformed, workspace);
    }
  }
}

const Message* Conversation::continue_trailer(Input& input, Workspace& workspace) noexcept {
  Half& half = half_of(input);
  Draft& draft = workspace.builder_.at(half.draft);
  draft.last_byte = input.stream.arrived;
  XDPCAP_CHECK(draft.trailer.size() <= workspace.limits().head_bytes_max);
  const std::size_t room =
      workspace.limits().head_bytes_max - static_cast<std::size_t>(draft.trailer.size());
  const Bytes window = input.rest.first(std::min(room, input.rest.size()));
  const std::optional<std::size_t> end = draft.empty_line.find(window);
  const Bytes section = window.first(end.value_or(window.size()));
  input.rest = input.rest.subspan(section.size());

  // Most trailer sections are only the empty line, and that is not worth a slab.
  constexpr std::size_t kEmptyLineMax = 2;
  const bool is_empty = end && draft.trailer.empty() && *end <= kEmptyLineMax;
  if (!is_empty && !workspace.builder_.keep_trailer(draft, section)) {
    shed(input, workspace);
    return nullptr;
  }
  if (end) {
    half.phase = Phase::between;
    return hand_out(draft, kSeenWhole, workspace);
  }
  if (draft.trailer.size() < workspace.limits().head_bytes_max) return nullptr;
  draft.facts.anomalies.add(Anomaly::head_too_large);
  end_half(half, Phase::malformed, workspace);
  return hand_out(draft, kMalformed, workspace);
}

void Conversation::continue_to_close(Input& input, Workspace& workspace) noexcept {
  Draft& draft = workspace.builder_.at(half_of(input).draft);
  workspace.builder_.append_body(draft, input.rest);
  draft.last_byte = input.stream.arrived;
  input.rest = {};
}

void Conversation::discard(Input& input, Workspace& workspace) noexcept {
  const Phase phase = half_of(input).phase;
  XDPCAP_DCHECK(phase >= Phase::not_http);
  const HttpCount where = phase == Phase::not_http    ? HttpCount::bytes_not_http
                          : phase == Phase::malformed ? HttpCount::bytes_malformed
                          : phase == Phase::tunnel    ? HttpCount::bytes_tunnel
                          : phase == Phase::h2        ? HttpCount::bytes_h2
                                                      : HttpCount::bytes_after_close;
  workspace.counts_.add(where, input.rest.size());
  input.rest = {};
}

const Message* Conversation::lose(const StreamGap& gap, Workspace& workspace) noexcept {
  Half& half = halves_[index_of(gap.direction)];
  if (half.phase == Phase::closed || gap.length == 0) return nullptr;
  if (!has_spoken_) begin_connection(gap.direction, {}, workspace);
  update_direction(gap.direction);
  workspace.counts_.add(HttpCount::bytes_missing, gap.length);
  if (half.draft == 0) {
    if (!ended(gap.direction)) lose_track(gap.direction);
    return nullptr;
  }
  Draft& draft = workspace.builder_.at(half.draft);
  if (half.phase == Phase::to_close) {
    workspace.builder_.append_gap(draft, gap.length, gap.cause);
    return nullptr;
  }
  if (half.phase == Phase::refused) {
    draft.line_ended = true; // what comes behind the gap is not of it
    return nullptr;
  }
  if (half.phase == Phase::head) {
    workspace.counts_.add(HttpCount::heads_lost_to_gap);
    drop_draft(half, workspace);
    lose_track(gap.direction);
    return nullptr;
  }
  if (half.phase == Phase::counted) {
    const std::uint64_t inside = std::min(draft.remaining, gap.length);
    workspace.builder_.append_gap(draft, inside, gap.cause);
    draft.remaining -= inside;
    if (draft.remaining != 0) return nullptr;
    half.phase = Phase::between;
    if (inside == gap.length) return hand_out(draft, kCutByGap, workspace);
  }
  lose_track(gap.direction);
  return hand_out(draft, kCutByGap, workspace);
}

const Message* Conversation::finish_direction(Direction direction, StreamEnd end,
                                              Workspace& workspace) noexcept {
  Half& half = halves_[index_of(direction)];
  const Phase phase = half.phase;
  half.phase = Phase::closed;
  if (!speaks_http())
    forget_refused(opposite(direction), workspace); // nobody will answer it any more
  if (half.draft == 0) return nullptr;
  Draft& draft = workspace.builder_.at(half.draft);
  if (phase == Phase::head) return finish_head(direction, end, workspace);
  if (phase == Phase::refused) return finish_refused(direction, end, workspace);
  if (phase == Phase::to_close && draft.has_gap) return hand_out(draft, kCutByGap, workspace);
  const bool complete = phase == Phase::to_close && end == StreamEnd::fin;
  return hand_out(draft, {end_by(end), complete}, workspace);
}

// Gives back the draft of a message that was handed out, or of one that ended
// without.
void Conversation::finish_pending(Direction direction, Workspace& workspace) noexcept {
  Half& half = halves_[index_of(direction)];
  if (!is_in_progress(half.phase)) drop_draft(half, workspace);
}

void Conversation::release(Workspace& workspace) noexcept {
  for (Half& half : halves_) {
    drop_draft(half, workspace);
    half.phase = Phase::closed;
  }
  pairing_.release(workspace.builder_.slabs());
}

Anomalies Conversation::facts_of_connection() const noexcept {
  Anomalies facts;
  if (is_partial_) facts.add(Anomaly::partial_connection);
  return facts;
}

void Conversation::start_search(Half& half) noexcept {
  half.phase = Phase::searching;
  half.behind_loss = true;
  half.saw_cr = false;
}

// Bytes are lost, and with them the place where the next message begins.
void Conversation::lose_track(Direction direction) noexcept {
  Half& half = halves_[index_of(direction)];
  const bool responses =
      half.has_spoken_http ? half.sends_responses : direction == Direction::to_client;
  if (responses) {
    pairing_.on_responses_lost();
  } else {
    pairing_.on_requests_lost();
  }
  start_search(half);
}

void Conversation::shed(Input& input, Workspace& workspace) noexcept {
  workspace.counts_.add(HttpCount::shed_for_memory);
  workspace.counts_.add(HttpCount::bytes_skipped, input.rest.size());
  input.rest = {};
  drop_draft(half_of(input), workspace);
  lose_track(input.stream.direction);
}

void Conversation::end_half(Half& half, Phase phase, Workspace& workspace) noexcept {
  XDPCAP_CHECK(phase == Phase::not_http || phase == Phase::malformed);
  half.phase = phase;
  if (phase == Phase::not_http) workspace.counts_.add(HttpCount::directions_not_http);
  if (phase == Phase::malformed) workspace.counts_.add(HttpCount::directions_malformed);
}

// HTTP/1 ends here in this direction; in the other one behind the message that is
// in progress there: the body of an Upgrade request comes before the other protocol.
void Conversation::switch_protocol(Direction direction, Phase phase,
                                   Workspace& workspace) noexcept {
  XDPCAP_CHECK(!switched_ && (phase == Phase::tunnel || phase == Phase::h2));
  workspace.counts_.add(phase == Phase::h2 ? HttpCount::h2_prefaces : HttpCount::tunnels);
  switched_ = true;
  halves_[index_of(direction)].phase = phase;
  Half& other = halves_[index_of(opposite(direction))];
  if (other.phase == Phase::head) {
    const std::uint64_t read = workspace.builder_.at(other.draft).head.size();
    workspace.counts_.add(phase == Phase::h2 ? HttpCount::bytes_h2 : HttpCount::bytes_tunnel, read);
    drop_draft(other, workspace);
  }
  forget_refused(opposite(direction), workspace);
  if (other.phase <= Phase::head || other.phase == Phase::searching) other.phase = phase;
}

void Conversation::drop_draft(Half& half, Workspace& workspace) noexcept {
  if (half.draft == 0) return;
  workspace.builder_.close(half.draft);
  half.draft = 0;
}

const Message* Conversation::hand_out(MessageFacts facts, const Head& head, Bytes bytes, Bytes body,
                                      Instant last_byte, Ending ending,
                                      Workspace& workspace) noexcept {
  facts.anomalies.add(facts_of_connection());
  const Message& message = workspace.builder_.lay_out(facts, head, bytes, body, last_byte, ending);
  count_message(message, workspace.counts_);
  return &message;
}

const Message* Conversation::hand_out(Draft& draft, Ending ending, Workspace& workspace) noexcept {
  draft.facts.anomalies.add(facts_of_connection());
  const Message& message = workspace.builder_.lay_out(draft, ending);
  count_message(message, workspace.counts_);
  return &message;
}

} // namespace xdpcap::http
