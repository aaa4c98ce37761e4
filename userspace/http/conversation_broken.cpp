// The part of Conversation that shows what could not be read: start lines without a safe reading,
// and heads that never ended.
#include <algorithm>

#include "http/conversation.hpp"

namespace xdpcap::http {
namespace {

constexpr std::size_t kRefusedLineMax = 1024; // bytes of it that are shown
constexpr std::string_view kStatusLine = "HTTP/1.";

std::size_t line_max(const Workspace& workspace) noexcept {
  return std::min(kRefusedLineMax, workspace.limits().head_bytes_max);
}
// Up to its line end.
std::size_t length_of_line(Bytes bytes, std::size_t most) noexcept {
  const Bytes window = bytes.first(std::min(bytes.size(), most));
  const auto end = std::find(window.begin(), window.end(), std::byte{'\n'});
  return end == window.end() ? window.size() : static_cast<std::size_t>(end - window.begin()) + 1;
}
bool is_whole_line(Bytes bytes, std::size_t most) noexcept {
  const std::size_t length = length_of_line(bytes, most);
  return length == most || (length != 0 && bytes[length - 1] == std::byte{'\n'});
}

} // namespace

bool Conversation::speaks_http() const noexcept {
  return halves_[0].has_spoken_http || halves_[1].has_spoken_http;
}

// No start line stands where one is due. In a connection that speaks HTTP that is a malformed
// message; so it is if these are the client's first words and the server answers them with HTTP,
// which only the answer can tell. What is in the draft, if there is one, is the beginning of the
// line.
void Conversation::keep_refused_line(Direction direction, Workspace& workspace) noexcept {
  Half& half = halves_[index_of(direction)];
  const Half& other = halves_[index_of(opposite(direction))];
  const bool is_open_question = direction == Direction::to_server && other.phase <= Phase::head;
  end_half(half, half.has_spoken_http ? Phase::malformed : Phase::not_http, workspace);
  if (!speaks_http() && !is_open_question) return drop_draft(half, workspace);
  if (half.draft == 0) half.draft = workspace.builder_.open();
  if (half.draft == 0) return;
  Draft& draft = workspace.builder_.at(half.draft);
  draft.line_ended = is_whole_line(workspace.builder_.head_of(draft), line_max(workspace));
  half.phase = Phase::refused;
}

const Message* Conversation::continue_refused(Input& input, Workspace& workspace) noexcept {
  Half& half = half_of(input);
  Draft& draft = workspace.builder_.at(half.draft);
  if (draft.head.size() == 0) draft.facts.first_byte = input.stream.arrived;
  workspace.counts_.add(
      half.has_spoken_http ? HttpCount::bytes_malformed : HttpCount::bytes_not_http,
      input.rest.size());
  if (!draft.line_ended && !input.rest.empty()) {
    const std::size_t most = line_max(workspace);
    const std::size_t room = most - std::min(most, static_cast<std::size_t>(draft.head.size()));
    const Bytes window = input.rest.first(std::min(room, input.rest.size()));
    const Bytes line = window.first(length_of_line(window, most));
    draft.last_byte = input.stream.arrived;
    const bool kept = workspace.builder_.keep_head(draft, line);
    draft.line_ended = !kept || is_whole_line(workspace.builder_.head_of(draft), most);
  }
  input.rest = {};
  if (!draft.line_ended || !speaks_http()) return nullptr;
  return hand_out_refused(input.stream.direction, {End::malformed, false}, workspace);
}

// Before bytes of a direction are read: do they tell what became of the other one's refused line?
const Message* Conversation::answer_refused(const Input& input, Workspace& workspace) noexcept {
  const Direction refused = opposite(input.stream.direction);
  Half& half = halves_[index_of(input.stream.direction)];
  if (half.phase > Phase::head) return nullptr;
  std::array<std::byte, kStatusLine.size()> begin{};
  std::size_t known = 0;
  if (half.draft != 0) {
    const Bytes head = workspace.builder_.head_of(workspace.builder_.at(half.draft));
    known = std::min(head.size(), begin.size());
    std::copy_n(head.begin(), known, begin.begin());
  }
  const std::size_t more = std::min(begin.size() - known, input.rest.size());
  std::copy_n(input.rest.begin(), more, begin.begin() + static_cast<std::ptrdiff_t>(known));
  const std::string_view text = as_text(Bytes{begin}.first(known + more));
  if (!kStatusLine.starts_with(text)) {
    forget_refused(refused, workspace);
    return nullptr;
  }
  if (text.size() < kStatusLine.size()) return nullptr;
  return hand_out_refused(refused, {End::malformed, false}, workspace);
}

// It was not HTTP.
void Conversation::forget_refused(Direction direction, Workspace& workspace) noexcept {
  Half& half = halves_[index_of(direction)];
  if (half.phase != Phase::refused) return;
  drop_draft(half, workspace);
  half.phase = half.closed_while_refused ? Phase::closed
               : half.has_spoken_http    ? Phase::malformed
                                         : Phase::not_http;
}

const Message* Conversation::hand_out_refused(Direction direction, Ending ending,
                                              Workspace& workspace) noexcept {
  Half& half = halves_[index_of(direction)];
  XDPCAP_CHECK(half.draft != 0);
  Draft& draft = workspace.builder_.at(half.draft);
  half.phase = half.closed_while_refused || half.phase == Phase::closed ? Phase::closed
               : half.has_spoken_http                                   ? Phase::malformed
                                                                        : Phase::not_http;
  const bool is_response =
      half.has_spoken_http ? half.sends_responses : direction == Direction::to_client;
  const Bytes all = workspace.builder_.head_of(draft);
  const Bytes line = all.first(length_of_line(all, line_max(workspace)));
  Head head;
  head.start.kind = is_response ? Kind::response : Kind::request;
  head.length = static_cast<std::uint32_t>(line.size());
  head.anomalies.add(Anomaly::bad_start_line);
  if (line.empty() || line.back() != std::byte{'\n'}) head.anomalies.add(Anomaly::head_cut);
  return hand_out_broken(direction, draft, head, line, ending, workspace);
}

// More head than is kept: the direction ends, and what there is is shown.
const Message* Conversation::hand_out_full_head(Input& input, Workspace& workspace) noexcept {
  Half& half = half_of(input);
  workspace.counts_.add(HttpCount::heads_too_large);
  end_half(half, Phase::malformed, workspace);
  const Message* message = hand_out_cut_head(input.stream.direction, Anomaly::head_too_large,
                                             {End::malformed, false}, workspace);
  if (message == nullptr) drop_draft(half, workspace);
  return message;
}

// A head up to its last whole line. Null where not even the start line is whole.
const Message* Conversation::hand_out_cut_head(Direction direction, Anomaly why, Ending ending,
                                               Workspace& workspace) noexcept {
  Draft& draft = workspace.builder_.at(halves_[index_of(direction)].draft);
  Head head;
  const Bytes bytes = workspace.builder_.cut_head_of(draft);
  if (parse_head(bytes, workspace.builder_.field_room(), head) != Answer::done ||
      head.start.h2_preface)
    return nullptr;
  learn_roles(head.start.kind, direction);
  halves_[index_of(direction)].has_spoken_http = true;
  head.anomalies.add(why);
  return hand_out_broken(direction, draft, head, bytes, ending, workspace);
}

const Message* Conversation::hand_out_broken(Direction direction, const Draft& draft,
                                             const Head& head, Bytes bytes, Ending ending,
                                             Workspace& workspace) noexcept {
  const StreamBytes nothing{direction, false, 0, {}, draft.last_byte};
  Input input{nothing, {}, false};
  RequestKind answered = RequestKind::plain;
  const MessageFacts facts = describe(input, bytes, head, workspace, answered);
  return hand_out(facts, head, bytes, {}, draft.last_byte, ending, workspace);
}

// The direction ends inside a head.
const Message* Conversation::finish_head(Direction direction, StreamEnd end,
                                         Workspace& workspace) noexcept {
  Half& half = halves_[index_of(direction)];
  Draft& draft = workspace.builder_.at(half.draft);
  workspace.counts_.add(HttpCount::heads_cut_by_close);
  const Ending ending{end_by(end), false};
  if (draft.start_line_known)
    return hand_out_cut_head(direction, Anomaly::head_cut, ending, workspace);
  const bool is_message =
      !half.tentative && resembles_known_start_line(as_text(workspace.builder_.head_of(draft)));
  return is_message ? hand_out_refused(direction, ending, workspace) : nullptr;
}

// The direction ends with a line that was refused. What it was may still be told by the answer.
const Message* Conversation::finish_refused(Direction direction, StreamEnd end,
                                            Workspace& workspace) noexcept {
  Half& half = halves_[index_of(direction)];
  if (speaks_http()) return hand_out_refused(direction, {end_by(end), false}, workspace);
  if (end != StreamEnd::fin || is_closed(opposite(direction))) return nullptr;
  half.closed_while_refused = true;
  half.phase = Phase::refused;
  return nullptr;
}

} // namespace xdpcap::http
