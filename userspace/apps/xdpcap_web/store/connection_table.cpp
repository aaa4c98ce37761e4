#include "apps/xdpcap_web/store/connection_table.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "schemas/record_tables.hpp"

namespace xdpcap::web {
namespace {

double seconds(std::uint64_t from_ns, std::uint64_t to_ns) {
  return to_ns > from_ns ? static_cast<double>(to_ns - from_ns) / 1e9 : 0;
}

// `elapsed`: seconds since the last rate; 0: too few for another.
void update(Side& side, const schema::FlowHalf* half, double elapsed) {
  if (half == nullptr) return;
  static_cast<record::FlowHalf&>(side) = record::read(*half);
  if (elapsed <= 0) return;
  side.rate =
      static_cast<double>(side.payload_bytes - std::min(side.rated_bytes, side.payload_bytes)) /
      elapsed;
  side.rated_bytes = side.payload_bytes;
}

float ms_or_none(std::uint64_t ns) {
  return ns == 0 ? std::numeric_limits<float>::quiet_NaN()
                 : static_cast<float>(static_cast<double>(ns) / 1e6);
}

// The kernel of the end that is nearer to the capture: its segments come back sooner from here.
bool server_is_near(const Connection& connection) noexcept {
  const std::uint64_t to_server = connection.sides[index_of(Direction::to_server)].rtt_ns;
  const std::uint64_t to_client = connection.sides[index_of(Direction::to_client)].rtt_ns;
  const std::uint64_t server = to_server != 0 ? to_server : connection.handshake_server_ns;
  const std::uint64_t client = to_client != 0 ? to_client : connection.handshake_client_ns;
  return server == 0 ? connection.server_socket.has_value() : client >= server;
}

} // namespace

// What the nearer end sends is acknowledged from the other side of the wire: that way, and the
// short way to the end itself.
std::uint64_t wire_rtt_ns(const Connection& connection) noexcept {
  const std::uint64_t to_server = connection.sides[index_of(Direction::to_server)].rtt_ns;
  const std::uint64_t to_client = connection.sides[index_of(Direction::to_client)].rtt_ns;
  const std::uint64_t there = to_server != 0 ? to_server : connection.handshake_server_ns;
  const std::uint64_t back = to_client != 0 ? to_client : connection.handshake_client_ns;
  return std::max(there, back);
}

std::uint64_t kernel_rtt_ns(const Connection& connection) noexcept {
  const bool is_server = server_is_near(connection);
  const auto rtt_ns = [](const std::optional<KernelSocket>& socket) {
    return socket && socket->tcp ? socket->tcp->rtt_ns : 0;
  };
  const std::uint64_t near =
      rtt_ns(is_server ? connection.server_socket : connection.client_socket);
  return near != 0 ? near : rtt_ns(is_server ? connection.client_socket : connection.server_socket);
}

ConnectionTable::Place ConnectionTable::enter(const ConnectionId& id, std::uint64_t now_ns) {
  const auto known = by_id_.find(id);
  if (known != by_id_.end()) {
    known->second->last_seen_ns = now_ns;
    known->second->may_have_closed = false;
    order_.splice(order_.end(), order_, known->second);
    return known->second;
  }
  order_.push_back({});
  const Place place = std::prev(order_.end());
  place->connection.id = id;
  place->last_seen_ns = now_ns;
  by_id_.emplace(id, place);
  return place;
}

void ConnectionTable::add(const schema::FlowRecord& record,
                          const std::shared_ptr<const std::string>& sensor, std::uint64_t source,
                          std::uint64_t now_ns, std::uint32_t network_namespace) {
  if (record.client() == nullptr || record.server() == nullptr) return;
  const Place place = enter({source, record.flow()}, now_ns);
  Connection& connection = place->connection;
  ++connection.revision;
  connection.sensor = sensor;
  connection.client = *record.client();
  connection.server = *record.server();
  connection.network_namespace = network_namespace;
  name(place);
  connection.reversed = is_reversed(connection, record);
  if (connection.reversed) std::swap(connection.client, connection.server);
  const auto *to_server = record.to_server(), *to_client = record.to_client();
  if (connection.reversed) std::swap(to_server, to_client);
  connection.first_ns = record.first_ns();
  if (connection.rated_ns == 0) connection.rated_ns = record.first_ns();
  // Two records may follow each other at once, an update and the close: what is sent between them
  // is no rate.
  constexpr double kRateSpan = 0.5;
  double elapsed = seconds(connection.rated_ns, record.last_ns());
  if (elapsed < kRateSpan) elapsed = 0;
  if (elapsed > 0) connection.rated_ns = record.last_ns();
  connection.last_ns = std::max(connection.last_ns, record.last_ns());
  connection.closed = connection.closed || record.event() == schema::FlowEvent::closed;
  connection.close = record.close();
  connection.flags = record.flags();
  connection.handshake_server_ns = record.handshake_server_ns();
  connection.handshake_client_ns = record.handshake_client_ns();
  update(connection.sides[index_of(Direction::to_server)], to_server, elapsed);
  update(connection.sides[index_of(Direction::to_client)], to_client, elapsed);
  look_up_ends(connection);
  if (record.event() != schema::FlowEvent::opened) add_point(connection, record.last_ns());
  watcher_.changed(connection);
  make_room();
}

// Of a connection that was met midstream, without a message that says who asks, a capture knows the
// ports alone: the higher one is the client's. A listener knows better.
bool ConnectionTable::is_reversed(const Connection& connection,
                                  const schema::FlowRecord& record) const {
  if (connection.reversed) return true;
  const bool guessed =
      (record.flags() >> static_cast<unsigned>(schema::FlowFlag::partial) & 1) != 0;
  if (!guessed || connection.messages != 0 || !watcher_.listens || connection.sensor == nullptr)
    return false;
  const SeenBy by(*connection.sensor, connection.network_namespace);
  return watcher_.listens(*record.client(), by) && !watcher_.listens(*record.server(), by);
}

void ConnectionTable::name(Place place) {
  if (place->named) return;
  place->named = SocketName{place->connection.client, place->connection.server};
  std::vector<Place>& same = by_client_[*place->named];
  if (same.size() >= kSameNameMax) unname(same.front());
  by_client_[*place->named].push_back(place);
}

void ConnectionTable::unname(Place place) {
  if (!place->named) return;
  const auto same = by_client_.find(*place->named);
  place->named.reset();
  std::erase(same->second, place);
  if (same->second.empty()) by_client_.erase(same);
}

// Sockets may have been reported before their connection was.
void ConnectionTable::look_up_ends(Connection& connection) const {
  // A socket that ended before the connection began had the same name and was another one; clocks
  // of one host.
  constexpr std::uint64_t kSlackNs = 2'000'000'000;
  if (connection.sensor == nullptr) return;
  const SeenBy by(*connection.sensor, connection.network_namespace);
  const auto look = [&](const schema::Endpoint& local, const schema::Endpoint& remote,
                        std::optional<KernelSocket>& socket, ProcessPointer& process) {
    const HostView::Known* known = host_.find({local, remote}, by);
    if (known == nullptr || known->kernel.at_ns + kSlackNs < connection.first_ns ||
        known->first_ns > connection.last_ns + kSlackNs)
      return;
    if (known->kernel.tcp || !socket) socket = known->kernel;
    if (known->process != nullptr) process = known->process;
  };
  look(connection.client, connection.server, connection.client_socket, connection.ends.client);
  look(connection.server, connection.client, connection.server_socket, connection.ends.server);
}

void ConnectionTable::add(const schema::SocketRecord& record, std::uint64_t now_ns) {
  if (record.protocol() != schema::SocketProtocol::tcp || record.local() == nullptr ||
      record.remote() == nullptr)
    return;
  for (const SocketName& name : {SocketName{*record.local(), *record.remote()},
                                 SocketName{*record.remote(), *record.local()}}) {
    const auto same = by_client_.find(name);
    if (same == by_client_.end()) continue;
    for (const Place place : same->second) update_socket(place, record, now_ns);
  }
}

void ConnectionTable::update_socket(Place place, const schema::SocketRecord& record,
                                    std::uint64_t now_ns) {
  Connection& connection = place->connection;
  // A closed connection hears what came late of its own sockets, not of those that took over its
  // name.
  if (connection.closed && record.event() == schema::SocketEvent::opened &&
      record.at_ns() > connection.last_ns)
    return;
  const Ends before = connection.ends;
  look_up_ends(connection);
  ++connection.revision;
  if (before.client == connection.ends.client && before.server == connection.ends.server) return;
  place->last_seen_ns = now_ns;
  watcher_.changed(connection);
}

void ConnectionTable::add_message(const ConnectionId& id, const schema::HttpMessage& message,
                                  const std::shared_ptr<const std::string>& sensor,
                                  std::uint64_t now_ns, std::uint32_t network_namespace) {
  if (message.client() == nullptr || message.server() == nullptr) return;
  const Place place = enter(id, now_ns);
  Connection& connection = place->connection;
  ++connection.revision;
  if (connection.sensor == nullptr) {
    connection.sensor = sensor;
    connection.network_namespace = network_namespace;
    connection.client = *message.client();
    connection.server = *message.server();
    connection.first_ns = message.first_byte_ns();
    name(place);
    look_up_ends(connection);
  }
  connection.last_ns = std::max(connection.last_ns, message.last_byte_ns());
  ++connection.messages;
  if (message.kind() == schema::Kind::response && message.status() >= 500) ++connection.errors;
  watcher_.changed(connection);
  make_room();
}

void ConnectionTable::add_latency(const ConnectionId& id, std::uint64_t latency_ns) {
  const auto known = by_id_.find(id);
  if (known == by_id_.end()) return;
  known->second->connection.latency_ns_total += latency_ns;
  ++known->second->connection.latencies;
  watcher_.changed(known->second->connection);
}

void ConnectionTable::add_point(Connection& connection, std::uint64_t at_ns) {
  if (connection.course.size() >= Connection::kCourseMax) {
    connection.course.erase(connection.course.begin());
    --points_;
  }
  CoursePoint point{.at_ns = at_ns,
                    .wire_rtt_ms = ms_or_none(wire_rtt_ns(connection)),
                    .kernel_rtt_ms = ms_or_none(kernel_rtt_ns(connection))};
  for (std::size_t i = 0; i < 2; ++i) {
    point.rate[i] = static_cast<float>(connection.sides[i].rate);
    point.window[i] = static_cast<float>(connection.sides[i].window);
    point.in_flight[i] = static_cast<float>(connection.sides[i].in_flight);
    point.retransmits += static_cast<float>(connection.sides[i].retransmitted_segments);
  }
  const auto& socket =
      server_is_near(connection) ? connection.server_socket : connection.client_socket;
  if (socket && socket->tcp) point.cwnd = static_cast<float>(socket->tcp->congestion_window);
  connection.course.push_back(point);
  ++points_;
}

void ConnectionTable::drop(Place place) {
  watcher_.dropped(place->connection);
  points_ -= place->connection.course.size();
  unname(place);
  by_id_.erase(place->connection.id);
  order_.erase(place);
}

// Closed ones go before silent ones, where some are near the front.
void ConnectionTable::make_room() {
  constexpr int kLook = 64;
  while (order_.size() > limits_.connections || points_ > limits_.course_points) {
    Place victim = order_.begin();
    int looked = 0;
    for (Place place = order_.begin(); place != order_.end() && looked < kLook; ++place, ++looked) {
      if (!place->connection.closed) continue;
      victim = place;
      break;
    }
    drop(victim);
  }
}

void ConnectionTable::mark_uncertain(std::uint64_t source) {
  for (Kept& kept : order_)
    kept.may_have_closed |= kept.connection.id.source == source && !kept.connection.closed;
}

// An open connection is reported only when it moves, so it is kept longer; not where its end may
// have been lost. One that goes on comes back with its next record, which has all its totals.
void ConnectionTable::expire(std::uint64_t now_ns) {
  constexpr std::uint64_t kOpenFactor = 6;
  const std::uint64_t doubt_ns = std::min(limits_.age_ns, std::uint64_t{60} * 1'000'000'000);
  for (Place place = order_.begin();
       place != order_.end() && place->last_seen_ns + doubt_ns < now_ns;) {
    const Place next = std::next(place);
    const std::uint64_t kept_ns = place->connection.closed ? limits_.age_ns
                                  : place->may_have_closed ? doubt_ns
                                                           : kOpenFactor * limits_.age_ns;
    if (place->last_seen_ns + kept_ns < now_ns) drop(place);
    place = next;
  }
}

const Connection* ConnectionTable::find(const ConnectionId& id) const {
  const auto known = by_id_.find(id);
  return known == by_id_.end() ? nullptr : &known->second->connection;
}

Ends ConnectionTable::ends_of(const ConnectionId& id) const {
  const Connection* connection = find(id);
  return connection == nullptr ? Ends{} : connection->ends;
}

} // namespace xdpcap::web
