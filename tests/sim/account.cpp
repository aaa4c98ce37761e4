#include "sim/account.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace xdpcap::sim {
namespace {

class Audit {
 public:
  Audit(const Scenario& scenario, const Traffic& traffic, const Outcome& outcome)
      : scenario_(scenario), traffic_(traffic), outcome_(outcome), ledger_(outcome.ledger) {}

  std::vector<std::string> audit() {
    for (const engine::Equation& equation : ledger_.equations)
      equal(equation.name.c_str(), equation.left, equation.right);
    for (const std::string& left : outcome_.leftovers) wrong_.push_back("left behind: " + left);
    audit_frames();
    audit_batches();
    audit_flows();
    if (scenario_.config.segments != engine::SegmentTopic::off) audit_verdicts();
    return std::move(wrong_);
  }

 private:
  std::uint64_t of(const char* name) const { return ledger_.total(name); }
  void equal(const char* what, std::uint64_t left, std::uint64_t right) {
    if (left != right) wrong_.push_back(fmt::format("{}: {} = {}", what, left, right));
  }

  void audit_frames() {
    std::uint64_t frames = 0, bytes = 0;
    for (std::size_t i = 0; i < traffic_.frames.size(); ++i) {
      if (!outcome_.delivered[i]) continue;
      ++frames;
      bytes += traffic_.frames[i].wire_length;
    }
    equal("frames received", of("frames_received"), frames);
    equal("bytes received", of("bytes_received"), bytes);
    equal("frames beyond -c", of("frames_beyond_count"), outcome_.beyond_count);
    equal("segments handed over", of("segments_handed_over"), of("segments_handed_in"));
    if (frames > scenario_.config.frames_max)
      wrong_.push_back(
          fmt::format("-c {}: {} frames were taken", scenario_.config.frames_max, frames));
  }

  void audit_batches() {
    const Published& published = outcome_.published;
    equal("messages published", of("publish_messages_published"), published.messages.size());
    equal("flows published", of("publish_flows_published"), published.flows.size());
    equal("segments published", of("publish_segments_published"), published.segments.size());
    equal("batches published", of("publish_batches_published"), published.batches);
    equal("batches that cannot be read", published.unreadable, 0);
    equal("batches missing", of("publish_batches_dropped"), published.batches_missing);
    const std::uint64_t dropped = of("publish_messages_dropped_no_room") +
                                  of("publish_messages_dropped_too_large") +
                                  of("publish_flows_dropped") + of("publish_segments_dropped");
    // Those behind the last batch are reported by none.
    if (published.dropped_records > dropped || (dropped == 0 && published.dropped_records != 0))
      equal("records dropped, as batches say", published.dropped_records, dropped);
  }

  void audit_flows() {
    std::uint64_t opened = 0, closed = 0, gaps = 0, gap_bytes = 0, by_reason[6] = {};
    bool at_most = false; // a count of one byte is at its maximum
    for (const PublishedFlow& flow : outcome_.published.flows) {
      opened += flow.event == schema::FlowEvent::opened;
      if (flow.event != schema::FlowEvent::closed) continue;
      ++closed;
      ++by_reason[static_cast<std::size_t>(flow.close)];
      for (const PublishedHalf& half : flow.halves) {
        gaps += half.gaps;
        at_most |= half.gaps == UINT8_MAX;
        gap_bytes += half.gap_bytes;
      }
    }
    equal("flows opened and closed", of("flows_opened"),
          of("flows_closed_fin") + of("flows_closed_rst") + of("flows_closed_timeout") +
              of("flows_closed_capture") + of("flows_closed_evicted") + of("flows_closed_reused"));
    if (of("publish_flows_dropped") != 0) return;
    using schema::CloseReason;
    const auto reason = [&](CloseReason one) { return by_reason[static_cast<std::size_t>(one)]; };
    equal("flows published as opened", of("flows_opened"), opened);
    equal("flows published as closed", of("flows_opened"), closed);
    equal("flows closed by FIN", of("flows_closed_fin"), reason(CloseReason::fin));
    equal("flows closed by RST", of("flows_closed_rst"), reason(CloseReason::rst));
    equal("flows that fell silent", of("flows_closed_timeout") + of("flows_closed_reused"),
          reason(CloseReason::timeout));
    equal("flows evicted", of("flows_closed_evicted"), reason(CloseReason::evicted));
    equal("flows open at the end", of("flows_closed_capture"), reason(CloseReason::capture));
    if (!at_most)
      equal("gaps of flows", of("tcp_gaps_network") + of("tcp_gaps_capture") + of("tcp_gaps_other"),
            gaps);
    equal("bytes in gaps of flows", of("tcp_gap_bytes"), gap_bytes);
  }

  // A segment is published as what it was counted as.
  void audit_verdicts() {
    if (of("publish_segments_dropped") != 0) return;
    using schema::Verdict;
    std::uint64_t times[16] = {};
    for (const PublishedSegment& segment : outcome_.published.segments)
      ++times[static_cast<std::size_t>(segment.verdict)];
    const auto published = [&](Verdict verdict) {
      return times[static_cast<std::size_t>(verdict)];
    };
    equal("segments in order", published(Verdict::in_order),
          of("segments_delivered") + of("segments_control") + of("segments_opening") +
              of("segments_reset"));
    equal("segments out of order", published(Verdict::out_of_order), of("segments_held"));
    equal("segments dropped", published(Verdict::dropped),
          of("segments_out_of_order_full") + of("segments_flow_table_full"));
    equal("segments of no connection", published(Verdict::no_connection),
          of("segments_no_connection"));
    equal("segments repeated", published(Verdict::retransmit), of("segments_duplicate"));
    equal("segments outside", published(Verdict::out_of_window),
          of("segments_beyond_end") + of("segments_after_close") + of("segments_reset_ignored"));
    equal("segments with a wrong checksum", published(Verdict::bad_checksum),
          of("segments_bad_checksum") + of("decode_bad_tcp_checksum"));
  }

  const Scenario& scenario_;
  const Traffic& traffic_;
  const Outcome& outcome_;
  const engine::Ledger& ledger_;
  std::vector<std::string> wrong_;
};

} // namespace

std::vector<std::string> audit(const Scenario& scenario, const Traffic& traffic,
                               const Outcome& outcome) {
  return Audit{scenario, traffic, outcome}.audit();
}

bool ran_out_of_room(const Scenario& scenario, const engine::Ledger& ledger) {
  static constexpr const char* kNames[] = {"segments_out_of_order_full",
                                           "tcp_held_cut",
                                           "segments_flow_table_full",
                                           "segments_hand_over_full",
                                           "flows_closed_evicted",
                                           "waits_shed",
                                           "http_shed_for_memory",
                                           "http_bodies_truncated",
                                           "publish_messages_dropped_no_room",
                                           "publish_messages_dropped_too_large",
                                           "publish_messages_cut",
                                           "publish_flows_dropped",
                                           "decode_fragment_no_room",
                                           "decode_fragments_evicted"};
  const auto is_counted = [&](const char* name) { return ledger.total(name) != 0; };
  // A half-open connection that is forgotten begins in its middle; a direction whose share of the
  // early bytes is used up gives a hole up.
  const bool forgotten = scenario.tiny_memory && (ledger.total("flows_opened_partial") != 0 ||
                                                  ledger.total("tcp_gaps_other") != 0);
  return forgotten || std::any_of(std::begin(kNames), std::end(kNames), is_counted);
}

} // namespace xdpcap::sim
