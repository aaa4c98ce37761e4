#include "engine/ledger.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "core/check.hpp"

namespace xdpcap::engine {
namespace {

constexpr std::string_view kFrameNames[] = {
    "frames_received",      "bytes_received",     "frames_filtered",         "datagrams_filtered",
    "segments_handed_over", "segments_handed_in", "segments_hand_over_full", "frames_beyond_count"};
static_assert(std::size(kFrameNames) == Counters<FrameCount>::size);
constexpr std::string_view kFlowNames[] = {
    "flows_opened",         "flows_opened_partial", "flows_closed_fin",
    "flows_closed_rst",     "flows_closed_timeout", "flows_closed_capture",
    "flows_closed_evicted", "flows_closed_reused",  "waits_shed"};
static_assert(std::size(kFlowNames) == Counters<tcp::FlowCount>::size);

// Adds up the counters of all workers under one name each.
class Sum {
 public:
  explicit Sum(Ledger& ledger) : ledger_(ledger) {}

  template <class Name, class NameOf>
  void add(std::string_view prefix, const Counters<Name>& counters, NameOf name_of) {
    const auto values = counters.snapshot();
    for (std::size_t i = 0; i < values.size(); ++i)
      add(fmt::format("{}{}", prefix, name_of(i)), values[i]);
  }
  void add(std::string name, std::uint64_t value) {
    for (record::Counter& count : ledger_.counts) {
      if (count.name == name && count.interface.empty()) {
        count.value += value;
        return;
      }
    }
    ledger_.counts.push_back({std::move(name), value, {}, -1});
  }

