#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <unordered_map>

#include "dispatch/stream_map.hpp"

namespace xdpcap::bench {

// The standard library's map: a node for each stream. One thread.
class NodeMap {
 public:
  explicit NodeMap(std::uint32_t streams) { streams_.reserve(streams); }

  Stream* find(const wire::FlowKey& key) {
    const auto found = streams_.find(key);
    return found == streams_.end() ? nullptr : &found->second;
  }
  Stream& open(const wire::FlowKey& key) { return streams_[key]; }
  void close(Stream& stream) { streams_.erase(wire::FlowKey{stream.tcp.key}); }

 private:
  std::unordered_map<wire::FlowKey, Stream, KeyHash> streams_;
};

// Open addressing. The streams lie outside: they must not move. One thread.
class FlatMap {
 public:
  explicit FlatMap(std::uint32_t streams) { streams_.reserve(streams); }

  Stream* find(const wire::FlowKey& key) {
    const auto found = streams_.find(key);
    return found == streams_.end() ? nullptr : found->second.get();
  }
  Stream& open(const wire::FlowKey& key) {
    auto& stream = streams_[key];
    if (stream == nullptr) stream = std::make_unique<Stream>();
    return *stream;
  }
  void close(Stream& stream) { streams_.erase(wire::FlowKey{stream.tcp.key}); }

 private:
  boost::unordered_flat_map<wire::FlowKey, std::unique_ptr<Stream>, KeyHash> streams_;
};

} // namespace xdpcap::bench
