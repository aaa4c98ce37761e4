#include "sim/witness.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "wire/segment.hpp"

namespace xdpcap::sim {
namespace {

// How much of a segment's payload was captured; -1: not even its header.
struct Seen {
  std::ptrdiff_t payload = -1;
};

std::vector<std::vector<Seen>> seen_of(const Traffic& traffic, const Outcome& outcome) {
  std::vector<std::vector<Seen>> seen(traffic.connections.size());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    for (const Passed& passed : traffic.connections[i].trace.passed)
      seen[i].push_back({static_cast<std::ptrdiff_t>(passed.payload.size())});
  }
  for (std::size_t i = 0; i < traffic.frames.size(); ++i) {
    const Frame& frame = traffic.frames[i];
    Seen& of = seen[frame.connection][frame.passed];
    if (!outcome.delivered[i])
      of.payload = -1;
    else if (frame.is_cut)
      of.payload = std::min(of.payload, static_cast<std::ptrdiff_t>(frame.payload_kept));
  }
  return seen;
}

void subtract(std::vector<Range>& from, const Range& what) {
  std::vector<Range> left;
  for (const Range& range : from) {
    if (range.begin < std::min(range.end, what.begin))
      left.push_back({range.begin, std::min(range.end, what.begin)});
    if (std::max(range.begin, what.end) < range.end)
      left.push_back({std::max(range.begin, what.end), range.end});
  }
  from = std::move(left);
}

class Examination {
 public:
  Examination(const Connection& connection, const std::vector<Seen>& seen)
      : connection_(connection), trace_(connection.trace), seen_(seen) {}

  Witness examine() {
    find_holes();
    for (const std::size_t side : {kClient, kServer}) {
      find_missed(side);
      find_sure(side);
    }
    return std::move(witness_);
  }

 private:
  void find_holes() {
    std::array<bool, 2> syn{};
    bool missing = false;
    witness_.unbroken = true;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      const Passed& passed = trace_.passed[i];
      const bool is_seen = seen_[i].payload >= 0;
      if (is_seen && (passed.flags & wire::TcpFlags::syn) != 0) syn[passed.side] = true;
      if (is_seen && missing) witness_.unbroken = false;
      missing |= seen_[i].payload < static_cast<std::ptrdiff_t>(passed.payload.size());
    }
    witness_.handshake = syn[0] && syn[1];
    witness_.whole = !missing;
  }

  void find_missed(std::size_t side) {
    std::vector<Range>& missed = witness_.missed[side];
    for (const Accepted& accepted : trace_.accepted[side]) {
      std::vector<Range> left{{accepted.begin, accepted.end}};
      for (std::size_t i = 0; i <= accepted.passed; ++i) {
        const Passed& passed = trace_.passed[i];
        if (passed.side != side || passed.forged || passed.refused || seen_[i].payload <= 0)
          continue;
        subtract(left, {passed.offset, passed.offset + static_cast<std::size_t>(seen_[i].payload)});
        if (left.empty()) break;
      }
      missed.insert(missed.end(), left.begin(), left.end());
    }
    // The rest of a segment that was cut is a gap at once, though it may be sent again.
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      const Passed& passed = trace_.passed[i];
      const auto kept = static_cast<std::size_t>(std::max<std::ptrdiff_t>(seen_[i].payload, 0));
      if (passed.side == side && !passed.forged && seen_[i].payload >= 0 &&
          kept < passed.payload.size())
        missed.push_back({passed.offset + kept, passed.offset + passed.payload.size()});
    }
    // What nobody took was not sent, so far as anybody knows.
    missed.push_back({trace_.received[side], connection_.dialogue.stream[side].size() + 1});
  }

  void find_sure(std::size_t side) {
    std::size_t acknowledged = 0;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      const Passed& passed = trace_.passed[i];
      if (passed.side == side || passed.forged || seen_[i].payload < 0) continue;
      if ((passed.flags & wire::TcpFlags::ack) == 0) continue;
      const auto ahead = static_cast<std::int32_t>(passed.ack - connection_.tcp.isn[side] - 1);
      if (ahead > 0) acknowledged = std::max(acknowledged, static_cast<std::size_t>(ahead));
    }
    const std::size_t size = connection_.dialogue.stream[side].size();
    witness_.acknowledged[side] = acknowledged;
    witness_.fin_acknowledged[side] = acknowledged > size;
    std::size_t first = size;
    for (const Range& range : witness_.missed[side]) first = std::min(first, range.begin);
    witness_.sure[side] = std::min({acknowledged, size, first});
  }

  const Connection& connection_;
  const Trace& trace_;
  const std::vector<Seen>& seen_;
  Witness witness_;
};

} // namespace

std::string frames_text(const Traffic& traffic, const Outcome& outcome, std::size_t number) {
  const Connection& connection = traffic.connections[number];
  const std::int64_t start =
      connection.trace.passed.empty() ? 0 : connection.trace.passed.front().at_us;
  std::string text = fmt::format("{} ({}, {}):\n", connection.dialogue.name,
                                 connection.envelope.client(), connection.envelope.name());
  for (std::size_t i = 0; i < traffic.frames.size(); ++i) {
    const Frame& frame = traffic.frames[i];
    if (frame.connection != number) continue;
    const Passed& passed = connection.trace.passed[frame.passed];
    std::string flags;
    for (std::size_t bit = 0; bit < 6; ++bit) {
      if ((passed.flags >> bit & 1) != 0) flags += "FSRPAU"[bit];
    }
    const auto relative = [&](std::uint32_t at, std::size_t side) {
      return static_cast<std::int32_t>(at - connection.tcp.isn[side] - 1);
    };
    text += fmt::format("  {:>8} us {} {:3} {}+{} ack {} window {} clock {}{}{}{}{}\n",
                        frame.at_us - start, passed.side == kClient ? "->" : "<-", flags,
                        relative(passed.seq, passed.side), passed.payload.size(),
                        relative(passed.ack, 1 - passed.side), passed.window, passed.clock,
                        passed.forged                ? " forged"
                        : passed.sum == Sum::partial ? " offloaded"
                                                     : "",
                        frame.is_fragment ? " fragment" : "",
                        frame.is_cut ? fmt::format(" cut to {}", frame.payload_kept) : "",
                        outcome.delivered[i] ? "" : " NOT CAPTURED");
  }
  const std::string client = fmt::format(":{}", connection.envelope.client_port());
  for (const PublishedSegment& segment : outcome.published.segments) {
    if (!segment.client.ends_with(client)) continue;
    const std::size_t side = segment.to_server ? kClient : kServer;
    text += fmt::format("  {:>8} us {} {}+{}: {}\n", segment.arrived_ns / 1000 - start,
                        side == kClient ? "->" : "<-",
                        static_cast<std::int32_t>(segment.seq - connection.tcp.isn[side] - 1),
                        segment.payload_bytes, name_of(segment.verdict));
  }
  return text;
}

bool Witness::missed_all_of(std::size_t side, std::size_t begin, std::size_t end) const {
  std::vector<Range> left{{begin, end}};
  for (const Range& range : missed[side]) subtract(left, range);
  return left.empty();
}

std::vector<Witness> witnesses(const Traffic& traffic, const Outcome& outcome) {
  const auto seen = seen_of(traffic, outcome);
  std::vector<Witness> all;
  for (std::size_t i = 0; i < traffic.connections.size(); ++i) {
    all.push_back(Examination{traffic.connections[i], seen[i]}.examine());
  }
  return all;
}

} // namespace xdpcap::sim
