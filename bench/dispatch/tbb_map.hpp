#pragma once

#include <tbb/concurrent_hash_map.h>

#include "dispatch/stream_map.hpp"

namespace xdpcap::bench {

// oneTBB's concurrent map: chains with a lock for each bucket and each element.
// The element's lock is let go of as soon as the stream is found.
class TbbMap {
 public:
  explicit TbbMap(std::uint32_t streams) : streams_(streams) {}

  Stream* find(const wire::FlowKey& key) {
    Streams::accessor found;
    return streams_.find(found, key) ? &found->second : nullptr;
  }
  Stream& open(const wire::FlowKey& key) {
    Streams::accessor found;
    streams_.insert(found, key);
    return found->second;
  }
  void close(Stream& stream) { streams_.erase(wire::FlowKey{stream.tcp.key}); }

 private:
  struct HashCompare {
    static std::size_t hash(const wire::FlowKey& key) noexcept { return KeyHash{}(key); }
    static bool equal(const wire::FlowKey& a, const wire::FlowKey& b) noexcept { return a == b; }
  };
  using Streams = tbb::concurrent_hash_map<wire::FlowKey, Stream, HashCompare>;
  Streams streams_;
};

} // namespace xdpcap::bench
