#include "apps/xdpcap_web/host/socket_owners.hpp"

#include <algorithm>

namespace xdpcap::web {
namespace {

constexpr std::uint64_t kMapped = 0xffff00000000;

bool is_any(std::uint64_t high, std::uint64_t low) noexcept {
  return high == 0 && (low == 0 || low == kMapped);
}

// The oldest quarter goes, so that a full table is not searched for each entry.
template <class Map>
void make_room(Map& map, std::size_t most) {
  if (map.size() <= most) return;
  std::vector<std::uint64_t> times;
  times.reserve(map.size());
  for (const auto& [key, value] : map) times.push_back(value.last_seen_ns);
  const auto quarter = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 4);
  std::nth_element(times.begin(), quarter, times.end());
  std::erase_if(
      map, [limit = *quarter](const auto& entry) { return entry.second.last_seen_ns <= limit; });
}

} // namespace

std::size_t SocketOwners::Hash::operator()(const Address& address) const noexcept {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  const std::uint64_t hash = (address.high * kOdd) ^ address.low;
  return static_cast<std::size_t>((hash * kOdd) >> 16);
}

std::size_t SocketOwners::Hash::operator()(const Place& place) const noexcept {
  const std::size_t numbers = std::size_t{place.port} << 40 |
                              std::size_t{place.network_namespace} << 8 |
                              static_cast<std::size_t>(place.protocol);
  return (*this)(place.address) ^ std::hash<std::string>()(place.sensor) ^
         (numbers * std::size_t{0x9e3779b97f4a7c15});
}

void SocketOwners::add(const schema::SocketRecord& record, const ProcessPointer& process,
                       std::string_view sensor, std::uint64_t now_ns) {
  const schema::Endpoint* local = record.local();
  if (local == nullptr) return;
  const Address address{local->address_high(), local->address_low()};
  add_namespace(sensor, record.network_namespace(), now_ns);
  if (!is_any(address.high, address.low) && !is_local_address(*local))
    add_home(address, sensor, record.network_namespace(), now_ns);
  const bool tcp = record.protocol() == schema::SocketProtocol::tcp;
  if (tcp && record.state() != schema::TcpState::listen) return;
  Place place{std::string(sensor), record.network_namespace(), record.protocol(), address,
              local->port()};
  const auto known = owners_.find(place);
  if (record.event() == schema::SocketEvent::closed) {
    if (known != owners_.end() && known->second.cookie == record.cookie()) owners_.erase(known);
    return;
  }
  if (process == nullptr && known != owners_.end() && known->second.cookie == record.cookie()) {
    known->second.last_seen_ns = now_ns;
    return;
  }
  // Processes that share a port (SO_REUSEPORT) are reported one after the other: the first stands
  // for all.
  if (known != owners_.end() && known->second.cookie != record.cookie() &&
      known->second.last_seen_ns + kKeptNs / 4 > now_ns)
    return;
  owners_[std::move(place)] = {process, record.cookie(), now_ns};
  make_room(owners_, kOwnersMax);
}

void SocketOwners::add_home(const Address& address, std::string_view sensor,
                            std::uint32_t network_namespace, std::uint64_t now_ns) {
  Homes& homes = homes_[address];
  homes.last_seen_ns = now_ns;
  std::erase_if(homes.all,
                [now_ns](const Home& home) { return home.last_seen_ns + kKeptNs < now_ns; });
  const auto known = std::find_if(homes.all.begin(), homes.all.end(), [&](const Home& home) {
    return home.network_namespace == network_namespace && home.sensor == sensor;
  });
  if (known != homes.all.end()) {
    known->last_seen_ns = now_ns;
    return;
  }
  if (homes.all.size() >= kSameAddressMax) homes.all.erase(homes.all.begin());
  homes.all.push_back({std::string(sensor), network_namespace, now_ns});
  make_room(homes_, kHomesMax);
}

