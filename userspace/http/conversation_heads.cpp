// The part of Conversation that finds start lines and reads heads.
#include <algorithm>

#include "http/conversation.hpp"

namespace xdpcap::http {

// False: a CR stands there that is no empty line, and so begins no start line.
bool Conversation::skip_empty_lines(Input& input, Workspace& workspace) noexcept {
  Half& half = half_of(input);
  XDPCAP_DCHECK(!input.rest.empty());
  if (!half.saw_cr && input.rest.front() > std::byte{'\r'}) [[likely]]
    return true;
  std::size_t skipped = 0;
  bool fine = true;
  for (; skipped < input.rest.size(); ++skipped) {
    const std::byte byte = input.rest[skipped];
    if (byte == std::byte{'\n'}) {
      half.saw_empty_line = true;
      half.saw_cr = false;
    } else if (half.saw_cr) {
      fine = false;
      break;
    } else if (byte == std::byte{'\r'}) {
      half.saw_cr = true;
    } else {
      break;
    }
  }
  if (skipped > 0) workspace.counts_.add(HttpCount::bytes_empty_lines, skipped);
  input.rest = input.rest.subspan(skipped);
  return fine;
}

const Message* Conversation::begin_message(Input& input, Workspace& workspace) noexcept {
  Half& half = half_of(input);
  if (switched_) {
    half.phase = Phase::tunnel;
    return nullptr;
  }
  const bool fine = skip_empty_lines(input, workspace);
  if (input.rest.empty()) return nullptr;
  const Bytes window =
      input.rest.first(std::min(input.rest.size(), workspace.limits().head_bytes_max));
  if (half.tentative && !resembles_start_line(as_text(window))) {
    refuse_start_line(input, workspace);
    return nullptr;
  }
  Head head;
  switch (fine ? parse_head(window, workspace.builder_.field_room(), head) : Answer::wrong) {
    case Answer::done:
      input.rest = input.rest.subspan(head.consumed);
      return read_head(input, window, head, workspace);
    case Answer::wrong:
      refuse_start_line(input, workspace);
      return nullptr;
    case Answer::need_more:
      break;
  }
  XDPCAP_CHECK(half.draft == 0);
  half.draft = workspace.builder_.open();
  if (half.draft == 0) {
    shed(input, workspace);
    return nullptr;
  }
  Draft& draft = workspace.builder_.at(half.draft);
  draft.facts.first_byte = input.stream.arrived;
  draft.start_line_known = head.start.length != 0; // it was whole here, and judged as such
  half.phase = Phase::head;
  return nullptr; // advance() goes on with continue_head
}

const Message* Conversation::continue_head(Input& input, Workspace& workspace) noexcept {
  Half& half = half_of(input);
  MessageBuilder& builder = workspace.builder_;
  Draft& draft = builder.at(half.draft);
  XDPCAP_CHECK(draft.head.size() <= workspace.limits().head_bytes_max);
  const std::size_t room =
      workspace.limits().head_bytes_max - static_cast<std::size_t>(draft.head.size());
  const Bytes window = input.rest.first(std::min(room, input.rest.size()));
  const std::optional<std::size_t> end = draft.empty_line.find(window);
  const Bytes newest = window.first(end.value_or(window.size()));
  if (!builder.keep_head(draft, newest)) {
    shed(input, workspace);
    return nullptr;
  }
  draft.last_byte = input.stream.arrived;
  if (!draft.start_line_known) {
    const Answer answer = check_start_line(draft, newest, half.tentative, workspace);
    if (answer == Answer::wrong) {
      return refuse_drafted_start_line(input, newest.size(), workspace);
    }
    draft.start_line_known = answer == Answer::done;
  }
  input.rest = input.rest.subspan(newest.size());
  if (!end) {
    const bool full = draft.head.size() == workspace.limits().head_bytes_max;
    return full ? hand_out_full_head(input, workspace) : nullptr;
  }
  Head head;
  const Bytes bytes = builder.head_of(draft);
  const Answer answer = parse_head(bytes, builder.field_room(), head);
  XDPCAP_CHECK(answer == Answer::done); // the finder has found its end
  return read_head(input, bytes, head, workspace);
}

// Is this still the beginning of a start line? Looked at while it is short, so that
// what is not HTTP is let go early, and when a line end has come.
Answer Conversation::check_start_line(const Draft& draft, Bytes newest, bool tentative,
                                      Workspace& workspace) noexcept {
  constexpr std::size_t kShort = 128;
  const bool has_line_end =
      std::find(newest.begin(), newest.end(), std::byte{'\n'}) != newest.end();
  if (draft.head.size() > kShort && !has_line_end) return Answer::need_more;
  const std::string_view text = as_text(workspace.builder_.head_of(draft));
  if (tentative && !resembles_known_start_line(text)) return Answer::wrong;
  StartLine line;
  return parse_start_line(text, line);
}

void Conversation::refuse_start_line(Input& input, Workspace& workspace) noexcept {
  Half& half = half_of(input);
  if (half.tentative) {
    half.tentative = false;
    start_search(half);
    workspace.counts_.add(HttpCount::bytes_skipped, input.rest.size());
    input.rest = {};
    return;
  }
  keep_refused_line(input.stream.direction, workspace);
}

// The same for one that came in part; its last `newest` bytes stand at the front
// of the rest.
const Message* Conversation::refuse_drafted_start_line(Input& input, std::size_t newest,
                                                       Workspace& workspace) noexcept {
  Half& half = half_of(input);
  if (half.tentative) {
    XDPCAP_CHECK(newest <= workspace.builder_.at(half.draft).head.size());
    const auto earlier =
        static_cast<std::size_t>(workspace.builder_.at(half.draft).head.size()) - newest;
    drop_draft(half, workspace);
    // The newest bytes may still begin a message by themselves: search() looks at
    // them, if a segment begins here.
    workspace.counts_.add(HttpCount::bytes_skipped, earlier);
    if (earlier == 0) input.rest = {};
    half.tentative = false;
    start_search(half);
    return nullptr;
  }
  workspace.counts_.add(
      half.has_spoken_http ? HttpCount::bytes_malformed : HttpCount::bytes_not_http,
      workspace.builder_.at(half.draft).head.size());
  input.rest = input.rest.subspan(newest);
  keep_refused_line(input.stream.direction, workspace);
  return half.phase == Phase::refused ? continue_refused(input, workspace) : nullptr;
}

void Conversation::search(Input& input, Workspace& workspace) noexcept {
  Half& half = half_of(input);
  const bool at_segment_start =
      input.stream.at_segment_start && input.rest.data() == input.stream.bytes.data();
  const Bytes window =
      input.rest.first(std::min(input.rest.size(), workspace.limits().head_bytes_max));
  std::string_view text = as_text(window);
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
  // Nothing but empty lines: what follows them decides.
  if (at_segment_start && (text.empty() || resembles_start_line(text))) {
    half.phase = Phase::between;
    half.tentative = true;
    return;
  }
  half.behind_loss = true;
  workspace.counts_.add(HttpCount::bytes_skipped, input.rest.size());
  input.rest = {};
}

void Conversation::learn_roles(Kind kind, Direction direction) noexcept {
  const bool agrees = (kind == Kind::request) == (direction == Direction::to_server);
  roles_agreed_ |= agrees;
  roles_contradicted_ |= !agrees;
}

// Pairs the message and gathers what is known of it before its body.
MessageFacts Conversation::describe(Input& input, Bytes bytes, const Head& head,
                                    Workspace& workspace, RequestKind& answered) noexcept {
  Half& half = half_of(input);
  SlabPool& slabs = workspace.builder_.slabs();
  MessageFacts facts;
  facts.kind = head.start.kind;
  facts.direction = input.stream.direction;
  facts.first_byte =
      half.draft != 0 ? workspace.builder_.at(half.draft).facts.first_byte : input.stream.arrived;
  facts.anomalies = head.anomalies;
  if (half.saw_empty_line) facts.anomalies.add(Anomaly::leading_empty_lines);
  if (half.announced_close) facts.anomalies.add(Anomaly::data_after_close);
  if (half.behind_loss) facts.anomalies.add(Anomaly::resynchronised);
  if (head.framing.has_length && !head.framing.length_bad)
    facts.declared_length = head.framing.length;

  if (facts.kind == Kind::request) {
    bool tracked = true;
    const std::string_view method = head.start.method.in(bytes);
    facts.index = pairing_.on_request(request_kind(method), input.reacting, slabs, tracked);
    if (!tracked) workspace.counts_.add(HttpCount::requests_untracked);
    input.reacting = false; // what follows in these bytes was pipelined
  } else {
    // 101 is the last HTTP/1 word on its request, and so counts as its answer.
    const bool interim = is_informational(head.start.status) && head.start.status != 101;
    if (interim) facts.anomalies.add(Anomaly::interim);
    const Pairing::Answered to =
        interim ? pairing_.on_interim() : pairing_.on_response(half.behind_loss, slabs);
    facts.index = to.index;
    answered = to.request;
    if (!to.known) facts.anomalies.add(Anomaly::unpaired);
  }
  return facts;
}

// A head is there, and `input` stands behind it: what is its body, and is that here
// as well?
const Message* Conversation::read_head(Input& input, Bytes bytes, const Head& head,
                                       Workspace& workspace) noexcept {
  Half& half = half_of(input);
  const Direction direction = input.stream.direction;
  half.tentative = false;
  if (head.start.h2_preface) {
    drop_draft(half, workspace);
    switch_protocol(direction, Phase::h2, workspace);
    workspace.counts_.add(HttpCount::bytes_h2, head.consumed);
    return nullptr;
  }
  learn_roles(head.start.kind, direction);
  RequestKind answered = RequestKind::plain;
  MessageFacts facts = describe(input, bytes, head, workspace, answered);
  const BodyPlan plan = plan_body(head, answered);
  facts.framing = plan.framing;
  facts.anomalies.add(plan.anomalies);
  check_host(head, bytes, facts.anomalies);

  half.has_spoken_http = true;
  half.sends_responses = head.start.kind == Kind::response;
  half.announced_close |= head.framing.closes;
  half.saw_empty_line = false;
  half.behind_loss = false;

  if (plan.malformed) {
    end_half(half, Phase::malformed, workspace);
    return hand_out(facts, head, bytes, {}, input.stream.arrived, {End::malformed, false},
                    workspace);
  }
  if (plan.switches) {
    facts.anomalies.add(Anomaly::tunnel);
    switch_protocol(direction, Phase::tunnel, workspace);
  } else if (plan.framing == Framing::none ||
             (plan.framing == Framing::content_length && plan.length <= input.rest.size())) {
    half.phase = Phase::between;
  } else {
    keep_for_body(input, bytes.first(head.consumed), facts, plan, workspace);
    return nullptr;
  }
  XDPCAP_CHECK(plan.length <= input.rest.size());
  const Bytes body = input.rest.first(static_cast<std::size_t>(plan.length));
  input.rest = input.rest.subspan(body.size());
  return hand_out(facts, head, bytes, body, input.stream.arrived, {End::complete, true}, workspace);
}

// The body is not all here: the message becomes a draft.
void Conversation::keep_for_body(Input& input, Bytes head, const MessageFacts& facts,
                                 const BodyPlan& plan, Workspace& workspace) noexcept {
  Half& half = half_of(input);
  MessageBuilder& builder = workspace.builder_;
  if (half.draft == 0) {
    half.draft = builder.open();
    if (half.draft == 0 || !builder.keep_head(builder.at(half.draft), head)) {
      shed(input, workspace);
      return;
    }
  }
  Draft& draft = builder.at(half.draft);
  draft.facts = facts;
  draft.remaining = plan.length;
  draft.last_byte = input.stream.arrived;
  XDPCAP_CHECK(plan.framing != Framing::none);
  half.phase = plan.framing == Framing::chunked          ? Phase::chunked
               : plan.framing == Framing::content_length ? Phase::counted
                                                         : Phase::to_close;
}

} // namespace xdpcap::http
