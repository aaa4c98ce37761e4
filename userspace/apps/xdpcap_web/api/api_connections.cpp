#include <algorithm>

#include "apps/xdpcap_web/api/api.hpp"
#include "apps/xdpcap_web/api/json_views.hpp"
#include "apps/xdpcap_web/api/parameters.hpp"
#include "codec/batch_view.hpp"

// The calls under /api/connections (api.hpp).
namespace xdpcap::web {
namespace {

struct ConnectionsWanted {
  std::string state, process, address, sensor;
  std::optional<ConnectionId> id;

  [[nodiscard]] bool holds(const Connection& connection) const {
    if (id && *id != connection.id) return false;
    if (!sensor.empty() && *connection.sensor != sensor) return false;
    if (!state.empty() && connection.closed != (state == "closed")) return false;
    if (!process.empty() && !is_process(connection.ends.client, process) &&
        !is_process(connection.ends.server, process))
      return false;
    return address.empty() ||
           codec::text_of(&connection.client).find(address) != std::string::npos ||
           codec::text_of(&connection.server).find(address) != std::string::npos;
  }
};

using Less = bool (*)(const Connection&, const Connection&);

std::uint64_t bytes(const Connection& connection) {
  return connection.sides[0].payload_bytes + connection.sides[1].payload_bytes;
}
std::uint64_t retransmits(const Connection& connection) {
  return connection.sides[0].retransmitted_segments + connection.sides[1].retransmitted_segments;
}

// The largest first.
Less order_of(std::string_view sort) {
  if (sort == "opened")
    return [](const Connection& a, const Connection& b) { return a.first_ns > b.first_ns; };
  if (sort == "bytes")
    return [](const Connection& a, const Connection& b) { return bytes(a) > bytes(b); };
  if (sort == "rtt")
    return [](const Connection& a, const Connection& b) { return wire_rtt_ns(a) > wire_rtt_ns(b); };
  if (sort == "retransmits")
    return [](const Connection& a, const Connection& b) { return retransmits(a) > retransmits(b); };
  return [](const Connection& a, const Connection& b) { return a.last_ns > b.last_ns; };
}

std::string flags_of(std::uint8_t bits) {
  static constexpr std::string_view kNames[] = {"FIN", "SYN", "RST", "PSH",
                                                "ACK", "URG", "ECE", "CWR"};
  std::string names;
  for (std::size_t bit = 0; bit < std::size(kNames); ++bit) {
    if ((bits >> bit & 1) == 0) continue;
    if (!names.empty()) names += ',';
    names += kNames[bit];
  }
  return names;
}

// The handshake and stragglers: they carry no id, but the ends and about the time of the
// connection.
bool is_stray_of(const schema::SegmentRecord& segment, const Connection& connection) {
  constexpr std::uint64_t kAroundNs = 3'000'000'000;
  return segment.flow() == 0 && segment.client() != nullptr && segment.server() != nullptr &&
         same_endpoint(*segment.client(), connection.client) &&
         same_endpoint(*segment.server(), connection.server) &&
         segment.arrived_ns() + kAroundNs >= connection.first_ns &&
         segment.arrived_ns() <= connection.last_ns + kAroundNs;
}

void append_segment(std::string& out, const schema::SegmentRecord& segment, bool reversed) {
  JsonObject object(out);
  object.ms("time", segment.arrived_ns());
  const bool to_server = (segment.direction() == schema::Direction::to_server) != reversed;
  object.text("direction", to_server ? "to_server" : "to_client");
  object.number("seq", segment.seq());
  object.number("ack", segment.ack());
  object.text("flags", flags_of(segment.flags()));
  object.number("window", segment.window());
  object.number("length", segment.payload_bytes());
  object.text("verdict", name_of(segment.verdict()));
}

} // namespace

Api::Answer Api::connections(const Request& request) const {
  auto parameters = Parameters::parse(
      request.query, {"state", "process", "address", "sensor", "connection", "limit", "sort"});
  if (!parameters) return std::move(parameters).error();
  auto limit = parameters->number("limit", 200, 1, 1000);
  if (!limit) return std::move(limit).error();
  auto sort = parameters->one_of("sort", {"last", "opened", "bytes", "rtt", "retransmits"});
  if (!sort) return std::move(sort).error();
  auto state = parameters->one_of("state", {"", "open", "closed"});
  if (!state) return std::move(state).error();
  ConnectionsWanted wanted{*state, parameters->one("process"), parameters->one("address"),
                           parameters->one("sensor"), std::nullopt};
  if (parameters->has("connection")) {
    wanted.id = ConnectionId::parse(parameters->one("connection"));
    if (!wanted.id)
      return bad("connection", "this is no id of a connection; take one from an earlier answer");
  }
  const Less less = order_of(*sort);
  std::vector<Connection> rows;
  std::size_t searched = 0, total = 0;
  {
    const MutexLock lock{parts_.model.mutex};
    std::vector<const Connection*> found;
    parts_.model.connections.for_each([&](const Connection& connection) {
      ++searched;
      if (connection.sensor != nullptr && wanted.holds(connection)) found.push_back(&connection);
    });
    total = found.size();
    const auto end =
        found.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(found.size(), *limit));
    std::partial_sort(found.begin(), end, found.end(),
                      [less](const Connection* a, const Connection* b) { return less(*a, *b); });
    for (auto at = found.begin(); at != end; ++at) {
      rows.push_back(**at);
      rows.back().course.clear();
    }
  }
  Reply reply;
  {
    JsonObject object(reply.body);
    codec::json::append_array(object.member("data"), &rows, [&](const Connection& connection) {
      append_connection(reply.body, connection, false);
    });
    object.number("total", total);
    object.number("searched", searched);
  }
  reply.body += '\n';
  return reply;
}

