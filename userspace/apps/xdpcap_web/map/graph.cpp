#include "apps/xdpcap_web/map/graph.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "apps/xdpcap_web/store/connection_table.hpp"
#include "codec/batch_view.hpp"

namespace xdpcap::web {
namespace {

constexpr std::size_t kCountedMax = 65'536;

bool same_process(const Process& a, const Process& b) noexcept {
  return a.pid == b.pid && a.started_ns == b.started_ns && a.sensor == b.sensor;
}

} // namespace

std::string Graph::id_of(const Process& process) {
  const std::string id = fmt::format("p:{}:{}", process.sensor, process.pid);
  return process.started_ns == 0 ? id : fmt::format("{}:{}", id, process.started_ns);
}

std::size_t Graph::EdgeKeyHash::operator()(const EdgeKey& key) const noexcept {
  constexpr std::size_t kOdd = 0x9e3779b97f4a7c15;
  const std::hash<const void*> hash;
  return ((hash(key.from) * kOdd) ^ hash(key.to)) * kOdd + std::size_t{key.port} * 2 +
         static_cast<std::size_t>(key.protocol);
}

void Graph::update(Connection& connection, std::uint64_t now_ns) {
  const Figures figures{
      .bytes = {connection.sides[0].payload_bytes, connection.sides[1].payload_bytes},
      .messages = connection.messages,
      .errors = connection.errors,
      .latency_ns = connection.latency_ns_total,
      .latencies = connection.latencies,
      .rtt_ns = wire_rtt_ns(connection),
      .last_ns = connection.last_ns,
      .active = !connection.closed};
  const SeenBy by(
      connection.sensor == nullptr ? std::string_view{} : std::string_view(*connection.sensor),
      connection.network_namespace);
  contribute(connection.map, {connection.ends.client, connection.client, by, Protocol::tcp},
             {connection.ends.server, connection.server, by, Protocol::tcp}, figures, now_ns);
}

void Graph::forget(Connection& connection) {
  leave(connection.map);
}

// Sums are revised by differences: what the share says was added before is taken off again.
void Graph::contribute(MapShare& share, const End& from, const End& to, const Figures& figures,
                       std::uint64_t now_ns) {
  Edge* edge = edge_of(share);
  if (edge == nullptr) {
    release(share);
  } else if (!is_node_of(*edge->from, from) || !is_node_of(*edge->to, to)) {
    withdraw(share, *edge);
    edge = nullptr;
  }
  if (edge == nullptr) {
    Node& client = node_of(from);
    edge = &edge_between(client, node_of(to), to.protocol, to.endpoint.port());
    share.edge = edge->number;
    ++edge->connections;
    ++edge->shares;
  }
  const auto revise = [](std::uint64_t& sum, std::uint64_t& before, std::uint64_t now) {
    sum += now - before;
    before = now;
  };
  for (std::size_t i = 0; i < 2; ++i) revise(edge->bytes[i], share.bytes[i], figures.bytes[i]);
  revise(edge->messages, share.messages, figures.messages);
  revise(edge->errors, share.errors, figures.errors);
  revise(edge->latency_ns, share.latency_ns, figures.latency_ns);
  revise(edge->latencies, share.latencies, figures.latencies);
  if (figures.rtt_ns != 0) edge->rtt_ns = figures.rtt_ns;
  edge->last_ns = std::max(edge->last_ns, figures.last_ns);
  edge->last_seen_ns = std::max(edge->last_seen_ns, now_ns);
  for (Node* node : {edge->from, edge->to})
    node->last_ns = std::max(node->last_ns, figures.last_ns);
  set_active(*edge, share, figures.active);
  rebalance(*edge->from); // a client that came with a connection that was over already
  make_room();
}

Graph::Edge* Graph::edge_of(const MapShare& share) {
  if (share.edge == 0) return nullptr;
  const auto merged = merged_.find(share.edge);
  const auto found = edges_.find(merged == merged_.end() ? share.edge : merged->second.into);
  return found == edges_.end() ? nullptr : &found->second;
}

// The share refers to its edge no more; its contribution stays.
void Graph::release(MapShare& share) {
  const auto merged = merged_.find(share.edge);
  if (merged != merged_.end()) {
    if (--merged->second.shares == 0) merged_.erase(merged);
  } else if (const auto edge = edges_.find(share.edge); edge != edges_.end()) {
    --edge->second.shares;
  }
  share = {};
}

void Graph::leave(MapShare& share) {
  if (Edge* edge = edge_of(share)) {
    Node* from = edge->from;
    set_active(*edge, share, false);
    rebalance(*from);
  }
  release(share);
}

// Takes the whole contribution back.
void Graph::withdraw(MapShare& share, Edge& edge) {
  for (std::size_t i = 0; i < 2; ++i) edge.bytes[i] -= share.bytes[i];
  edge.messages -= share.messages;
  edge.errors -= share.errors;
  edge.latency_ns -= share.latency_ns;
  edge.latencies -= share.latencies;
  set_active(edge, share, false);
  --edge.connections;
  release(share);
  if (edge.connections == 0) {
    remove_edge(edge.number);
  } else {
    rebalance(*edge.from);
  }
}

// What was found out of an end is kept, though the socket that showed it may be forgotten since.
bool Graph::is_node_of(const Node& node, const End& end) {
  if (end.process == nullptr) {
    return node.kind != Kind::host || (codec::same_address(node.address, end.endpoint) &&
                                       owners_.find(end.protocol, end.endpoint, end.by) == nullptr);
  }
  if (node.kind == Kind::group) return families_.of(*end.process) == node.family;
  return node.kind == Kind::process && same_process(*node.process, *end.process);
}

Graph::Node& Graph::node_of(const End& end) {
  if (end.process != nullptr) return process_node(end.process);
  const ProcessPointer owner = owners_.find(end.protocol, end.endpoint, end.by);
  return owner != nullptr ? process_node(owner) : host_node(end);
}

Graph::Node& Graph::process_node(const ProcessPointer& process) {
  std::unique_ptr<Node>& node = nodes_[id_of(*process)];
  if (node != nullptr && node->process == process) return *node;
  if (node == nullptr) node = std::make_unique<Node>();
  leave_family(*node); // it may take another name (exec)
  node->id = id_of(*process);
  node->kind = Kind::process;
  node->process = process;
  const NodeLook* look = rules_.look_of(*process);
  node->look = look == nullptr ? NodeLook{} : *look;
  return *node;
}

// Loopback is another place on each host.
Graph::Node& Graph::host_node(const End& end) {
  const std::string address = codec::address_of(&end.endpoint);
  const std::string id = is_local_address(end.endpoint)
                             ? fmt::format("h:{}:{}", end.by.sensor, address)
                             : "h:" + address;
  std::unique_ptr<Node>& node = nodes_[id];
  if (node != nullptr) return *node;
  node = std::make_unique<Node>();
  node->id = id;
  node->address = end.endpoint;
  return *node;
}

Graph::Node& Graph::group_node(const Family& family, const ProcessPointer& process) {
  FamilyNodes& known = family_nodes_[family];
  if (known.group != nullptr) return *known.group;
  const std::string id = fmt::format("g:{}:{}:{:x}", family.sensor, family.name,
                                     std::hash<std::string>()(family.pattern));
  std::unique_ptr<Node>& node = nodes_[id];
  if (node == nullptr) node = std::make_unique<Node>();
  node->id = id;
  node->kind = Kind::group;
  node->process = process;
  node->family = family;
  const NodeLook* look = rules_.look_of(*process);
  if (look != nullptr) node->look = *look;
  known.group = node.get();
  return *node;
}

Graph::Edge& Graph::edge_between(Node& from, Node& to, Protocol protocol, std::uint16_t port) {
  const auto [place, is_new] = by_key_.try_emplace({&from, &to, protocol, port}, last_number_ + 1);
  if (!is_new) return edges_.at(place->second);
  Edge& edge = edges_[++last_number_];
  edge.number = last_number_;
  edge.from = &from;
  edge.to = &to;
  edge.protocol = protocol;
  edge.port = port;
  from.out.insert(edge.number);
  to.in.insert(edge.number);
  rebalance(to); // a server is no member of a family
  return edge;
}

void Graph::set_active(Edge& edge, MapShare& share, bool active) {
  if (share.active == active) return;
  share.active = active;
  const bool before = edge.active != 0;
  edge.active += active ? 1 : std::uint64_t{0} - 1;
  if (before == (edge.active != 0)) return;
  for (Node* node : {edge.from, edge.to}) node->active += active ? 1 : std::size_t{0} - 1;
  rebalance(*edge.from);
}

// A client without an open connection goes to the back of its family's list. The longest idle one
// beyond kAlone is merged; that is never the one that just came, so references to it and its edges
// stay good.
void Graph::rebalance(Node& node) {
  static_assert(kAlone > 0);
  const bool idle = node.kind == Kind::process && node.active == 0 && node.in.empty() &&
                    node.listening.empty() && !node.out.empty();
  if (idle == node.idle) return;
  if (!idle) return leave_family(node);
  node.idle = true;
  FamilyNodes& family = family_nodes_[families_.of(*node.process)];
  family.idle.push_back(&node);
  if (family.idle.size() > kAlone) merge(*family.idle.front());
}

void Graph::leave_family(Node& node) {
  if (!node.idle) return;
  node.idle = false;
  const auto family = family_nodes_.find(families_.of(*node.process));
  if (family == family_nodes_.end()) return;
  std::erase(family->second.idle, &node);
  if (family->second.idle.empty() && family->second.group == nullptr) family_nodes_.erase(family);
}

void Graph::merge(Node& node) {
  Node& group = group_node(families_.of(*node.process), node.process);
  leave_family(node);
  if (counted_.size() >= kCountedMax) counted_.clear();
  if (counted_.insert(node.id).second) ++group.count;
  group.last_ns = std::max(group.last_ns, node.last_ns);
  const std::vector<std::uint64_t> numbers(node.out.begin(), node.out.end());
  for (const std::uint64_t number : numbers) merge_edge(edges_.at(number), group);
  nodes_.erase(std::string(node.id)); // the id goes with the node
}

void Graph::merge_edge(Edge& edge, Node& group) {
  by_key_.erase({edge.from, edge.to, edge.protocol, edge.port});
  edge.from->out.erase(edge.number);
  const auto [place, is_new] =
      by_key_.try_emplace({&group, edge.to, edge.protocol, edge.port}, edge.number);
  if (is_new) {
    edge.from = &group;
    group.out.insert(edge.number);
    return;
  }
  Edge& into = edges_.at(place->second);
  into.connections += edge.connections;
  for (std::size_t i = 0; i < 2; ++i) into.bytes[i] += edge.bytes[i];
  into.messages += edge.messages;
  into.errors += edge.errors;
  into.latency_ns += edge.latency_ns;
  into.latencies += edge.latencies;
  if (edge.rtt_ns != 0) into.rtt_ns = edge.rtt_ns;
  into.last_ns = std::max(into.last_ns, edge.last_ns);
  into.last_seen_ns = std::max(into.last_seen_ns, edge.last_seen_ns);
  // Edges of a group are never merged again, for their servers are in no family: one step leads to
  // the sum.
  if (edge.shares != 0) merged_[edge.number] = {into.number, edge.shares};
  edge.to->in.erase(edge.number);
  edges_.erase(edge.number);
}

void Graph::remove_edge(std::uint64_t number) {
  const auto place = edges_.find(number);
  if (place == edges_.end()) return;
  const Edge edge = place->second;
  by_key_.erase({edge.from, edge.to, edge.protocol, edge.port});
  edge.from->out.erase(number);
  edge.to->in.erase(number);
  if (edge.active != 0) {
    --edge.from->active;
    --edge.to->active;
  }
  edges_.erase(place);
  if (edge.from != edge.to) remove_if_bare(*edge.from);
  remove_if_bare(*edge.to);
}

void Graph::remove_if_bare(Node& node) {
  if (!node.out.empty() || !node.in.empty() || !node.listening.empty()) return rebalance(node);
  leave_family(node);
  if (node.kind == Kind::group) {
    const auto family = family_nodes_.find(node.family);
    family->second.group = nullptr;
    if (family->second.idle.empty()) family_nodes_.erase(family);
  }
  nodes_.erase(std::string(node.id));
}

// An eighth at once, so that a full map is not sorted for each connection. Shares that referred to
// what goes find nothing and begin anew.
void Graph::make_room() {
  if (edges_.size() <= limits_.edges && nodes_.size() <= limits_.nodes) return;
  std::vector<std::tuple<bool, std::uint64_t, std::uint64_t>> order;
  order.reserve(edges_.size());
  for (const auto& [number, edge] : edges_)
    order.emplace_back(edge.active != 0, edge.last_seen_ns, number);
  const std::size_t leave = std::min(order.size(), order.size() / 8 + 1);
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(leave), order.end());
  for (std::size_t i = 0; i < leave; ++i) remove_edge(std::get<2>(order[i]));
}

} // namespace xdpcap::web
