#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <unordered_map>

#include "apps/xdpcap_web/host/host_view.hpp"
#include "apps/xdpcap_web/store/connection.hpp"

namespace xdpcap::web {

// The connections of the last minutes: what the wire showed of them (topic `flow`), what the
// kernels of their ends did (topic `socket`), how many messages they carried. Bounded; what has
// been closed or silent for longest goes first. Not locked.
class ConnectionTable {
 public:
  struct Limits {
    std::uint64_t age_ns =
        std::uint64_t{600} * 1'000'000'000; // since the last record of a closed one
    std::size_t connections = 20'000;
    std::size_t course_points = 400'000; // of all together
  };
  // Called at each change, and before one is dropped; `listens` says whether there is a listener at
  // an address.
  struct Watcher {
    std::function<void(Connection&)> changed, dropped;
    std::function<bool(const schema::Endpoint&, const SeenBy&)> listens = {};
  };

  ConnectionTable(Limits limits, const HostView& host, Watcher watcher)
      : limits_(limits), host_(host), watcher_(std::move(watcher)) {}

  void add(const schema::FlowRecord& record, const std::shared_ptr<const std::string>& sensor,
           std::uint64_t source, std::uint64_t now_ns, std::uint32_t network_namespace = 0);
  void add(const schema::SocketRecord& record, std::uint64_t now_ns);
  // A request or response went over it; it may be reported before its connection is.
  void add_message(const ConnectionId& id, const schema::HttpMessage& message,
                   const std::shared_ptr<const std::string>& sensor, std::uint64_t now_ns,
                   std::uint32_t network_namespace = 0);
  void add_latency(const ConnectionId& id, std::uint64_t latency_ns);
  // Records of this capture were lost: the close of any of its open connections may be among them.
  void mark_uncertain(std::uint64_t source);
  void expire(std::uint64_t now_ns);

  [[nodiscard]] const Connection* find(const ConnectionId& id) const;
  [[nodiscard]] Ends ends_of(const ConnectionId& id) const;
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }
  // All of them, the one with the oldest record first.
  template <class See>
  void for_each(See see) const {
    for (const Kept& kept : order_) see(kept.connection);
  }

 private:
  struct Kept {
    Connection connection;
    std::uint64_t last_seen_ns = 0;
    bool may_have_closed = false;    // records were lost since
    std::optional<SocketName> named; // in by_client_
  };
  using Place = std::list<Kept>::iterator;

  Place enter(const ConnectionId& id, std::uint64_t now_ns);
  void name(Place place);
  void unname(Place place);
  void update_socket(Place place, const schema::SocketRecord& record, std::uint64_t now_ns);
  void look_up_ends(Connection& connection) const;
  [[nodiscard]] bool is_reversed(const Connection& connection,
                                 const schema::FlowRecord& record) const;
  void add_point(Connection& connection, std::uint64_t at_ns);
  void drop(Place place);
  void make_room();

  static constexpr std::size_t kSameNameMax = 32;

  Limits limits_;
  const HostView& host_;
  Watcher watcher_;
  std::list<Kept> order_;
  std::unordered_map<ConnectionId, Place, IdHash> by_id_;
  // By the ends as the capture reported them; two captures, or one after the other, may have the
  // same. The newest last.
  std::unordered_map<SocketName, std::vector<Place>, SocketNameHash, SocketNameEqual> by_client_;
  std::size_t points_ = 0;
};

// The round trip as the end nearest to the capture sees it, on the wire and in its kernel; 0: not
// known.
std::uint64_t wire_rtt_ns(const Connection& connection) noexcept;
std::uint64_t kernel_rtt_ns(const Connection& connection) noexcept;

} // namespace xdpcap::web
