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

#include "apps/xdpcap_web/connection.hpp"
#include "apps/xdpcap_web/process.hpp"

namespace xdpcap::web {

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

// What the kernels of the capturing hosts told of their TCP sockets and processes (topic `socket`). A socket is
// kept a minute after it was last heard of, for its connection may be told later than it. Bounded. Not locked.
class HostView {
 public:
  struct Known {
    KernelSocket kernel;
    ProcessPointer process; // may be missing
    std::uint64_t first_ns = 0;
    std::uint64_t heard_ns = 0; // this machine's clock
  };

  // Takes note of a record and answers its process.
  ProcessPointer add(const schema::SocketRecord& record, std::string_view sensor, std::uint64_t now_ns);
  [[nodiscard]] const Known* find(const SocketName& name) const;
  void expire(std::uint64_t now_ns);

  [[nodiscard]] std::size_t sockets() const noexcept { return sockets_.size(); }

 private:
  using ProcessKey = std::tuple<std::string_view, std::uint32_t, std::uint64_t>; // sensor, pid, start
  static constexpr std::size_t kSocketsMax = 65'536, kProcessesMax = 16'384;
  static constexpr std::uint64_t kKeptNs = std::uint64_t{60} * 1'000'000'000;

  ProcessPointer process_of(const schema::Process& process, std::string_view sensor);

  struct Kept {
    SocketName name;
    Known known;
  };
  std::list<Kept> order_; // least recently heard of first
  std::unordered_map<SocketName, std::list<Kept>::iterator, SocketNameHash, SocketNameEqual> sockets_;
  std::map<ProcessKey, ProcessPointer> processes_; // keys point into the processes
};

} // namespace xdpcap::web
