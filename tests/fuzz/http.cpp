// Fuzzes the conversation with an oracle: the same bytes cut in another way must
// give the same messages. The input is a script: an opcode, its arguments, bytes.
// With gaps in it only the absence of crashes and leaks is asked, because behind a
// gap it matters by design where a segment begins.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "http/conversation.hpp"
#include "http/head_parser.hpp"

namespace {

using namespace xdpcap;
using namespace xdpcap::http;

struct Step {
  enum class What : std::uint8_t { bytes, gap, close } what = What::bytes;
  Direction direction = Direction::to_server;
  Bytes bytes;
  std::uint64_t length = 0;
  StreamEnd end = StreamEnd::fin;
};

class Reader {
 public:
  explicit Reader(Bytes bytes) noexcept : left_(bytes) {}

  [[nodiscard]] bool done() const noexcept { return left_.empty(); }
  std::uint8_t byte() noexcept {
    if (left_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(left_.front());
    left_ = left_.subspan(1);
    return value;
  }
  Bytes take(std::size_t length) noexcept {
    const Bytes taken = left_.first(std::min(length, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }

 private:
  Bytes left_;
};

std::vector<Step> read_steps(Reader& reader) {
  std::vector<Step> steps;
  while (!reader.done()) {
    const std::uint8_t code = reader.byte();
    Step step;
    step.direction = (code & 1) != 0 ? Direction::to_client : Direction::to_server;
    if ((code & 0x70) == 0x10) {
      step.what = Step::What::gap;
      step.length = std::uint64_t{reader.byte()} * reader.byte();
    } else if ((code & 0x70) == 0x20) {
      step.what = Step::What::close;
      step.end = static_cast<StreamEnd>(reader.byte() % 5);
    } else {
      step.bytes = reader.take(std::size_t{reader.byte()} * ((code & 0x70) == 0x30 ? 64 : 4) + 1);
    }
    steps.push_back(step);
  }
  return steps;
}

// Everything that is borrowed, written down.
struct Journal {
  std::string text;

  void put(std::uint64_t number) { text += std::to_string(number) + ' '; }
  void put(Bytes bytes) {
    put(bytes.size());
    text += as_text(bytes);
  }
  void put(std::span<const FieldSpan> fields, Bytes of) {
    put(fields.size());
    for (const FieldSpan& field : fields) (text += field.name.in(of)) += field.value.in(of);
  }
  void on_message(const Message& message) noexcept {
    put(static_cast<std::uint64_t>(message.kind) << 8 |
        static_cast<std::uint64_t>(message.direction) << 4 |
        static_cast<std::uint64_t>(message.end));
    put(message.index);
    put(message.complete ? 1 : 0);
    put(static_cast<std::uint64_t>(message.framing));
    put(message.status);
    put(message.anomalies.bits());
    put(message.body_length);
    put(message.declared_length.value_or(0));
    put(message.head);
    put(message.fields, message.head);
    (text += message.method.in(message.head)) += message.target.in(message.head);
    text += message.reason.in(message.head);
    put(message.trailer_section);
    put(message.trailers, message.trailer_section);
    put(message.body.size());
    for (const Bytes piece : message.body) text += as_text(piece);
    for (const BodyGap& gap : message.gaps) put(gap.offset ^ gap.length);
    if (message.body_sha256) text += as_text(*message.body_sha256);
    text += '\n';
  }
};

std::string play(const std::vector<Step>& steps, std::size_t piece, Workspace& workspace) {
  Conversation conversation{};
  Journal journal;
  std::uint64_t offset = 0;
  for (const Step& step : steps) {
    const Instant at{};
    if (step.what == Step::What::close)
      conversation.on_close(step.direction, step.end, at, workspace, journal);
    if (step.what == Step::What::gap) {
      conversation.on_gap({step.direction, offset, step.length, GapCause::network, at}, workspace,
                          journal);
    }
    Bytes left = step.bytes;
    for (bool first = true; !left.empty(); first = false) {
      // In memory of its own, so that the sanitizer sees each byte read behind it.
      const Bytes next = left.first(std::min(piece, left.size()));
      const std::vector<std::byte> copy(next.begin(), next.end());
      conversation.on_bytes({step.direction, first, offset++, copy, at}, workspace, journal);
      left = left.subspan(next.size());
    }
  }
  conversation.release(workspace);
  if (workspace.memory_in_use() != 0) std::abort();
  return journal.text;
}

// Plain heads are read in one pass; what that says must be what a look at each line says.
void expect_same_reading(Bytes bytes) {
  const std::vector<std::byte> copy(bytes.begin(), bytes.end());
  std::array<FieldSpan, 20> room, other_room;
  Head head, other;
  const Answer answer = parse_head(copy, room, head);
  if (answer != parse_head_line_by_line(copy, other_room, other)) std::abort();
  if (head.start.length != other.start.length) std::abort();
  if (answer != Answer::done) return;
  Journal journal, other_journal;
  for (auto [of, to] : {std::pair{&head, &journal}, std::pair{&other, &other_journal}}) {
    to->put(of->length);
    to->put(of->consumed);
    to->put(of->anomalies.bits());
    to->put(of->framing.length);
    to->put(of->fields, copy);
    for (const Span span : {of->start.method, of->start.target, of->start.reason})
      to->text += span.in(copy);
  }
  if (journal.text != other_journal.text) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Workspace workspace{
      Limits{.body_kept_max = 300, .head_bytes_max = 2000, .fields_max = 20, .hash_bodies = true},
      std::size_t{1} << 20};
  Reader reader{Bytes{reinterpret_cast<const std::byte*>(data), size}};
  const std::size_t piece = reader.byte() % 63U + 1;
  const std::vector<Step> steps = read_steps(reader);
  bool has_gap = false;
  for (const Step& step : steps) {
    has_gap |= step.what == Step::What::gap;
    expect_same_reading(step.bytes);
  }

  const std::string whole = play(steps, SIZE_MAX, workspace);
  const std::string cut = play(steps, piece, workspace);
  if (has_gap || whole == cut) return 0;
  std::fprintf(stderr, "whole:\n%s\nin pieces of %zu:\n%s\n", whole.c_str(), piece, cut.c_str());
  std::abort();
}