// ID, ID/segments
Api::Answer Api::connection(const Request& request, std::string_view rest) const {
  constexpr std::string_view kSegments = "/segments";
  if (auto parameters = Parameters::parse(request.query, {}); !parameters)
    return std::move(parameters).error();
  const bool wants_segments = rest.ends_with(kSegments);
  if (wants_segments) rest.remove_suffix(kSegments.size());
  const auto id = ConnectionId::parse(rest);
  if (!id)
    return ApiError{.status = 404,
                    .message = "this is no id of a connection; take one from /api/connections"};
  if (wants_segments) return segments(*id);
  std::optional<Connection> connection;
  {
    const MutexLock lock{parts_.model.mutex};
    if (const Connection* known = parts_.model.connections.find(*id)) connection = *known;
  }
  if (!connection || connection->sensor == nullptr)
    return ApiError{.status = 404, .message = "there is no such connection here any more"};
  Reply reply{.body = "{\"data\":"};
  append_connection(reply.body, *connection, true);
  reply.body += "}\n";
  return reply;
}

Api::Answer Api::segments(const ConnectionId& id) const {
  constexpr std::size_t kSegmentsMax = 2000;
  std::vector<BatchPointer> batches;
  bool published = false;
  std::optional<Connection> connection;
  {
    const MutexLock lock{parts_.model.mutex};
    batches = parts_.model.segments.of(id.source);
    if (const Connection* known = parts_.model.connections.find(id)) {
      connection = *known;
      connection->course.clear();
    }
    published = parts_.model.sensors.any_publishes("tcp");
  }
  std::vector<const schema::SegmentRecord*> found;
  for (const BatchPointer& batch : batches) {
    for (const schema::SegmentRecord* segment : *(*batch)->segments()) {
      if (segment->flow() == id.flow || (connection && is_stray_of(*segment, *connection)))
        found.push_back(segment);
    }
  }
  if (found.size() > kSegmentsMax) found.erase(found.begin(), found.end() - kSegmentsMax);
  Reply reply;
  {
    JsonObject object(reply.body);
    codec::json::append_array(
        object.member("data"), &found, [&](const schema::SegmentRecord* segment) {
          append_segment(reply.body, *segment, connection && connection->reversed);
        });
    object.boolean("published", published || !found.empty());
  }
  reply.body += '\n';
  return reply;
}

} // namespace xdpcap::web