 private:
  Ledger& ledger_;
};

void add_worker(Sum& sum, const Pipeline& worker) {
  sum.add("", worker.frames(), [](std::size_t i) { return kFrameNames[i]; });
  sum.add("decode_", worker.decoder().counters(),
          [](std::size_t i) { return wire::name_of(static_cast<wire::DecodeCount>(i)); });
  sum.add("segments_", worker.verdicts(),
          [](std::size_t i) { return name_of(static_cast<tcp::SegmentVerdict>(i)); });
  sum.add("tcp_", worker.tracker().reassembler().counters(),
          [](std::size_t i) { return name_of(static_cast<tcp::StreamCount>(i)); });
  sum.add("", worker.tracker().counters(), [](std::size_t i) { return kFlowNames[i]; });
  sum.add("http_", worker.workspace().counts(),
          [](std::size_t i) { return name_of(static_cast<http::HttpCount>(i)); });
  sum.add("publish_", worker.encoder().counters(),
          [](std::size_t i) { return name_of(static_cast<publish::EncoderCount>(i)); });
}

void add_queue(Ledger& ledger, const std::string& interface, const capture::QueueLedger& queue) {
  const auto add = [&](const char* name, std::uint64_t value) {
    ledger.counts.push_back({name, value, interface, static_cast<std::int32_t>(queue.queue)});
  };
  const capture::XdpCounts& xdp = queue.xdp;
  add("xdp_seen", xdp.seen);
  add("xdp_not_ip", xdp.not_ip);
  add("xdp_not_tcp", xdp.not_tcp);
  add("xdp_malformed", xdp.malformed);
  add("xdp_filtered", xdp.filtered);
  add("xdp_no_socket", xdp.no_socket);
  add("xdp_redirected", xdp.redirected);
  add("xsk_delivered", queue.delivered);
  // In the RX ring: how far the worker is behind.
  add("xsk_waiting", static_cast<std::uint64_t>(std::max<std::int64_t>(queue.elsewhere(), 0)));
  add("xsk_oversize", queue.oversize);
  add("xsk_rx_dropped", queue.socket.rx_dropped);
  add("xsk_rx_ring_full", queue.socket.rx_ring_full);
  ledger.received_by_filter += xdp.seen;
  ledger.dropped_by_kernel += queue.oversize + queue.socket.rx_dropped + queue.socket.rx_ring_full;
  ledger.equations.push_back(
      {fmt::format("{} queue {}: frames seen by XDP", interface, queue.queue), xdp.seen,
       xdp.not_ip + xdp.not_tcp + xdp.malformed + xdp.filtered + xdp.no_socket + xdp.redirected});
  ledger.equations.push_back(
      {fmt::format("{} queue {}: frames redirected", interface, queue.queue), xdp.redirected,
       queue.delivered + queue.oversize + queue.socket.rx_dropped + queue.socket.rx_ring_full});
}

void add_interface(Ledger& ledger, const capture::InterfaceLedger& of) {
  const auto add = [&](const char* name, std::uint64_t value) {
    ledger.counts.push_back({name, value, of.interface, -1});
  };
  for (std::size_t i = 0; i < capture::Problems::size; ++i) {
    const auto problem = static_cast<capture::Problem>(i);
    ledger.counts.push_back({fmt::format("health_{}", name_of(problem)),
                             of.problems.has(problem) ? 1U : 0U, of.interface, -1});
  }
  add("nic_missed", of.nic_missed);
  add("nic_dropped", of.nic_dropped);
  ledger.dropped_by_kernel += of.nic_missed;
  if (of.mode == capture::CaptureMode::tap) {
    // seen = the five others and clone_errors, at rest; all are counted while traffic runs.
    add("tap_seen", of.tap.program.seen);
    add("tap_not_ip", of.tap.program.not_ip);
    add("tap_not_tcp", of.tap.program.not_tcp);
    add("tap_malformed", of.tap.program.malformed);
    add("tap_filtered", of.tap.program.filtered);
    add("tap_cloned", of.tap.program.cloned);
    add("tap_clone_errors", of.tap.program.clone_errors);
    add("tap_sent", of.tap.device.sent);
    add("tap_dropped", of.tap.device.dropped);
    add("tap_queue_dropped", of.tap.device.queue_dropped);
    ledger.dropped_by_kernel += of.tap.dropped();
    std::uint64_t seen = 0;
    for (const capture::QueueLedger& queue : of.queues) seen += queue.xdp.seen;
    // Who removes the tap removes its count of sent frames; an older one proves nothing.
    if (of.tap.device.exact)
      ledger.equations.push_back(
          {fmt::format("{}: frames through the tap", of.interface), of.tap.device.sent, seen});
  }
  for (const capture::QueueLedger& queue : of.queues) add_queue(ledger, of.interface, queue);
}

void add_host(Ledger& ledger, Sum& sum, const HostThread& host) {
  sum.add("host_", host.watch().counters(),
          [](std::size_t i) { return name_of(static_cast<host::WatchCount>(i)); });
  sum.add("host_", host.watch().book_counters(),
          [](std::size_t i) { return name_of(static_cast<host::BookCount>(i)); });
  sum.add("host_events_lost", host.watch().events_lost());
  sum.add("host_sockets_published", host.sockets_published());
  const publish::Encoder* encoder = host.encoder();
  if (encoder == nullptr) return;
  sum.add("publish_", encoder->counters(),
          [](std::size_t i) { return name_of(static_cast<publish::EncoderCount>(i)); });
  ledger.equations.push_back(
      {"sockets reported", host.sockets_published(),
       ledger.total("publish_sockets_published") + ledger.total("publish_sockets_dropped")});
}

// A name that nobody counts would make an equation hold that says nothing.
bool is_counted(const Ledger& ledger, std::string_view name) {
  return std::any_of(ledger.counts.begin(), ledger.counts.end(),
                     [name](const record::Counter& count) { return count.name == name; });
}

void add_equations(Ledger& ledger, bool is_live, bool has_datagrams) {
  const auto of = [&](std::string_view name) {
    XDPCAP_CHECK(is_counted(ledger, name));
    return ledger.total(name);
  };
  if (is_live)
    ledger.equations.push_back({"frames delivered to workers", ledger.total("xsk_delivered"),
                                of("frames_received") + of("frames_beyond_count")});
  std::uint64_t not_segments = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(wire::NoSegment::count_); ++i) {
    not_segments += of(fmt::format("decode_{}", wire::name_of(static_cast<wire::NoSegment>(i))));
  }
  ledger.equations.push_back(
      {"frames decoded", of("frames_received"), of("decode_segments") + not_segments});
  std::uint64_t verdicts = 0;
  for (std::size_t i = 0; i < Counters<tcp::SegmentVerdict>::size; ++i) {
    verdicts += of(fmt::format("segments_{}", name_of(static_cast<tcp::SegmentVerdict>(i))));
  }
  ledger.equations.push_back({"segments judged", of("decode_segments"),
                              of("frames_filtered") + of("segments_hand_over_full") + verdicts});
  ledger.equations.push_back(
      {"early segments", of("segments_held"), of("tcp_held_delivered") + of("tcp_held_dropped")});
  if (has_datagrams) {
    ledger.equations.push_back({"datagrams", of("decode_udp"),
                                of("datagrams_filtered") + of("publish_datagrams_published") +
                                    of("publish_datagrams_dropped") +
                                    of("publish_datagrams_discarded")});
  }
  ledger.equations.push_back(
      {"messages", of("http_requests") + of("http_responses") + of("http_interim_responses"),
       of("publish_messages_published") + of("publish_messages_discarded") +
           of("publish_messages_dropped_no_room") + of("publish_messages_dropped_too_large")});
}

// Why there is no message at all although connections carried data, and what to do.
std::string why_no_message(const Ledger& ledger) {
  const std::uint64_t all = ledger.total("http_connections");
  const std::uint64_t tls = ledger.total("http_connections_tls");
  // A preface may also follow lost bytes.
  const std::uint64_t h2 = std::min(ledger.total("http_h2_prefaces"), all - std::min(all, tls));
  const std::uint64_t others = all - std::min(all, tls + h2);
  const std::string_view cure =
      tls >= std::max(h2, others) ? "TLS is not decrypted: capture where HTTP is in clear text, "
                                    "as between the proxy that ends TLS and its server"
      : h2 >= others ? "HTTP/2 is counted, not read: let the client or the proxy speak HTTP/1.1"
                     : "look whether these ports carry HTTP/1 (--port selects some); of a "
                       "connection that is older than the capture, only the next message is read";
  return fmt::format(
      "no HTTP/1 message in {} connections with data ({} begin with TLS, {} with HTTP/2, {} with "
      "something else): {}",
      all, tls, h2, others, cure);
}

} // namespace

