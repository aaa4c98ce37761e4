#include <cmath>

#include "apps/xdpcap_web/api/json_views.hpp"
#include "apps/xdpcap_web/store/connection_table.hpp"
#include "codec/batch_view.hpp"
#include "schemas/record_views.hpp"

// Connections and their course (json_views.hpp).
namespace xdpcap::web {
namespace {

void append_side(std::string& out, const Side& side) {
  JsonObject object(out);
  append_members(object, static_cast<const record::FlowHalf&>(side));
  object.real("rate", std::round(side.rate));
}

void append_socket(std::string& out, const std::optional<KernelSocket>& socket) {
  if (!socket) {
    out += "null";
    return;
  }
  JsonObject object(out);
  object.text("state", name_of(socket->state));
  append_members(object, socket->tcp.value_or(record::TcpInfo{}));
  object.number("receive_queue", socket->receive_queue);
  object.number("send_queue", socket->send_queue);
  object.number("memory", socket->memory);
  object.ms("at", socket->at_ns);
}

void append_flow_flags(std::string& out, std::uint64_t flags) {
  out += '[';
  bool first = true;
  for (unsigned bit = 0; bit <= static_cast<unsigned>(schema::FlowFlag::MAX); ++bit) {
    if ((flags >> bit & 1) == 0) continue;
    if (!first) out += ',';
    first = false;
    codec::json::append_latin1(out, name_of(static_cast<schema::FlowFlag>(bit)));
  }
  out += ']';
}

void append_course(std::string& out, const std::vector<CoursePoint>& course) {
  JsonObject object(out);
  const auto column = [&](std::string_view name, auto value) {
    codec::json::append_array(object.member(name), &course, [&](const CoursePoint& point) {
      append_real(out, static_cast<double>(value(point)));
    });
  };
  constexpr std::size_t kToServer = index_of(Direction::to_server),
                        kToClient = index_of(Direction::to_client);
  codec::json::append_array(object.member("time"), &course, [&](const CoursePoint& point) {
    codec::json::append_number(out, point.at_ns / 1'000'000);
  });
  column("wire_rtt_ms", [](const CoursePoint& point) { return point.wire_rtt_ms; });
  column("kernel_rtt_ms", [](const CoursePoint& point) { return point.kernel_rtt_ms; });
  column("to_server_rate", [](const CoursePoint& point) { return point.rate[kToServer]; });
  column("to_client_rate", [](const CoursePoint& point) { return point.rate[kToClient]; });
  column("to_server_window", [](const CoursePoint& point) { return point.window[kToServer]; });
  column("to_client_window", [](const CoursePoint& point) { return point.window[kToClient]; });
  column("to_server_in_flight",
         [](const CoursePoint& point) { return point.in_flight[kToServer]; });
  column("to_client_in_flight",
         [](const CoursePoint& point) { return point.in_flight[kToClient]; });
  column("cwnd", [](const CoursePoint& point) { return point.cwnd; });
  column("retransmits", [](const CoursePoint& point) { return point.retransmits; });
}

} // namespace

void append_connection(std::string& out, const Connection& connection, bool with_course) {
  JsonObject object(out);
  object.text("id", connection.id.text());
  object.words("sensor", connection.sensor == nullptr ? "" : *connection.sensor);
  object.text("client", codec::text_of(&connection.client));
  object.text("server", codec::text_of(&connection.server));
  object.ms("opened", connection.first_ns);
  object.ms("last", connection.last_ns);
  object.ms("duration_ms", connection.last_ns > connection.first_ns
                               ? connection.last_ns - connection.first_ns
                               : 0);
  object.boolean("closed", connection.closed);
  object.text("close", name_of(connection.close));
  append_flow_flags(object.member("flags"), connection.flags);
  object.number("messages", connection.messages);
  object.ms_or_null("wire_rtt_ms", wire_rtt_ns(connection));
  object.ms_or_null("kernel_rtt_ms", kernel_rtt_ns(connection));
  object.ms_or_null("handshake_server_ms", connection.handshake_server_ns);
  object.ms_or_null("handshake_client_ms", connection.handshake_client_ns);
  append_side(object.member("to_server"), connection.sides[index_of(Direction::to_server)]);
  append_side(object.member("to_client"), connection.sides[index_of(Direction::to_client)]);
  append_socket(object.member("client_socket"), connection.client_socket);
  append_socket(object.member("server_socket"), connection.server_socket);
  append_process(object.member("client_process"), connection.ends.client);
  append_process(object.member("server_process"), connection.ends.server);
  if (with_course) append_course(object.member("series"), connection.course);
}

} // namespace xdpcap::web
