#include "apps/xdpcap_web/host/host_view.hpp"

#include <algorithm>
#include <array>
#include <random>

#include "codec/batch_view.hpp"
#include "schemas/record_tables.hpp"

namespace xdpcap::web {
namespace {

// A record without figures (an event, TIME-WAIT) does not wipe out those that are known.
void update(KernelSocket& known, KernelSocket&& received) {
  if (!received.tcp && known.tcp && known.cookie == received.cookie) {
    known.state = received.state;
    return;
  }
  known = std::move(received);
}

} // namespace

bool same_endpoint(const schema::Endpoint& a, const schema::Endpoint& b) noexcept {
  return codec::same_address(a, b) && a.port() == b.port();
}

bool is_local_address(const schema::Endpoint& endpoint) noexcept {
  constexpr std::uint64_t kMapped = 0xffff00000000, kLinkLocal = 0xfe80;
  const std::uint64_t high = endpoint.address_high(), low = endpoint.address_low();
  if (high == 0 && (low & ~std::uint64_t{0xffffffff}) == kMapped)
    return ((low >> 24) & 0xff) == 127 ||
           ((low >> 16) & 0xffff) == 0xa9fe; // 127.0.0.0/8, 169.254.0.0/16
  return (high == 0 && low == 1) || (high >> 54) == (kLinkLocal >> 6); // ::1, fe80::/10
}

// Multiply-shift with secret factors (Dietzfelbinger, 1996): names that somebody chooses without
// knowing these meet no more often than chance has it.
std::size_t SocketNameHash::operator()(const SocketName& name) const noexcept {
  static const auto factors = [] {
    std::array<std::uint64_t, 2 * 5 + 1> made{};
    std::random_device random; // 32 bits a call
    for (std::uint64_t& factor : made) factor = std::uint64_t{random()} << 32 | random();
    return made;
  }();
  const auto* factor = factors.begin();
  std::uint64_t sum = *factor++;
  for (const schema::Endpoint* end : {&name.local, &name.remote}) {
    for (const std::uint64_t word : {end->address_high(), end->address_low()}) {
      sum += *factor++ * (word >> 32);
      sum += *factor++ * (word & UINT32_MAX);
    }
    sum += *factor++ * end->port();
  }
  return static_cast<std::size_t>(sum >> 32);
}

bool SocketNameEqual::operator()(const SocketName& a, const SocketName& b) const noexcept {
  return same_endpoint(a.local, b.local) && same_endpoint(a.remote, b.remote);
}

ProcessPointer HostView::process_of(const schema::Process& process, std::string_view sensor) {
  const auto known = processes_.find({sensor, process.pid(), process.started_ns()});
  // A process may take another name after it was met (exec).
  if (known != processes_.end() && known->second->name == record::read_text(process.name()) &&
      known->second->command == record::read_text(process.command()))
    return known->second;
  if (known != processes_.end()) processes_.erase(known);
  if (processes_.size() >= kProcessesMax) processes_.erase(processes_.begin());
  auto made = std::make_shared<const Process>(Process{record::read(process), std::string(sensor)});
  processes_.emplace(ProcessKey{made->sensor, made->pid, made->started_ns}, made);
  return made;
}

ProcessPointer HostView::add(const schema::SocketRecord& record, std::string_view sensor,
                             std::uint64_t now_ns) {
  ProcessPointer process =
      record.process() == nullptr ? nullptr : process_of(*record.process(), sensor);
  if (record.protocol() != schema::SocketProtocol::tcp || record.local() == nullptr ||
      record.remote() == nullptr || record.state() == schema::TcpState::listen)
    return process;
  Known& socket = enter({*record.local(), *record.remote()}, sensor, record);
  const bool another = socket.kernel.cookie != record.cookie() && record.cookie() != 0;
  if (another) socket = {.first_ns = record.at_ns()}; // the same name, used again
  update(socket.kernel, record::read(record));
  if (process != nullptr) socket.process = process;
  socket.last_seen_ns = now_ns;
  ProcessPointer owner = socket.process;
  if (order_.size() > kSocketsMax) drop_oldest();
  return owner;
}

// The socket of this name, host and namespace: the most recent one now.
HostView::Known& HostView::enter(const SocketName& name, std::string_view sensor,
                                 const schema::SocketRecord& record) {
  std::vector<Place>& named = sockets_[name];
  const auto same = std::find_if(named.begin(), named.end(), [&](const Place& place) {
    return place->network_namespace == record.network_namespace() && place->sensor == sensor;
  });
  if (same != named.end()) {
    order_.splice(order_.end(), order_, *same);
    return (*same)->known;
  }
  if (named.size() >= kSameNameMax) {
    order_.erase(named.front());
    named.erase(named.begin());
  }
  order_.push_back(
      {name, std::string(sensor), record.network_namespace(), {.first_ns = record.at_ns()}});
  named.push_back(std::prev(order_.end()));
  return order_.back().known;
}

void HostView::drop_oldest() {
  const auto named = sockets_.find(order_.front().name);
  std::erase(named->second, order_.begin());
  if (named->second.empty()) sockets_.erase(named);
  order_.pop_front();
}

const HostView::Known* HostView::find(const SocketName& name, const SeenBy& by) const {
  const auto named = sockets_.find(name);
  if (named == sockets_.end()) return nullptr;
  if (has(name, by.sensor)) return find_own(named->second, by);
  return is_local_address(name.local) || is_local_address(name.remote)
             ? nullptr
             : find_of_others(named->second);
}

bool HostView::has(const SocketName& name, std::string_view sensor) const {
  const auto named = sockets_.find(name);
  return named != sockets_.end() &&
         std::any_of(named->second.begin(), named->second.end(),
                     [sensor](const Place& place) { return place->sensor == sensor; });
}

// In the namespace of the interface; else the only one. On loopback no other namespace will do.
const HostView::Known* HostView::find_own(const std::vector<Place>& named, const SeenBy& by) {
  const Kept* only = nullptr;
  std::size_t count = 0;
  for (const Place& place : named) {
    if (place->sensor != by.sensor) continue;
    if (by.network_namespace != 0 && place->network_namespace == by.network_namespace)
      return &place->known;
    only = &*place;
    ++count;
  }
  const bool elsewhere =
      by.network_namespace != 0 && only != nullptr && is_local_address(only->name.local);
  return count == 1 && !elsewhere ? &only->known : nullptr;
}

const HostView::Known* HostView::find_of_others(const std::vector<Place>& named) const {
  if (named.size() != 1) return nullptr; // two hosts have this name
  const Kept& kept = *named.front();
  const SocketName back{kept.name.remote, kept.name.local};
  return has(back, kept.sensor) ? nullptr : &kept.known;
}

void HostView::expire(std::uint64_t now_ns) {
  while (!order_.empty() && order_.front().known.last_seen_ns + kKeptNs < now_ns) drop_oldest();
}

} // namespace xdpcap::web
