#pragma once

#include <string>
#include <vector>

#include "support/dialogue.hpp"
#include "tcp/tracker.hpp"

namespace xdpcap::test {

// A tracker with ears: what it delivers is written down as it comes.
class Observed {
 public:
  struct Flow {
    tcp::Connection tcp;
    [[nodiscard]] bool is_at_rest() const noexcept { return false; }
  };
  struct Received {
    std::string text[2]; // by Direction; a gap is written as one '_' an byte
    std::vector<StreamGap> gaps;
    std::vector<std::string> starts[2]; // pieces that began at a segment's start
    std::vector<std::string> order;     // "c:text" and "s:text" in the order of delivery
    std::vector<StreamEnd> ends[2];
    std::vector<StreamEnd> closed;
    int opened = 0;
    std::uint16_t flags = 0; // of the connection, when it closed
    tcp::Connection last;    // a copy, when it closed
  };

  explicit Observed(tcp::TrackerLimits limits = small(), tcp::Timeouts timeouts = {})
      : tracker(limits, timeouts) {}

  static tcp::TrackerLimits small() {
    tcp::TrackerLimits limits;
    limits.flows_max = 64;
    limits.half_open_max = 64;
    limits.reassembly.out_of_order_bytes = 256 << 10;
    limits.reassembly.out_of_order_bytes_max = 64 << 10;
    return limits;
  }

  tcp::SegmentVerdict receive(const Line& line, Duration later = std::chrono::microseconds{100}) {
    now += later;
    const tcp::SegmentVerdict verdict = tracker.accept(stage.segment(line, now), *this);
    ++verdicts[static_cast<std::size_t>(verdict)];
    return verdict;
  }
  template <class... Lines>
  void receive_all(const Lines&... lines) {
    (static_cast<void>(receive(lines)), ...);
  }
  void handshake() {
    receive_all(client().syn().scale(8), server().syn().acks(0).scale(8), client().at(0).acks(0));
  }
  void wait(Duration time) {
    now += time;
    tracker.expire(now, *this);
  }
  void end() { tracker.finish_all(*this); }

  // tcp::FlowSink
  bool is_client(const wire::Segment& segment) noexcept {
    return segment.source().port > segment.destination().port;
  }
  void on_open(Flow&) noexcept { ++received.opened; }
  void on_bytes(Flow&, const StreamBytes& bytes) noexcept {
    const std::string text{as_text(bytes.bytes)};
    std::string& so_far = received.text[index_of(bytes.direction)];
    if (bytes.offset != so_far.size() && !partial && !count_gaps_only)
      defects.push_back("offset " + std::to_string(bytes.offset));
    so_far += text;
    if (bytes.at_segment_start) received.starts[index_of(bytes.direction)].push_back(text);
    received.order.push_back((bytes.direction == Direction::to_server ? "c:" : "s:") + text);
  }
  void on_gap(Flow&, const StreamGap& gap) noexcept {
    if (!count_gaps_only) received.text[index_of(gap.direction)].append(gap.length, '_');
    received.gaps.push_back(gap);
  }
  void on_end(Flow&, Direction direction, StreamEnd end, Instant) noexcept {
    received.ends[index_of(direction)].push_back(end);
  }
  void on_close(Flow& flow, StreamEnd end, Instant) noexcept {
    received.closed.push_back(end);
    received.flags = flow.tcp.flags;
    received.last = flow.tcp;
  }
  void on_update(Flow&) noexcept { ++updates; }
  void on_segment(Flow&, Direction, const wire::Segment&, tcp::SegmentVerdict) noexcept {}

  [[nodiscard]] const std::string& from_client() const { return received.text[0]; }
  [[nodiscard]] const std::string& from_server() const { return received.text[1]; }
  // Every frame that was held has been delivered or dropped.
  [[nodiscard]] bool ledger_closes() const {
    const auto& counts = tracker.reassembler().counters();
    return verdicts[static_cast<std::size_t>(tcp::SegmentVerdict::held)] ==
           counts.get(tcp::StreamCount::held_delivered) +
               counts.get(tcp::StreamCount::held_dropped) + tracker.reassembler().frames_held();
  }

  Stage stage;
  Instant now = instant_from_ns(1'600'000'000'000'000'000);
  tcp::Tracker<Flow> tracker;
  Received received;
  std::size_t updates = 0; // on_update calls
  std::vector<std::string> defects;
  bool partial = false;
  bool count_gaps_only = false; // they are not written down, for they are long
  std::uint64_t verdicts[static_cast<std::size_t>(tcp::SegmentVerdict::count_)] = {};
};

} // namespace xdpcap::test
