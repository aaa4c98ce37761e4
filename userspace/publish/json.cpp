#include "publish/json.hpp"

#include "publish/batch_view.hpp"
#include "publish/json_object.hpp"
#include "publish/schema_names.hpp"

namespace xdpcap::publish {
namespace {

using json::Object;

// Of a body between two calls of JsonOptions::drain: whole groups of base64.
constexpr std::size_t kPieceBytes = 3 * std::size_t{16384};

void append_fields(std::string& out, const flatbuffers::Vector<const schema::FieldSpan*>* fields,
                   const flatbuffers::Vector<std::uint8_t>* bytes) {
  json::append_array(out, fields, [&](const schema::FieldSpan* field) {
    out += '[';
    json::append_latin1(out, text_in(bytes, field->name()));
    out += ',';
    json::append_field_value(out, text_in(bytes, field->value()));
    out += ']';
  });
}

template <class Flag>
void append_flags(std::string& out, std::uint64_t bits) {
  out += '[';
  bool first = true;
  for (unsigned bit = 0; bits >> bit != 0; ++bit) {
    if ((bits >> bit & 1) == 0) continue;
    if (!first) out += ',';
    first = false;
    json::append_latin1(out, name_of(static_cast<Flag>(bit)));
    if (bit == 63) break;
  }
  out += ']';
}

void append_bytes(Object& object, std::string_view name, std::string_view bytes,
                  const JsonOptions& options) {
  if (options.body == BodyFormat::none) return;
  const bool as_text = options.body == BodyFormat::text && json::is_utf8(bytes);
  std::string& out = object.member(name);
  out += '"';
  for (std::size_t at = 0; at < bytes.size(); at += kPieceBytes) {
    const std::string_view piece = bytes.substr(at, kPieceBytes);
    as_text ? json::append_utf8_inside(out, piece) : json::append_base64_inside(out, piece);
    if (options.drain) options.drain(out);
  }
  out += '"';
  object.text(std::string(name) + "_encoding", as_text ? "utf-8" : "base64");
}

// Source and destination, as the packets had them.
void add_endpoints(Object& object, schema::Direction direction, const schema::Endpoint* client,
                   const schema::Endpoint* server) {
  const bool from_client = direction == schema::Direction::to_server;
  object.text("src", text_of(from_client ? client : server));
  object.text("dst", text_of(from_client ? server : client));
}

void add_version(Object& object, const schema::HttpMessage& message) {
  std::string& out = object.member("version");
  out += '"';
  json::append_number(out, message.version_major());
  if (message.version_major() < 2) { // HTTP/2 and later have no minor version (RFC 9113, 3.1)
    out += '.';
    json::append_number(out, message.version_minor());
  }
  out += '"';
}

void add_start_line(Object& object, const schema::HttpMessage& message) {
  if (message.kind() == schema::Kind::request) {
    object.text("method", text_in(message.head(), message.method()));
    object.text("target", text_in(message.head(), message.target()));
  } else {
    object.number("status", message.status());
    object.text("reason", text_in(message.head(), message.reason()));
  }
  add_version(object, message);
}

void add_body(Object& object, const schema::HttpMessage& message, const JsonOptions& options) {
  object.text("framing", name_of(message.framing()));
  if (message.has_declared_length()) object.number("declared_length", message.declared_length());
  object.number("body_len", message.full_body_length());
  if (message.body_sha256() != nullptr)
    json::append_hex(object.member("body_sha256"), text_of(message.body_sha256()));
  append_bytes(object, "body", text_of(message.body()), options);
}

void add_remarks(Object& object, const schema::HttpMessage& message) {
  append_flags<schema::Anomaly>(object.member("flags"), message.anomalies());
  std::string& gaps = object.member("gaps");
  json::append_array(gaps, message.gaps(), [&](const schema::Gap* gap) {
    Object one(gaps);
    one.number("offset", gap->offset());
    one.number("length", gap->length());
    one.text("cause", name_of(gap->cause()));
  });
  object.boolean("complete", message.complete());
  object.text("end", name_of(message.end()));
  object.text("pairing", name_of(message.pairing()));
  if (message.masked()) object.boolean("masked", true);
  if (message.community_id() != nullptr)
    object.text("community_id", text_of(message.community_id()));
  object.number("interface", message.interface());
}

void append_half(std::string& out, const schema::FlowHalf* half) {
  Object object(out);
  if (half == nullptr) return;
  object.text("state", name_of(half->state()));
  object.number("packets", half->packets());
  object.number("payload_bytes", half->payload_bytes());
  object.number("retransmitted_segments", half->retransmitted_segments());
  object.number("out_of_order", half->out_of_order());
  object.number("zero_windows", half->zero_windows());
  object.number("gaps", half->gaps());
  object.number("gaps_by_capture", half->gaps_by_capture());
  object.number("gap_bytes", half->gap_bytes());
  object.number("window_scale", half->window_scale());
  object.number("rtt_ns", half->rtt_ns());
  object.number("window", half->window());
  object.number("in_flight", half->in_flight());
}

void add_tcp_options(Object& object, const schema::SegmentRecord& record) {
  if (record.mss() != 0) object.number("mss", record.mss());
  if (record.has_window_scale()) object.number("window_scale", record.window_scale());
  if (record.sack_permitted()) object.boolean("sack_permitted", true);
  if (record.has_timestamps()) {
    object.number("timestamp_value", record.timestamp_value());
    object.number("timestamp_echo", record.timestamp_echo());
  }
}

void append_tcp_flags(std::string& out, std::uint8_t flags) {
  static constexpr std::array<std::string_view, 8> kNames{"fin", "syn", "rst", "psh",
                                                          "ack", "urg", "ece", "cwr"};
  out += '[';
  bool first = true;
  for (unsigned bit = 0; bit < kNames.size(); ++bit) {
    if ((flags >> bit & 1) == 0) continue;
    if (!first) out += ',';
    first = false;
    json::append_latin1(out, kNames[bit]);
  }
  out += ']';
}

} // namespace

std::optional<BodyFormat> body_format_named(std::string_view name) noexcept {
  if (name == "none") return BodyFormat::none;
  if (name == "text") return BodyFormat::text;
  if (name == "base64") return BodyFormat::base64;
  return std::nullopt;
}

void append_json(std::string& out, const schema::HttpMessage& message, const JsonOptions& options) {
  {
    Object object(out);
    object.text("kind", message.kind() == schema::Kind::request ? "request" : "response");
    add_endpoints(object, message.direction(), message.client(), message.server());
    object.number("flow", message.flow());
    object.number("index", message.index());
    object.time("time", message.first_byte_ns());
    const bool ordered = message.last_byte_ns() >= message.first_byte_ns();
    object.number("duration_ns", ordered ? message.last_byte_ns() - message.first_byte_ns() : 0);
    add_start_line(object, message);
    append_fields(object.member("headers"), message.fields(), message.head());
    object.number("header_count", message.fields() == nullptr ? 0 : message.fields()->size());
    append_fields(object.member("trailers"), message.trailers(), message.trailer_section());
    add_body(object, message, options);
    add_remarks(object, message);
  }
  out += '\n';
}

void append_json(std::string& out, const schema::FlowRecord& record) {
  {
    Object object(out);
    object.text("kind", "flow");
    object.text("event", name_of(record.event()));
    object.number("flow", record.flow());
    object.text("client", text_of(record.client()));
    object.text("server", text_of(record.server()));
    object.time("time", record.last_ns());
    object.time("first", record.first_ns());
    object.number("duration_ns",
                  record.last_ns() >= record.first_ns() ? record.last_ns() - record.first_ns() : 0);
    object.number("handshake_server_ns", record.handshake_server_ns());
    object.number("handshake_client_ns", record.handshake_client_ns());
    append_half(object.member("to_server"), record.to_server());
    append_half(object.member("to_client"), record.to_client());
    append_flags<schema::FlowFlag>(object.member("flags"), record.flags());
    object.text("close", name_of(record.close()));
    if (record.community_id() != nullptr)
      object.text("community_id", text_of(record.community_id()));
    object.number("interface", record.interface());
  }
  out += '\n';
}

void append_json(std::string& out, const schema::SegmentRecord& record,
                 const JsonOptions& options) {
  {
    Object object(out);
    object.text("kind", "segment");
    add_endpoints(object, record.direction(), record.client(), record.server());
    object.number("flow", record.flow());
    object.time("time", record.arrived_ns());
    object.number("seq", record.seq());
    object.number("ack", record.ack());
    append_tcp_flags(object.member("flags"), record.flags());
    object.number("window", record.window());
    object.number("payload_len", record.payload_bytes());
    object.number("wire_len", record.wire_length());
    object.text("verdict", name_of(record.verdict()));
    add_tcp_options(object, record);
    if (record.header() != nullptr)
      json::append_hex(object.member("header"), text_of(record.header()));
    if (record.payload() != nullptr)
      append_bytes(object, "payload", text_of(record.payload()), options);
    object.number("interface", record.interface());
  }
  out += '\n';
}

void append_json(std::string& out, const schema::DatagramRecord& record,
                 const JsonOptions& options) {
  {
    Object object(out);
    object.text("kind", "datagram");
    object.text("src", text_of(record.source()));
    object.text("dst", text_of(record.destination()));
    object.time("time", record.arrived_ns());
    object.number("len", record.length());
    object.number("wire_len", record.wire_length());
    object.number("checksum", record.checksum());
    if (record.payload() != nullptr)
      append_bytes(object, "payload", text_of(record.payload()), options);
    object.number("interface", record.interface());
  }
  out += '\n';
}

void append_json(std::string& out, const schema::StatsRecord& record, const schema::Batch& batch) {
  {
    Object object(out);
    object.text("kind", "stats");
    object.text("sensor", text_of(batch.sensor()));
    object.time("time", record.at_ns());
    object.time("epoch", batch.epoch());
    object.number("interval_ns", record.interval_ns());
    object.boolean("last", record.last());
    std::string& counters = object.member("counters");
    json::append_array(counters, record.counters(), [&](const schema::Counter* counter) {
      Object one(counters);
      one.text("name", text_of(counter->name()));
      one.number("value", counter->value());
      if (counter->interface() != nullptr) one.text("interface", text_of(counter->interface()));
      if (counter->queue() >= 0) one.number("queue", static_cast<std::uint64_t>(counter->queue()));
    });
    std::string& topics = object.member("topics");
    json::append_array(topics, record.topics(), [&](const schema::TopicPosition* position) {
      Object one(topics);
      one.number("shard", position->shard());
      one.text("topic", text_of(position->topic()));
      one.number("next_seq", position->next_seq());
    });
    std::string& endpoints = object.member("endpoints");
    json::append_array(endpoints, record.endpoints(), [&](const schema::EndpointCounts* counts) {
      Object one(endpoints);
      one.text("endpoint", text_of(counts->endpoint()));
      one.number("published", counts->published());
      one.number("dropped", counts->dropped());
    });
    json::append_array(
        object.member("publishes"), record.publishes(),
        [&](const flatbuffers::String* topic) { json::append_latin1(out, text_of(topic)); });
  }
  out += '\n';
}

void append_json(std::string& out, const schema::Batch& batch, const JsonOptions& options) {
  if (batch.messages() != nullptr) {
    for (const schema::HttpMessage* message : *batch.messages())
      append_json(out, *message, options);
  }
  if (batch.flows() != nullptr) {
    for (const schema::FlowRecord* record : *batch.flows()) append_json(out, *record);
  }
  if (batch.segments() != nullptr) {
    for (const schema::SegmentRecord* record : *batch.segments())
      append_json(out, *record, options);
  }
  if (batch.datagrams() != nullptr) {
    for (const schema::DatagramRecord* record : *batch.datagrams())
      append_json(out, *record, options);
  }
  if (batch.sockets() != nullptr) {
    for (const schema::SocketRecord* record : *batch.sockets()) append_json(out, *record);
  }
  if (batch.interfaces() != nullptr) {
    for (const schema::InterfaceRecord* record : *batch.interfaces()) append_json(out, *record);
  }
  if (batch.stats() != nullptr) {
    for (const schema::StatsRecord* record : *batch.stats()) append_json(out, *record, batch);
  }
}

} // namespace xdpcap::publish
