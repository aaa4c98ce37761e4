#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "apps/xdpcap_web/host/process.hpp"
#include "apps/xdpcap_web/store/connection.hpp"

namespace xdpcap::web {

// Who saw something, and where: a capture, and the network namespace of the interface (0: not
// known). An address means something within a namespace only: 127.0.0.1 is in each, and containers
// of two hosts have the same ones.
struct SeenBy {
  SeenBy(const std::string& the_sensor,
         std::uint32_t the_namespace = 0) // NOLINT(google-explicit-constructor)
      : sensor(the_sensor), network_namespace(the_namespace) {}
  explicit SeenBy(std::string_view the_sensor, std::uint32_t the_namespace = 0)
      : sensor(the_sensor), network_namespace(the_namespace) {}
  std::string_view sensor;
  std::uint32_t network_namespace = 0;
};

// One end of a connection as that end names it.
struct SocketName {
  schema::Endpoint local, remote;
};
struct SocketNameHash {
  std::size_t operator()(const SocketName& name) const noexcept;
};
struct SocketNameEqual {
  bool operator()(const SocketName& a, const SocketName& b) const noexcept;
};
bool same_endpoint(const schema::Endpoint& a, const schema::Endpoint& b) noexcept;

// Loopback or link-local: such an address never means the same on two hosts.
bool is_local_address(const schema::Endpoint& endpoint) noexcept;

// What the kernels of the capturing hosts reported of their TCP sockets and processes (topic
// `socket`). A socket is kept a minute after its last record, for its connection may be reported
// later than it. Bounded. Not locked.
//
// A socket is of a host (sensor) and a network namespace. What one capture saw is looked for among
// its own sockets: in the namespace of the interface, else in any one of them. Another host's
// socket is taken where nothing else has that name, and the connection is not one that this host
// has with itself.
class HostView {
 public:
  struct Known {
    KernelSocket kernel;
    ProcessPointer process; // may be missing
    std::uint64_t first_ns = 0;
    std::uint64_t last_seen_ns = 0; // monotonic_now_ns()
  };

  // Takes note of a record and answers its process.
  ProcessPointer add(const schema::SocketRecord& record, std::string_view sensor,
                     std::uint64_t now_ns);
  [[nodiscard]] const Known* find(const SocketName& name, const SeenBy& by) const;
  void expire(std::uint64_t now_ns);

  [[nodiscard]] std::size_t sockets() const noexcept { return order_.size(); }

 private:
  using ProcessKey =
      std::tuple<std::string_view, std::uint32_t, std::uint64_t>; // sensor, pid, start
  static constexpr std::size_t kSocketsMax = 65'536, kProcessesMax = 8192;
  static constexpr std::size_t kSameNameMax = 64; // sockets of one name
  static constexpr std::uint64_t kKeptNs = std::uint64_t{60} * 1'000'000'000;

  struct Kept {
    SocketName name;
    std::string sensor;
    std::uint32_t network_namespace = 0;
    Known known;
  };
  using Place = std::list<Kept>::iterator;

  ProcessPointer process_of(const schema::Process& process, std::string_view sensor);
  Known& enter(const SocketName& name, std::string_view sensor, const schema::SocketRecord& record);
  void drop_oldest();
  [[nodiscard]] static const Known* find_own(const std::vector<Place>& named, const SeenBy& by);
  [[nodiscard]] const Known* find_of_others(const std::vector<Place>& named) const;
  [[nodiscard]] bool has(const SocketName& name, std::string_view sensor) const;

  std::list<Kept> order_; // the one with the oldest record first
  std::unordered_map<SocketName, std::vector<Place>, SocketNameHash, SocketNameEqual> sockets_;
  std::map<ProcessKey, ProcessPointer> processes_; // keys point into the processes
};

} // namespace xdpcap::web
