#include "apps/xdpcap_web/socket_owners.hpp"

#include <algorithm>

namespace xdpcap::web {
namespace {

constexpr std::uint64_t kMapped = 0xffff00000000;
constexpr std::size_t kNamespacesMax = 1024;

bool is_loopback(std::uint64_t high, std::uint64_t low) noexcept {
  return high == 0 && (low == 1 || (low >> 24) == ((kMapped | 0x7f000000u) >> 24));
}

bool is_any(std::uint64_t high, std::uint64_t low) noexcept {
  return high == 0 && (low == 0 || low == kMapped);
}

// The oldest quarter goes, so that a full table is not searched for each entry.
template <class Map>
void make_room(Map& map, std::size_t most) {
  if (map.size() <= most) return;
  std::vector<std::uint64_t> heard;
  heard.reserve(map.size());
  for (const auto& [key, value] : map) heard.push_back(value.heard_ns);
  const auto quarter = heard.begin() + static_cast<std::ptrdiff_t>(heard.size() / 4);
  std::nth_element(heard.begin(), quarter, heard.end());
  std::erase_if(map, [limit = *quarter](const auto& entry) { return entry.second.heard_ns <= limit; });
}

} // namespace

std::size_t SocketOwners::Hash::operator()(const Address& address) const noexcept {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  const std::uint64_t hash = (address.high * kOdd) ^ address.low;
  return static_cast<std::size_t>((hash * kOdd) >> 16);
}

std::size_t SocketOwners::Hash::operator()(const Place& place) const noexcept {
  const std::size_t numbers = std::size_t{place.port} << 40 | std::size_t{place.network_namespace} << 8 |
                              static_cast<std::size_t>(place.protocol);
  return (*this)(place.address) ^ std::hash<std::string>()(place.sensor) ^ (numbers * std::size_t{0x9e3779b97f4a7c15});
}

void SocketOwners::add(const schema::SocketRecord& record, const ProcessPointer& process, std::string_view sensor,
                       std::uint64_t now_ns) {
  const schema::Endpoint* local = record.local();
  if (local == nullptr) return;
  const Address address{local->address_high(), local->address_low()};
  namespaces_[std::string(sensor)][record.network_namespace()] = now_ns;
  if (!is_any(address.high, address.low) && !is_loopback(address.high, address.low)) {
    homes_[address] = {std::string(sensor), record.network_namespace(), now_ns};
    make_room(homes_, kHomesMax);
  }
  const bool tcp = record.protocol() == schema::SocketProtocol::tcp;
  if (tcp && record.state() != schema::TcpState::listen) return;
  Place place{std::string(sensor), record.network_namespace(), record.protocol(), address, local->port()};
  const auto known = owners_.find(place);
  if (record.event() == schema::SocketEvent::closed) {
    if (known != owners_.end() && known->second.cookie == record.cookie()) owners_.erase(known);
    return;
  }
  if (process == nullptr) return;
  // Processes that share a port (SO_REUSEPORT) are told one after the other: the first stands for all.
  if (known != owners_.end() && known->second.cookie != record.cookie() &&
      known->second.heard_ns + kKeptNs / 4 > now_ns)
    return;
  owners_[std::move(place)] = {process, record.cookie(), now_ns};
  make_room(owners_, kOwnersMax);
}

ProcessPointer SocketOwners::at(Place place) const {
  auto found = owners_.find(place);
  // A socket of :: takes IPv4 as well.
  for (const std::uint64_t any : {kMapped, std::uint64_t{0}}) {
    if (found != owners_.end()) break;
    place.address = {0, any};
    found = owners_.find(place);
  }
  return found == owners_.end() ? nullptr : found->second.process;
}

ProcessPointer SocketOwners::find(schema::SocketProtocol protocol, const schema::Endpoint& end,
                                  std::string_view sensor) const {
  const Address address{end.address_high(), end.address_low()};
  if (!is_loopback(address.high, address.low)) {
    const auto home = homes_.find(address);
    if (home != homes_.end())
      return at({home->second.sensor, home->second.network_namespace, protocol, address, end.port()});
  }
  // Loopback is in every namespace, and an address that nobody told of may be in one of this sensor's own.
  ProcessPointer only;
  const auto namespaces = namespaces_.find(std::string(sensor));
  if (namespaces == namespaces_.end()) return nullptr;
  for (const auto& [number, heard_ns] : namespaces->second) {
    const Place place{std::string(sensor), number, protocol, address, end.port()};
    const bool by_address = owners_.contains(place);
    if (!by_address && !is_loopback(address.high, address.low)) continue;
    ProcessPointer process = at(place);
    if (process != nullptr && only != nullptr && process != only) return nullptr;
    if (process != nullptr) only = std::move(process);
  }
  return only;
}

void SocketOwners::expire(std::uint64_t now_ns) {
  std::erase_if(owners_, [now_ns](const auto& entry) { return entry.second.heard_ns + kKeptNs < now_ns; });
  std::erase_if(homes_, [now_ns](const auto& entry) { return entry.second.heard_ns + kKeptNs < now_ns; });
  for (auto& [sensor, numbers] : namespaces_) {
    std::erase_if(numbers, [now_ns](const auto& entry) { return entry.second + kKeptNs < now_ns; });
    if (numbers.size() > kNamespacesMax) numbers.clear();
  }
  std::erase_if(namespaces_, [](const auto& entry) { return entry.second.empty(); });
}

} // namespace xdpcap::web
