#pragma once

#include <array>
#include <memory>
#include <mutex>

#include "dispatch/stream_map.hpp"

namespace xdpcap::bench {

// One map, one mutex, held for as long as something is looked up and no longer.
template <StreamMap Map>
class Locked {
 public:
  explicit Locked(std::uint32_t streams) : map_(streams) {}

  Stream* find(const wire::FlowKey& key) {
    const std::lock_guard lock{mutex_};
    return map_.find(key);
  }
  Stream& open(const wire::FlowKey& key) {
    const std::lock_guard lock{mutex_};
    return map_.open(key);
  }
  void close(Stream& stream) {
    const std::lock_guard lock{mutex_};
    map_.close(stream);
  }

 private:
  alignas(64) std::mutex mutex_;
  Map map_;
};

// Many maps, each with its mutex. The hash says which.
template <StreamMap Map>
class Striped {
 public:
  explicit Striped(std::uint32_t streams) {
    for (auto& stripe : stripes_) stripe = std::make_unique<Locked<Map>>(streams / kStripes + 1);
  }

  Stream* find(const wire::FlowKey& key) { return stripe_of(key).find(key); }
  Stream& open(const wire::FlowKey& key) { return stripe_of(key).open(key); }
  void close(Stream& stream) { stripe_of(stream.tcp.key).close(stream); }

 private:
  static constexpr std::size_t kStripes = 64;
  // The maps use the low bits.
  Locked<Map>& stripe_of(const wire::FlowKey& key) { return *stripes_[KeyHash{}(key) >> 58]; }

  std::array<std::unique_ptr<Locked<Map>>, kStripes> stripes_;
};

} // namespace xdpcap::bench
