// The map as the API shows it.
#include <fmt/core.h>

#include <charconv>
#include <set>

#include "apps/xdpcap_web/api/json_views.hpp"
#include "apps/xdpcap_web/api/query.hpp"
#include "apps/xdpcap_web/map/graph.hpp"
#include "codec/batch_view.hpp"

namespace xdpcap::web {
namespace {

std::string with_thousands(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

} // namespace

Result<GraphQuery, ApiError> parse_graph_query(const Parameters& parameters) {
  GraphQuery query;
  auto p2p = parameters.flag("p2p");
  if (!p2p) return std::move(p2p).error();
  auto udp = parameters.flag("udp");
  if (!udp) return std::move(udp).error();
  auto window = parameters.number("window", query.window_ns / 1'000'000'000, 0, 3600);
  if (!window) return std::move(window).error();
  query.p2p = *p2p;
  query.udp = *udp;
  query.window_ns = *window * 1'000'000'000;
  query.process = parameters.one("process");
  for (const std::string& list : parameters.all("ports")) {
    std::string_view rest = list;
    while (!rest.empty()) {
      const std::string_view one = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      std::uint16_t port = 0;
      const auto [end, error] = std::from_chars(one.data(), one.data() + one.size(), port);
      if (error != std::errc{} || end != one.data() + one.size() || port == 0)
        return bad("ports", fmt::format("'{}' is no port; write 80,443", one));
      query.ports.push_back(port);
    }
  }
  return query;
}

bool Graph::is_named(const Node& node, const std::string& process) {
  if (node.kind == Kind::group) return node.family.name == process;
  return is_process(node.process, process);
}

bool Graph::is_shown(const Edge& edge, const GraphQuery& query, std::uint64_t now_ns) {
  if (edge.active == 0 && edge.last_seen_ns + query.window_ns < now_ns) return false;
  if (edge.protocol == Protocol::udp && !query.udp) return false;
  if (query.p2p && (edge.from->kind == Kind::host || edge.to->kind == Kind::host)) return false;
  if (!query.ports.empty() &&
      std::find(query.ports.begin(), query.ports.end(), edge.port) == query.ports.end())
    return false;
  return query.process.empty() || is_named(*edge.from, query.process) ||
         is_named(*edge.to, query.process);
}

void Graph::append(std::string& out, const Node& node, const std::set<std::uint16_t>& ports) {
  const bool is_host = node.kind == Kind::host, is_group = node.kind == Kind::group;
  const bool is_listener = node.in.empty() && node.out.empty();
  const std::string address = is_host ? codec::address_of(&node.address) : "";
  const bool is_mixed = is_group && node.family.name == "*";
  const std::string name = is_host || is_mixed ? "" : node.process->name;
  std::string label = !node.look.label.empty() ? node.look.label
                      : is_host                ? address
                      : is_mixed               ? "others"
                                               : name;
  if (is_group) label += " ×" + with_thousands(node.count);
  JsonObject object(out);
  object.words("id", node.id);
  object.text("kind", is_host ? "host" : is_listener ? "listener" : "process");
  object.words("label", label);
  object.words_or_null("type", node.look.type);
  object.words_or_null("icon", node.look.icon);
  if (is_host || is_group) {
    object.null("pid");
  } else {
    object.number("pid", node.process->pid);
  }
  object.number("count", is_group ? node.count : 1);
  object.words_or_null("name", name);
  object.words_or_null("command", is_host    ? ""
                                  : is_group ? node.family.pattern
                                             : node.process->command);
  object.words_or_null("container", is_host || is_group ? "" : node.process->container);
  object.words_or_null("address", address);
  codec::json::append_array(object.member("ports"), &ports,
                            [&out](std::uint16_t port) { codec::json::append_number(out, port); });
  object.words_or_null("sensor", is_host ? "" : node.process->sensor);
  object.boolean("active", node.active != 0 || !node.listening.empty());
  object.ms("last", node.last_ns);
}

void Graph::append(std::string& out, const Edge& edge) {
  JsonObject object(out);
  object.text("id", fmt::format("e{}", edge.number));
  object.words("from", edge.from->id);
  object.words("to", edge.to->id);
  object.text("protocol", edge.protocol == Protocol::tcp ? "tcp" : "udp");
  object.number("port", edge.port);
  object.number("connections", edge.connections);
  object.number("active", edge.active);
  object.number("bytes_to_server", edge.bytes[0]);
  object.number("bytes_to_client", edge.bytes[1]);
  object.number("messages", edge.messages);
  object.number("errors", edge.errors);
  if (edge.latencies == 0) {
    object.null("latency_ms");
  } else {
    object.ms("latency_ms", edge.latency_ns / edge.latencies);
  }
  object.ms_or_null("rtt_ms", edge.rtt_ns);
  object.ms("last", edge.last_ns);
}

std::string Graph::to_json(const GraphQuery& query, std::uint64_t now_ns) const {
  std::unordered_map<const Node*, std::set<std::uint16_t>> shown; // and their ports
  std::string edges, nodes;
  for (const auto& [number, edge] : edges_) {
    if (!is_shown(edge, query, now_ns)) continue;
    shown[edge.from];
    shown[edge.to].insert(edge.port);
    if (!edges.empty()) edges += ',';
    append(edges, edge);
  }
  const auto is_asked = [&query](const auto& listening) {
    return query.ports.empty() ||
           std::any_of(query.ports.begin(), query.ports.end(),
                       [&](std::uint16_t port) { return listening.contains(port); });
  };
  for (const auto& [id, node] : nodes_) {
    auto place = shown.find(node.get());
    const bool listens = !node->listening.empty() && is_asked(node->listening) &&
                         (query.process.empty() || is_named(*node, query.process));
    if (place == shown.end() && !listens) continue;
    if (place == shown.end()) place = shown.emplace(node.get(), std::set<std::uint16_t>{}).first;
    for (const auto& [port, last_seen_ns] : node->listening) place->second.insert(port);
    if (!nodes.empty()) nodes += ',';
    append(nodes, *node, place->second);
  }
  return "{\"nodes\":[" + nodes + "],\"edges\":[" + edges + "]}";
}

} // namespace xdpcap::web