void add_link_figures(capture::LiveLedger& live, const capture::LiveLedger& seen) {
  for (std::size_t i = 0; i < std::min(live.interfaces.size(), seen.interfaces.size()); ++i) {
    capture::InterfaceLedger& to = live.interfaces[i];
    const capture::InterfaceLedger& from = seen.interfaces[i];
    to.nic_missed = std::max(to.nic_missed, from.nic_missed);
    to.nic_dropped = std::max(to.nic_dropped, from.nic_dropped);
    to.tap.device.sent = std::max(to.tap.device.sent, from.tap.device.sent);
    to.tap.device.dropped = std::max(to.tap.device.dropped, from.tap.device.dropped);
    to.tap.device.queue_dropped =
        std::max(to.tap.device.queue_dropped, from.tap.device.queue_dropped);
  }
}

bool Ledger::closes() const noexcept {
  return std::all_of(equations.begin(), equations.end(),
                     [](const Equation& equation) { return equation.holds(); });
}

std::uint64_t Ledger::total(std::string_view name) const noexcept {
  std::uint64_t sum = 0;
  for (const record::Counter& count : counts) {
    if (count.name == name) sum += count.value;
  }
  return sum;
}

Ledger make_ledger(const std::vector<const Pipeline*>& workers,
                   const std::optional<capture::LiveLedger>& live, const FrameLogWriter* log,
                   const HostThread* host) {
  Ledger ledger;
  Sum sum{ledger};
  for (const Pipeline* worker : workers) add_worker(sum, *worker);
  if (log != nullptr) {
    sum.add("log_written", log->written());
    sum.add("log_dropped", log->dropped());
  }
  if (live) {
    for (const capture::InterfaceLedger& of : live->interfaces) add_interface(ledger, of);
  }
  if (host != nullptr) add_host(ledger, sum, *host);
  const bool has_datagrams =
      std::any_of(workers.begin(), workers.end(),
                  [](const Pipeline* worker) { return worker->publishes_datagrams(); });
  if (!workers.empty()) add_equations(ledger, live.has_value(), has_datagrams);
  ledger.captured = ledger.total("frames_received");
  if (!live) ledger.received_by_filter = ledger.captured;
  ledger.requests = ledger.total("http_requests");
  ledger.responses = ledger.total("http_responses") + ledger.total("http_interim_responses");
  ledger.messages_lost = ledger.total("publish_messages_dropped_no_room") +
                         ledger.total("publish_messages_dropped_too_large");
  ledger.gaps = ledger.total("tcp_gaps_network") + ledger.total("tcp_gaps_capture") +
                ledger.total("tcp_gaps_other");
  return ledger;
}

std::string summary(const Ledger& ledger, bool in_full) {
  std::string text;
  const auto line = [&](std::string_view words) { text.append(words).push_back('\n'); };
  line(fmt::format("{} messages ({} requests, {} responses), {} lost before publishing, {} gaps",
                   ledger.requests + ledger.responses, ledger.requests, ledger.responses,
                   ledger.messages_lost, ledger.gaps));
  if (ledger.requests + ledger.responses == 0 && ledger.total("http_connections") != 0)
    line(why_no_message(ledger));
  if (const std::uint64_t cut = ledger.total("publish_messages_cut_no_room"); cut != 0)
    line(fmt::format("bodies cut because the publisher was behind: {}", cut));
  for (const publish::EndpointReport& sink : ledger.sinks) {
    if (sink.records_dropped == 0 && !in_full) continue;
    line(fmt::format("{}: {} records sent, {} dropped, as nobody took them in time", sink.endpoint,
                     sink.records_published, sink.records_dropped));
  }
  line(fmt::format("{} packets captured", ledger.captured));
  line(fmt::format("{} packets received by filter", ledger.received_by_filter));
  line(fmt::format("{} packets dropped by kernel", ledger.dropped_by_kernel));
  if (const std::uint64_t waiting = ledger.total("xsk_waiting"); waiting != 0)
    line(fmt::format("{} packets wait in receive rings", waiting));
  if (in_full) {
    for (const record::Counter& count : ledger.counts) {
      if (count.value == 0) continue;
      const std::string where = count.interface.empty() ? ""
                                : count.queue < 0
                                    ? fmt::format("  [{}]", count.interface)
                                    : fmt::format("  [{} queue {}]", count.interface, count.queue);
      line(fmt::format("  {:<36} {:>16}{}", count.name, count.value, where));
    }
  }
  for (const Equation& equation : ledger.equations) {
    if (!in_full && equation.holds()) continue;
    line(fmt::format("  {} {}: {} = {}", equation.holds() ? "ok  " : "OFF ", equation.name,
                     equation.left, equation.right));
  }
  line(ledger.closes() ? "ledger closed: every frame and message is accounted for"
                       : "ledger NOT closed: see the lines marked OFF");
  return text;
}

} // namespace xdpcap::engine
