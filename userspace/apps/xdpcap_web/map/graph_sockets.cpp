// What the map takes from sockets and datagrams, and how time goes by in it.
#include <algorithm>
#include <utility>
#include <vector>

#include "apps/xdpcap_web/map/graph.hpp"

namespace xdpcap::web {
namespace {

constexpr std::uint64_t kUdpKeptNs = std::uint64_t{600} * 1'000'000'000;
constexpr std::uint64_t kUdpHeader = 8;

// Who is asked, of two ends of which `source` was the first that was seen to send: mostly the other
// one; but an answer may be the first that is seen, and it comes from a port that is reserved
// (below 1024) or at least not ephemeral.
bool source_is_server(const schema::Endpoint& source,
                      const schema::Endpoint& destination) noexcept {
  constexpr std::uint16_t kReserved = 1024, kEphemeral = 32'768;
  return (source.port() < kReserved && destination.port() >= kReserved) ||
         (source.port() < kEphemeral && destination.port() >= kEphemeral);
}

} // namespace

void Graph::add_socket(const schema::SocketRecord& record, const ProcessPointer& process,
                       std::string_view sensor, std::uint64_t now_ns) {
  owners_.add(record, process, sensor, now_ns);
  if (record.protocol() != Protocol::tcp || record.state() != schema::TcpState::listen ||
      record.local() == nullptr || process == nullptr)
    return;
  const bool closed = record.event() == schema::SocketEvent::closed;
  if ((closed || nodes_.size() >= limits_.nodes) && !nodes_.contains(id_of(*process))) return;
  Node& node = process_node(process);
  if (closed) {
    node.listening.erase(record.local()->port());
    return remove_if_bare(node);
  }
  constexpr std::size_t kPortsMax = 1024; // of a process
  if (node.listening.size() < kPortsMax || node.listening.contains(record.local()->port()))
    node.listening[record.local()->port()] = now_ns;
  node.last_ns = std::max(node.last_ns, record.at_ns());
  rebalance(node);
}

void Graph::add_datagram(const schema::DatagramRecord& record, const SeenBy& by,
                         std::uint64_t now_ns) {
  if (record.source() == nullptr || record.destination() == nullptr) return;
  const UdpName there{
      {*record.source(), *record.destination()}, std::string(by.sensor), by.network_namespace};
  UdpName back = there;
  std::swap(back.ends.local, back.ends.remote);
  auto known = udp_.find(there);
  bool to_server = true;
  if (known == udp_.end()) {
    known = udp_.find(back);
    to_server = known == udp_.end() && !source_is_server(there.ends.local, there.ends.remote);
  }
  if (known == udp_.end()) {
    make_room_for_flows();
    known = udp_.emplace(to_server ? there : back, UdpFlow{}).first;
  }
  UdpFlow& flow = known->second;
  flow.bytes[to_server ? 0 : 1] +=
      record.length() - std::min<std::uint64_t>(record.length(), kUdpHeader);
  flow.last_ns = std::max(flow.last_ns, record.arrived_ns());
  flow.last_seen_ns = now_ns;
  update(known->first, flow, now_ns, true);
}

void Graph::update(const UdpName& name, UdpFlow& flow, std::uint64_t now_ns, bool active) {
  const Figures figures{
      .bytes = {flow.bytes[0], flow.bytes[1]}, .last_ns = flow.last_ns, .active = active};
  const SeenBy by(name.sensor, name.network_namespace);
  contribute(flow.share, {nullptr, name.ends.local, by, Protocol::udp},
             {nullptr, name.ends.remote, by, Protocol::udp}, figures, now_ns);
}

// A quarter at once, the longest silent first.
void Graph::make_room_for_flows() {
  if (udp_.size() < limits_.udp_flows) return;
  std::vector<std::pair<std::uint64_t, UdpName>> order;
  order.reserve(udp_.size());
  for (const auto& [name, flow] : udp_) order.emplace_back(flow.last_seen_ns, name);
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(order.size() / 4 + 1);
  std::nth_element(order.begin(), end - 1, order.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto one = order.begin(); one != end; ++one) {
    const auto flow = udp_.find(one->second);
    leave(flow->second.share);
    udp_.erase(flow);
  }
}

void Graph::expire(std::uint64_t now_ns) {
  owners_.expire(now_ns);
  for (auto flow = udp_.begin(); flow != udp_.end();) {
    if (flow->second.last_seen_ns + kUdpKeptNs < now_ns) {
      leave(flow->second.share);
      flow = udp_.erase(flow);
      continue;
    }
    if (flow->second.share.active && flow->second.last_seen_ns + kUdpActiveNs < now_ns)
      update(flow->first, flow->second, flow->second.last_seen_ns, false);
    ++flow;
  }
  std::vector<std::uint64_t> old;
  for (const auto& [number, edge] : edges_) {
    if (edge.active == 0 && edge.last_seen_ns + limits_.age_ns < now_ns) old.push_back(number);
  }
  for (const std::uint64_t number : old) remove_edge(number);
  std::vector<Node*> silent;
  for (const auto& [id, node] : nodes_) {
    const std::size_t before = node->listening.size();
    std::erase_if(node->listening, [now_ns](const auto& port) {
      return port.second + SocketOwners::kKeptNs < now_ns;
    });
    if (node->listening.size() != before) silent.push_back(node.get());
  }
  for (Node* node : silent) remove_if_bare(*node);
}

} // namespace xdpcap::web
