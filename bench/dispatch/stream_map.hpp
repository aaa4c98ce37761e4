#pragma once

#include <concepts>
#include <cstdint>

#include "dispatch/desk.hpp"
#include "tcp/flow_hash.hpp"
#include "tcp/flow_table.hpp"

namespace xdpcap::bench {

// The same hash for every map, the engine's.
struct KeyHash {
  using is_avalanching = void; // boost need not mix it again
  std::size_t operator()(const wire::FlowKey& key) const noexcept {
    return tcp::FlowHash{{.low = 0x5eed}}(key);
  }
};

// Streams by their key. A stream that was found stays where it is until it is
// closed. Whether several threads may call at once is each map's own word.
template <class M>
concept StreamMap = std::constructible_from<M, std::uint32_t> &&
    requires(M& map, const wire::FlowKey& key, Stream& stream) {
  { map.find(key) } -> std::same_as<Stream*>; // null where there is none
  { map.open(key) } -> std::same_as<Stream&>; // found or made
  map.close(stream);
};

// What every contender with maps does with a packet.
template <StreamMap Map>
void take(Map& streams, Desk& desk, const Packet& packet, const Pace& pace) noexcept {
  const wire::FlowKey& key = packet.segment.key;
  Stream* stream =
      packet.segment.flags.has(wire::TcpFlags::syn) ? &streams.open(key) : streams.find(key);
  if (stream == nullptr) {
    desk.note_stray();
    return;
  }
  if (desk.process(*stream, packet, pace)) streams.close(*stream);
}

// The engine's flow table. One thread.
class OwnMap {
 public:
  explicit OwnMap(std::uint32_t streams)
      : table_(streams + streams / 4 + 64, tcp::HashSeed{.low = 0x5eed}) {}

  Stream* find(const wire::FlowKey& key) noexcept { return table_.find(key, table_.hash_of(key)); }
  Stream& open(const wire::FlowKey& key) noexcept {
    const std::uint64_t hash = table_.hash_of(key);
    if (Stream* found = table_.find(key, hash); found != nullptr) return *found;
    Stream& created = *table_.create(key, hash);
    created.tcp.id = 1; // 0 says that a slot is free
    return created;
  }
  void close(Stream& stream) noexcept { table_.erase(stream); }

 private:
  tcp::FlowTable<Stream> table_;
};

} // namespace xdpcap::bench