void SocketOwners::add_namespace(std::string_view sensor, std::uint32_t network_namespace,
                                 std::uint64_t now_ns) {
  auto known = namespaces_.find(std::string(sensor));
  if (known == namespaces_.end()) {
    if (namespaces_.size() >= kSensorsMax) return;
    known = namespaces_.try_emplace(std::string(sensor)).first;
  }
  if (known->second.size() < kNamespacesMax || known->second.contains(network_namespace))
    known->second[network_namespace] = now_ns;
}

const SocketOwners::Owner* SocketOwners::at(Place place) const {
  auto found = owners_.find(place);
  // A socket of :: takes IPv4 as well.
  for (const std::uint64_t any : {kMapped, std::uint64_t{0}}) {
    if (found != owners_.end()) break;
    place.address = {0, any};
    found = owners_.find(place);
  }
  return found == owners_.end() ? nullptr : &found->second;
}

const SocketOwners::Owner* SocketOwners::find_owner(schema::SocketProtocol protocol,
                                                    const schema::Endpoint& end,
                                                    const SeenBy& by) const {
  const Address address{end.address_high(), end.address_low()};
  const auto look = [&](std::string_view sensor, std::uint32_t number) {
    return at({std::string(sensor), number, protocol, address, end.port()});
  };
  const Owner* only = nullptr;
  bool agree = true;
  const auto ask = [&](std::string_view sensor, std::uint32_t number) {
    const Owner* owner = look(sensor, number);
    if (owner == nullptr) return;
    agree = agree && (only == nullptr || only->process == owner->process);
    only = owner;
  };
  if (is_local_address(end)) {
    // It is in every namespace.
    if (by.network_namespace != 0) return look(by.sensor, by.network_namespace);
    const auto known = namespaces_.find(std::string(by.sensor));
    if (known == namespaces_.end()) return nullptr;
    for (const auto& [number, last_seen_ns] : known->second) ask(by.sensor, number);
    return agree ? only : nullptr;
  }
  const auto homes = homes_.find(address);
  if (homes != homes_.end()) {
    bool at_home = false;
    for (const Home& home : homes->second.all) {
      if (home.sensor != by.sensor) continue;
      at_home = true;
      if (by.network_namespace != 0 && home.network_namespace == by.network_namespace)
        return look(home.sensor, home.network_namespace);
      ask(home.sensor, home.network_namespace);
    }
    if (at_home) return agree ? only : nullptr;
    const Home& first = homes->second.all.front();
    return homes->second.all.size() == 1 ? look(first.sensor, first.network_namespace) : nullptr;
  }
  // No record has the address; a socket that is bound to it may be in one of this sensor's own
  // namespaces.
  const auto known = namespaces_.find(std::string(by.sensor));
  if (known == namespaces_.end()) return nullptr;
  for (const auto& [number, last_seen_ns] : known->second) {
    if (owners_.contains({std::string(by.sensor), number, protocol, address, end.port()}))
      ask(by.sensor, number);
  }
  return agree ? only : nullptr;
}

ProcessPointer SocketOwners::find(schema::SocketProtocol protocol, const schema::Endpoint& end,
                                  const SeenBy& by) const {
  const Owner* owner = find_owner(protocol, end, by);
  return owner == nullptr ? nullptr : owner->process;
}

bool SocketOwners::listens(const schema::Endpoint& end, const SeenBy& by) const {
  return find_owner(schema::SocketProtocol::tcp, end, by) != nullptr;
}

void SocketOwners::expire(std::uint64_t now_ns) {
  std::erase_if(owners_, [now_ns](const auto& entry) {
    return entry.second.last_seen_ns + kKeptNs < now_ns;
  });
  std::erase_if(
      homes_, [now_ns](const auto& entry) { return entry.second.last_seen_ns + kKeptNs < now_ns; });
  for (auto& [sensor, numbers] : namespaces_) {
    std::erase_if(numbers, [now_ns](const auto& entry) { return entry.second + kKeptNs < now_ns; });
  }
  std::erase_if(namespaces_, [](const auto& entry) { return entry.second.empty(); });
}

} // namespace xdpcap::web
