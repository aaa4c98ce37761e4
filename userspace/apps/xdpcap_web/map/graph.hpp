#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "apps/xdpcap_web/api/parameters.hpp"
#include "apps/xdpcap_web/host/host_view.hpp"
#include "apps/xdpcap_web/host/process_family.hpp"
#include "apps/xdpcap_web/host/socket_owners.hpp"
#include "apps/xdpcap_web/map/rules.hpp"
#include "apps/xdpcap_web/store/connection.hpp"

namespace xdpcap::web {

// What of the map is wanted (README.md, "The map").
struct GraphQuery {
  bool p2p = false, udp = false;
  std::vector<std::uint16_t> ports = {}; // empty: all
  std::string process = {};              // name or pid
  std::uint64_t window_ns = std::uint64_t{60} * 1'000'000'000;
};
// The parameters of `/api/graph`; an error names its parameter.
Result<GraphQuery, ApiError> parse_graph_query(const Parameters& parameters);

// The map: processes and hosts, and who talks to whom. It sums up connections without owning them:
// what a connection contributed stands in its MapShare, so that it can be revised, and moved to
// another edge when the process of an end becomes known. Totals outlive their connections.

// Bounded: past the limits edges that have been inactive for longest go, then the least recently
// active ones; a connection whose edge went contributes anew with its next record. Idle
// processes of one family (process_family.hpp) beyond kAlone become one node. Times: `last` is the
// sensors' clock, windows count by the caller's. Not locked.
class Graph {
 public:
  struct Limits {
    std::size_t nodes = 2048, edges = 8192, udp_flows = 16'384;
    std::uint64_t age_ns = std::uint64_t{3600} * 1'000'000'000; // of an inactive edge
  };
  static constexpr std::size_t kAlone = 4;
  static constexpr std::uint64_t kUdpActiveNs = std::uint64_t{30} * 1'000'000'000;

  explicit Graph(Rules rules) : Graph(std::move(rules), Limits{}) {}
  Graph(Rules rules, Limits limits) : rules_(std::move(rules)), limits_(limits) {}

  // At each change of a connection.
  void update(Connection& connection, std::uint64_t now_ns);
  // It is dropped from memory: its contribution stays, but it is active no more.
  void forget(Connection& connection);
  // `process` may be missing.
  void add_socket(const schema::SocketRecord& record, const ProcessPointer& process,
                  std::string_view sensor, std::uint64_t now_ns);
  void add_datagram(const schema::DatagramRecord& record, const SeenBy& by, std::uint64_t now_ns);
  // Whether a TCP socket listens there.
  [[nodiscard]] bool listens(const schema::Endpoint& end, const SeenBy& by) const {
    return owners_.listens(end, by);
  }
  void expire(std::uint64_t now_ns);

  // {"nodes":[...],"edges":[...]}
  [[nodiscard]] std::string to_json(const GraphQuery& query, std::uint64_t now_ns) const;

  [[nodiscard]] std::size_t nodes() const noexcept { return nodes_.size(); }
  [[nodiscard]] std::size_t edges() const noexcept { return edges_.size(); }

 private:
  using Protocol = schema::SocketProtocol;
  enum class Kind : std::uint8_t { process, host, group };

