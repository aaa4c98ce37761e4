#include "publish/batch_view.hpp"
#include "publish/json.hpp"
#include "publish/json_object.hpp"
#include "publish/schema_names.hpp"

// Lines of topic `socket`: the kernel's view of sockets and interfaces.
namespace xdpcap::publish {
namespace {

using json::Object;

// Names and command lines are mostly UTF-8, and may be anything.
void add_text(Object& object, std::string_view name, const flatbuffers::String* value) {
  if (value == nullptr) return;
  const std::string_view text = text_of(value);
  std::string& out = object.member(name);
  json::is_utf8(text) ? json::append_utf8(out, text) : json::append_latin1(out, text);
}

void append_process(std::string& out, const schema::Process& process) {
  Object object(out);
  object.number("pid", process.pid());
  add_text(object, "name", process.name());
  add_text(object, "command", process.command());
  add_text(object, "cgroup", process.cgroup());
  add_text(object, "container", process.container());
  if (process.started_ns() != 0) object.time("started", process.started_ns());
  object.number("uid", process.uid());
}

void append_tcp_info(std::string& out, const schema::TcpInfo& info) {
  Object object(out);
  object.number("rtt_ns", info.rtt_ns());
  object.number("rtt_var_ns", info.rtt_var_ns());
  object.number("min_rtt_ns", info.min_rtt_ns());
  object.number("rto_ns", info.rto_ns());
  object.number("congestion_window", info.congestion_window());
  object.number("slow_start_threshold", info.slow_start_threshold());
  object.number("mss", info.mss());
  object.number("send_window", info.send_window());
  object.number("receive_window", info.receive_window());
  object.number("unacked", info.unacked());
  object.number("lost", info.lost());
  object.number("sacked", info.sacked());
  object.number("retransmits", info.retransmits());
  object.number("delivery_rate", info.delivery_rate());
  object.number("pacing_rate", info.pacing_rate());
  object.number("bytes_sent", info.bytes_sent());
  object.number("bytes_acked", info.bytes_acked());
  object.number("bytes_received", info.bytes_received());
  object.number("bytes_retransmitted", info.bytes_retransmitted());
  object.number("segments_out", info.segments_out());
  object.number("segments_in", info.segments_in());
  add_text(object, "congestion_control", info.congestion_control());
}

void add_texts(Object& object, std::string_view name,
               const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* texts) {
  std::string& out = object.member(name);
  json::append_array(out, texts, [&](const flatbuffers::String* text) {
    json::append_latin1(out, text_of(text));
  });
}

} // namespace

void append_json(std::string& out, const schema::SocketRecord& record) {
  {
    Object object(out);
    object.text("kind", "socket");
    object.text("event", name_of(record.event()));
    object.text("protocol", name_of(record.protocol()));
    object.text("state", name_of(record.state()));
    object.time("time", record.at_ns());
    object.number("cookie", record.cookie());
    object.number("network_namespace", record.network_namespace());
    object.text("local", text_of(record.local()));
    object.text("remote", text_of(record.remote()));
    if (record.process() != nullptr) append_process(object.member("process"), *record.process());
    if (record.tcp() != nullptr) append_tcp_info(object.member("tcp"), *record.tcp());
    object.number("receive_queue", record.receive_queue());
    object.number("send_queue", record.send_queue());
    object.number("memory", record.memory());
    object.number("uid", record.uid());
  }
  out += '\n';
}

void append_json(std::string& out, const schema::InterfaceRecord& record) {
  {
    Object object(out);
    object.text("kind", "interface");
    object.time("time", record.at_ns());
    object.number("index", record.index());
    add_text(object, "name", record.name());
    add_texts(object, "ipv4", record.ipv4());
    add_texts(object, "ipv6", record.ipv6());
    object.boolean("up", record.up());
    object.boolean("running", record.running());
    if (record.number() >= 0) object.number("number", static_cast<std::uint64_t>(record.number()));
    object.number("mtu", record.mtu());
    object.number("speed", record.speed());
    add_text(object, "driver", record.driver());
    add_text(object, "mac", record.mac());
    add_text(object, "xdp", record.xdp());
    if (record.xdp_program() != 0) object.number("xdp_program", record.xdp_program());
    add_text(object, "xdp_name", record.xdp_name());
    object.number("network_namespace", record.network_namespace());
  }
  out += '\n';
}

} // namespace xdpcap::publish
