#include "apps/xdpcap_sub/text_view.hpp"

#include <fmt/core.h>

#include <array>

#include "codec/batch_view.hpp"
#include "codec/json_text.hpp"
#include "core/utf8.hpp"

namespace xdpcap::sub {

// A line that knows its width, which colours add nothing to.
class Row {
 public:
  Row(std::string& out, bool colour) : out_(out), colour_(colour) {}
  void add(std::string_view text, const char* colour = nullptr) {
    width_ += text.size();
    if (colour_ && colour != nullptr) {
      out_ += fmt::format("\x1b[{}m{}\x1b[0m", colour, text);
    } else {
      out_ += text;
    }
  }
  [[nodiscard]] std::size_t width() const noexcept { return width_; }

 private:
  std::string& out_;
  bool colour_;
  std::size_t width_ = 0;
};

namespace {

constexpr const char* kDim = "2";
constexpr const char* kBold = "1";
constexpr const char* kRed = "31";
constexpr const char* kGreen = "32";
constexpr const char* kYellow = "33";
constexpr const char* kCyan = "36";

// Left of the address: time, client, method, status, latency, size. What a narrow terminal has no
// room for is left out, so that the address has some.
struct Layout {
  bool client = true, whole_time = true, time = true, size = true, latency = true;
};

Layout layout_for(std::size_t columns) noexcept {
  if (columns == 0 || columns >= 110) return {};
  return {.client = false,
          .whole_time = false,
          .time = columns >= 70,
          .size = columns >= 60,
          .latency = columns >= 40};
}

struct Cells {
  std::string_view time, client, method, status, latency, size;
  const char* status_colour = nullptr;
  const char* latency_colour = nullptr;
  const char* colour = nullptr; // of the others
};

void add_cells(Row& row, const Layout& layout, const Cells& cells) {
  if (layout.time)
    row.add(fmt::format("{:{}}  ", cells.time.substr(0, layout.whole_time ? 12 : 8),
                        layout.whole_time ? 12 : 8),
            kDim);
  if (layout.client) row.add(fmt::format("{:21}  ", cells.client), cells.colour);
  row.add(fmt::format("{:7} ", cells.method), cells.colour != nullptr ? cells.colour : kBold);
  row.add(fmt::format("{:>3}", cells.status), cells.status_colour);
  row.add("  ");
  if (layout.latency) row.add(fmt::format("{:>8}  ", cells.latency), cells.latency_colour);
  if (layout.size) row.add(fmt::format("{:>7}  ", cells.size), cells.colour);
}

const char* colour_of_status(std::uint16_t status) {
  switch (status / 100) {
    case 2:
      return kGreen;
    case 3:
      return kCyan;
    case 4:
      return kYellow;
    case 5:
      return kRed;
    default:
      return kDim;
  }
}

// Where the request went: host and target, or the target alone where it names its host.
std::string address_of(const Seen& request) {
  if (request.target.empty() && !request.start_line.empty())
    return request.server + "  " + request.start_line;
  const bool names_host = !request.target.starts_with("/") && request.target != "*";
  if (names_host) return request.target;
  return (request.host.empty() ? request.server : request.host) + request.target;
}

} // namespace

std::string TextView::coloured(std::string text, const char* colour) const {
  return terminal_.colour ? fmt::format("\x1b[{}m{}\x1b[0m", colour, text) : text;
}

void TextView::add_heading(std::string& out) const {
  Row row(out, terminal_.colour);
  add_cells(row, layout_for(terminal_.columns),
            {.time = "time",
             .client = "client",
             .method = "method",
             .latency = "latency",
             .size = "size",
             .latency_colour = kDim,
             .colour = kDim});
  row.add("address", kDim);
  out += '\n';
}

void TextView::add(std::string& out, const Exchange& exchange) const {
  constexpr std::uint64_t kSlow = 1'000'000'000;
  const Seen& first = exchange.request ? *exchange.request : *exchange.response;
  const auto latency = exchange.latency_ns();
  Row row(out, terminal_.colour);
  const std::string time = clock_text(first.first_ns);
  const bool has_method = exchange.request && !exchange.request->method.empty();
  const std::string method = printable(has_method ? exchange.request->method : "-", 16);
  const std::string status = exchange.response ? std::to_string(exchange.response->status) : "...";
  const std::string size = exchange.response ? size_text(exchange.response->body_length) : "-";
  const std::string waited = latency ? duration_text(*latency) : "-";
  add_cells(
      row, layout_for(terminal_.columns),
      {.time = time,
       .client = first.client,
       .method = method,
       .status = status,
       .latency = waited,
       .size = size,
       .status_colour = exchange.response ? colour_of_status(exchange.response->status) : kYellow,
       .latency_colour = latency.value_or(0) >= kSlow ? kRed : nullptr});
  add_address(row, exchange);
  out += '\n';
  if (exchange.request && !exchange.interim()) add_body(out, *exchange.request);
  if (exchange.response) add_body(out, *exchange.response);
}

// The address, then the remarks; of what is left of the line the remarks have at most half.
void TextView::add_address(Row& row, const Exchange& exchange) const {
  std::string remarks =
      exchange.request && !exchange.interim() ? exchange.request->remarks : std::string{};
  if (exchange.response && !exchange.response->remarks.empty()) {
    if (!remarks.empty()) remarks += ' ';
    remarks += exchange.response->remarks;
  }
  if (!remarks.empty()) remarks = "  [" + remarks + ']';
  const std::string address = exchange.request ? address_of(*exchange.request)
                                               : (exchange.interim() ? "(its request is not over) "
                                                                     : "(request not seen) ") +
                                                     exchange.response->server;
  if (terminal_.columns == 0) {
    row.add(printable(address));
    row.add(remarks, kYellow);
    return;
  }
  const std::size_t room = std::max<std::size_t>(terminal_.columns, row.width() + 4) - row.width();
  remarks = printable(remarks, std::max<std::size_t>(room / 2, 1));
  row.add(cut_middle(printable(address), room - std::min(room - 1, remarks.size())));
  row.add(remarks, kYellow);
}

void TextView::add_body(std::string& out, const Seen& message) const {
  if (body_ == codec::BodyFormat::none || message.body.empty()) return;
  if (body_ == codec::BodyFormat::base64) {
    std::string quoted;
    codec::json::append_base64(quoted, message.body);
    out += "    " + quoted.substr(1, quoted.size() - 2) + '\n';
    return;
  }
  const consume::DecodedBody content = consume::content_of(message);
  if (!content.decoded || !is_utf8(content.bytes)) {
    const std::string type = printable(consume::field_of(message, "content-type"), 60);
    out += fmt::format("    ({}, {}: {}; --body base64 shows it)\n",
                       type.empty() ? "no content type" : type, size_text(content.bytes.size()),
                       content.decoded ? "not text" : content.error);
    return;
  }
  // Line by line, so that a body keeps its shape and cannot steer the terminal.
  for (std::size_t at = 0; at < content.bytes.size();) {
    const std::size_t end = std::min(content.bytes.find('\n', at), content.bytes.size());
    std::string_view line = std::string_view(content.bytes).substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out += "    " + printable_utf8(line) + '\n';
    at = end + 1;
  }
  if (!content.error.empty()) out += "    (" + content.error + ")\n";
  if (content.cut) out += "    (more of it is not shown)\n";
}

void TextView::add(std::string& out, const schema::FlowRecord& record) const {
  const auto half = [](const schema::FlowHalf* side) {
    if (side == nullptr) return std::string("-");
    std::string text =
        fmt::format("{} in {} packets", size_text(side->payload_bytes()), side->packets());
    if (side->retransmitted_segments() != 0)
      text += fmt::format(", {} resent", side->retransmitted_segments());
    if (side->out_of_order() != 0) text += fmt::format(", {} out of order", side->out_of_order());
    if (side->gaps() != 0)
      text += fmt::format(", {} gaps of {}", side->gaps(), size_text(side->gap_bytes()));
    return text;
  };
  out += fmt::format("{}  {:21}  {:7} {}  sent {}; got {}",
                     coloured(clock_text(record.last_ns()), kDim), codec::text_of(record.client()),
                     name_of(record.event()), codec::text_of(record.server()),
                     half(record.to_server()), half(record.to_client()));
  if (record.handshake_server_ns() != 0)
    out += fmt::format("; rtt {}", duration_text(record.handshake_server_ns()));
  if (record.event() == schema::FlowEvent::closed)
    out += fmt::format("; {}", name_of(record.close()));
  out += '\n';
}

void TextView::add(std::string& out, const schema::SegmentRecord& record) const {
  static constexpr std::array<char, 8> kFlags{'F', 'S', 'R', 'P', '.', 'U', 'E', 'W'};
  std::string flags;
  for (unsigned bit = 0; bit < kFlags.size(); ++bit) {
    if ((record.flags() >> bit & 1) != 0) flags += kFlags[bit];
  }
  const bool from_client = record.direction() == schema::Direction::to_server;
  out += fmt::format("{}  {:21}  {:21}  [{}] seq {} ack {} win {} length {}  {}\n",
                     coloured(clock_text(record.arrived_ns()), kDim),
                     codec::text_of(from_client ? record.client() : record.server()),
                     codec::text_of(from_client ? record.server() : record.client()), flags,
                     record.seq(), record.ack(), record.window(), record.payload_bytes(),
                     name_of(record.verdict()));
}

void TextView::add(std::string& out, const schema::DatagramRecord& record) const {
  out += fmt::format(
      "{}  {:21}  {:21}  udp length {}\n", coloured(clock_text(record.arrived_ns()), kDim),
      codec::text_of(record.source()), codec::text_of(record.destination()), record.length());
}

void TextView::add(std::string& out, const schema::SocketRecord& record) const {
  const schema::Process* process = record.process();
  const std::string owner =
      process == nullptr
          ? std::string("-")
          : fmt::format("{}({})", printable(codec::text_of(process->name())), process->pid());
  out += fmt::format("{}  {:6}  {} {:12}  {:21}  {:21}  {}",
                     coloured(clock_text(record.at_ns()), kDim), name_of(record.event()),
                     name_of(record.protocol()), name_of(record.state()),
                     codec::text_of(record.local()), codec::text_of(record.remote()), owner);
  if (record.tcp() != nullptr && record.tcp()->rtt_ns() != 0) {
    out += fmt::format("  rtt {}  cwnd {}", duration_text(record.tcp()->rtt_ns()),
                       record.tcp()->congestion_window());
  }
  out += '\n';
}

void TextView::add(std::string& out, const schema::InterfaceRecord& record) const {
  out += fmt::format("{}  {:15}  {:4}  mtu {}", coloured(clock_text(record.at_ns()), kDim),
                     printable(codec::text_of(record.name())), record.up() ? "up" : "down",
                     record.mtu());
  for (const auto* addresses : {record.ipv4(), record.ipv6()}) {
    if (addresses == nullptr) continue;
    for (const flatbuffers::String* address : *addresses)
      out += "  " + printable(codec::text_of(address), 45);
  }
  if (record.driver() != nullptr) out += "  " + printable(codec::text_of(record.driver()), 32);
  if (record.xdp() != nullptr) {
    out += fmt::format("  xdp {} {}", printable(codec::text_of(record.xdp()), 16),
                       printable(codec::text_of(record.xdp_name()), 32));
  }
  out += '\n';
}

void TextView::add(std::string& out, const schema::Batch& batch) const {
  const auto add_all = [&](const auto* records) {
    if (records == nullptr) return;
    for (const auto* record : *records) add(out, *record);
  };
  add_all(batch.flows());
  add_all(batch.segments());
  add_all(batch.datagrams());
  add_all(batch.sockets());
  add_all(batch.interfaces());
  add_all(batch.stats());
}

void TextView::add(std::string& out, const schema::StatsRecord& record) const {
  out += coloured(clock_text(record.at_ns()), kDim);
  if (record.counters() != nullptr) {
    for (const schema::Counter* counter : *record.counters()) {
      if (counter->value() == 0) continue;
      out += fmt::format("  {}={}", printable(codec::text_of(counter->name())), counter->value());
    }
  }
  out += '\n';
}

} // namespace xdpcap::sub
