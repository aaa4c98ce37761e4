#include "script.hpp"

#include <algorithm>

namespace xdpcap::http::test {
namespace {

std::vector<std::pair<std::string, std::string>> copy_of(std::span<const FieldSpan> fields,
                                                         Bytes text) {
  std::vector<std::pair<std::string, std::string>> copies;
  for (const FieldSpan& field : fields)
    copies.emplace_back(field.name.in(text), field.value.in(text));
  return copies;
}

std::size_t piece_length(Split split, std::size_t left, std::mt19937& random) {
  if (split == Split::whole) return left;
  if (split == Split::byte_by_byte) return 1;
  return std::min<std::size_t>(left, std::uniform_int_distribution<std::size_t>{1, 40}(random));
}

} // namespace

Seen copy_of(const Message& message) {
  Seen seen;
  seen.kind = message.kind;
  seen.direction = message.direction;
  seen.index = message.index;
  seen.complete = message.complete;
  seen.end = message.end;
  seen.framing = message.framing;
  seen.head = as_text(message.head);
  seen.method = message.method.in(message.head);
  seen.target = message.target.in(message.head);
  seen.reason = message.reason.in(message.head);
  seen.status = message.status;
  seen.version = message.version_major * 10U + message.version_minor;
  seen.fields = copy_of(message.fields, message.head);
  seen.trailers = copy_of(message.trailers, message.trailer_section);
  seen.trailer_section = as_text(message.trailer_section);
  seen.declared_length = message.declared_length;
  seen.body_length = message.body_length;
  for (const Bytes piece : message.body) seen.body += as_text(piece);
  if (message.body_sha256) seen.sha256 = as_text(*message.body_sha256);
  for (const BodyGap& gap : message.gaps) seen.gaps.emplace_back(gap.offset, gap.length);
  seen.anomaly_bits = message.anomalies.bits();
  seen.first_byte = ns_since_1970(message.first_byte);
  seen.last_byte = ns_since_1970(message.last_byte);
  return seen;
}

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  out << (seen.kind == Kind::request ? "request " : "response ") << seen.index << ' ' << seen.method
      << seen.status << ' ' << seen.target << seen.reason << " fields=" << seen.fields.size()
      << " body=" << seen.body_length << ':' << seen.body.substr(0, 60)
      << " framing=" << static_cast<int>(seen.framing) << " end=" << static_cast<int>(seen.end)
      << (seen.complete ? " complete" : " incomplete") << " anomalies={";
  for (unsigned i = 0; i <= static_cast<unsigned>(Anomaly::MAX); ++i) {
    if (seen.has(static_cast<Anomaly>(i))) out << ' ' << i;
  }
  return out << " } first=" << seen.first_byte << " last=" << seen.last_byte;
}

Script& Script::say(Direction direction, std::string_view bytes) {
  steps_.push_back({Step::What::bytes, direction, std::string{bytes}});
  return *this;
}

Script& Script::gap(Direction direction, std::uint64_t length) {
  steps_.push_back({Step::What::gap, direction, {}, length});
  return *this;
}

Script& Script::close(Direction direction, StreamEnd end) {
  steps_.push_back({Step::What::close, direction, {}, 0, end});
  return *this;
}

Script& Script::partial() {
  steps_.push_back({.what = Step::What::partial});
  return *this;
}

std::vector<Seen> Script::play(Split split, Workspace& workspace, unsigned seed) const {
  std::mt19937 random{seed};
  Conversation conversation{};
  Collector collector;
  std::array<std::uint64_t, 2> offsets{};
  std::int64_t now = 0;
  for (const Step& step : steps_) {
    std::uint64_t& offset = offsets[index_of(step.direction)];
    const Instant at = instant_from_ns(++now);
    if (step.what == Step::What::partial) conversation.mark_partial();
    if (step.what == Step::What::close)
      conversation.on_close(step.direction, step.end, at, workspace, collector);
    if (step.what == Step::What::gap) {
      conversation.on_gap({step.direction, offset, step.length, GapCause::network, at}, workspace,
                          collector);
      offset += step.length;
    }
    Bytes left = as_bytes(step.bytes);
    for (bool first = true; !left.empty(); first = false) {
      const std::size_t length = piece_length(split, left.size(), random);
      const xdpcap::test::Guarded piece{left.first(length)};
      conversation.on_bytes({step.direction, first, offset, piece.bytes(), at}, workspace,
                            collector);
      offset += length;
      left = left.subspan(length);
    }
  }
  conversation.release(workspace);
  return collector.messages;
}

std::vector<Seen> Script::messages(const Limits& limits) const {
  Workspace workspace{limits, std::size_t{8} << 20};
  std::vector<Seen> whole = play(Split::whole, workspace);
  EXPECT_EQ(workspace.memory_in_use(), 0U) << "whole";
  EXPECT_EQ(play(Split::byte_by_byte, workspace), whole) << "byte by byte";
  for (unsigned seed = 1; seed <= 10; ++seed) {
    EXPECT_EQ(play(Split::random, workspace, seed), whole) << "cut at random, seed " << seed;
  }
  EXPECT_EQ(workspace.memory_in_use(), 0U) << "memory stays taken";
  return whole;
}

} // namespace xdpcap::http::test