  struct Node {
    std::string id;
    Kind kind = Kind::host;
    ProcessPointer process;   // of a group: one of them
    Family family;            // of a group
    schema::Endpoint address; // of a host
    NodeLook look;            // by the rules
    std::uint64_t count = 0;  // of a group: processes whose connections came together here
    std::uint64_t last_ns = 0;
    std::size_t active = 0;                    // edges that are
    std::unordered_set<std::uint64_t> out, in; // edges by number
    std::unordered_map<std::uint16_t, std::uint64_t>
        listening;     // TCP ports, and when each was last reported
    bool idle = false; // it stands in the list of its family
  };
  struct Edge {
    std::uint64_t number = 0;
    Node *from = nullptr, *to = nullptr;
    Protocol protocol = Protocol::tcp;
    std::uint16_t port = 0;
    std::uint64_t connections = 0, active = 0;
    std::uint64_t bytes[2] = {};
    std::uint64_t messages = 0, errors = 0, latency_ns = 0, latencies = 0;
    std::uint64_t rtt_ns = 0; // of the last connection that has one
    std::uint64_t last_ns = 0, last_seen_ns = 0;
    std::uint64_t shares = 0; // that refer to this number
  };
  struct EdgeKey {
    const Node *from, *to;
    Protocol protocol;
    std::uint16_t port;
    friend bool operator==(const EdgeKey&, const EdgeKey&) = default;
  };
  struct EdgeKeyHash {
    std::size_t operator()(const EdgeKey& key) const noexcept;
  };
  // One end of a conversation; borrowed for a call.
  struct End {
    ProcessPointer process; // as reported, or null
    const schema::Endpoint& endpoint;
    SeenBy by;
    Protocol protocol;
  };
  // Totals of a conversation as they are now.
  struct Figures {
    std::uint64_t bytes[2] = {};
    std::uint64_t messages = 0, errors = 0, latency_ns = 0, latencies = 0, rtt_ns = 0, last_ns = 0;
    bool active = false;
  };
  struct UdpName { // local: the client
    SocketName ends;
    std::string sensor;
    std::uint32_t network_namespace = 0;
    friend bool operator==(const UdpName& a, const UdpName& b) {
      return SocketNameEqual()(a.ends, b.ends) && a.network_namespace == b.network_namespace &&
             a.sensor == b.sensor;
    }
  };
  struct UdpNameHash {
    std::size_t operator()(const UdpName& name) const noexcept {
      return SocketNameHash()(name.ends) ^ std::hash<std::string>()(name.sensor) ^
             name.network_namespace;
    }
  };
  struct UdpFlow {
    std::uint64_t bytes[2] = {};
    std::uint64_t last_ns = 0, last_seen_ns = 0;
    MapShare share;
  };
  struct Merged { // an edge that became part of another one, while shares refer to it
    std::uint64_t into = 0, shares = 0;
  };
  struct FamilyNodes {
    std::deque<Node*> idle; // the longest idle first
    Node* group = nullptr;
  };

  static std::string id_of(const Process& process);
  void contribute(MapShare& share, const End& from, const End& to, const Figures& figures,
                  std::uint64_t now_ns);
  void withdraw(MapShare& share, Edge& edge);
  void release(MapShare& share);
  void leave(MapShare& share);
  Edge* edge_of(const MapShare& share);
  [[nodiscard]] bool is_node_of(const Node& node, const End& end);
  Node& node_of(const End& end);
  Node& process_node(const ProcessPointer& process);
  Node& host_node(const End& end);
  Node& group_node(const Family& family, const ProcessPointer& process);
  Edge& edge_between(Node& from, Node& to, Protocol protocol, std::uint16_t port);
  void set_active(Edge& edge, MapShare& share, bool active);
  void rebalance(Node& node);
  void leave_family(Node& node);
  void merge(Node& node);
  void merge_edge(Edge& edge, Node& group);
  void remove_edge(std::uint64_t number);
  void remove_if_bare(Node& node);
  void make_room();
  void update(const UdpName& name, UdpFlow& flow, std::uint64_t now_ns, bool active);
  void make_room_for_flows();

  [[nodiscard]] static bool is_shown(const Edge& edge, const GraphQuery& query,
                                     std::uint64_t now_ns);
  [[nodiscard]] static bool is_named(const Node& node, const std::string& process);
  static void append(std::string& out, const Node& node, const std::set<std::uint16_t>& ports);
  static void append(std::string& out, const Edge& edge);

  Rules rules_;
  Limits limits_;
  SocketOwners owners_;
  Families families_;
  std::uint64_t last_number_ = 0;
  std::unordered_map<std::string, std::unique_ptr<Node>> nodes_; // by id
  std::unordered_map<std::uint64_t, Edge> edges_;
  std::unordered_map<EdgeKey, std::uint64_t, EdgeKeyHash> by_key_;
  std::unordered_map<std::uint64_t, Merged> merged_;
  std::map<Family, FamilyNodes> family_nodes_;
  std::unordered_set<std::string> counted_; // ids of processes that groups count already
  std::unordered_map<UdpName, UdpFlow, UdpNameHash> udp_;
};

} // namespace xdpcap::web
