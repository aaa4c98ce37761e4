#pragma once

#include "dispatch/locked_maps.hpp"
#include "dispatch/plain_maps.hpp"
#include "dispatch/queue_readers.hpp"
#include "dispatch/tbb_map.hpp"

namespace xdpcap::bench {

struct SharedNodeMap : SharedMap<Locked<NodeMap>> {
  static constexpr std::string_view name = "shared_unordered_map_mutex";
  using SharedMap::SharedMap;
};
struct SharedFlatMap : SharedMap<Locked<FlatMap>> {
  static constexpr std::string_view name = "shared_flat_map_mutex";
  using SharedMap::SharedMap;
};
struct SharedStripedMap : SharedMap<Striped<FlatMap>> {
  static constexpr std::string_view name = "shared_flat_map_64_stripes";
  using SharedMap::SharedMap;
};
struct SharedTbbMap : SharedMap<TbbMap> {
  static constexpr std::string_view name = "shared_tbb_concurrent_hash_map";
  using SharedMap::SharedMap;
};

} // namespace xdpcap::bench
