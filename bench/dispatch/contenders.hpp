#pragma once

#include "dispatch/contender.hpp"
#include "dispatch/dispatcher.hpp"
#include "dispatch/queue_readers.hpp"
#include "dispatch/shared_maps.hpp"
#include "dispatch/task_per_stream.hpp"
#include "dispatch/thread_per_stream.hpp"

namespace xdpcap::bench {

// Calls `visit.template operator()<C>()` for every contender C.
template <class Visit>
void for_each_contender(Visit&& visit) {
  const auto each = [&]<Contender... C>() {
    (visit.template operator()<C>(), ...);
  };
  each.template operator()<ThreadPerStream<MutexInbox>, ThreadPerStream<RingInbox>, TaskPerStream,
                           SharedNodeMap, SharedFlatMap, SharedStripedMap, SharedTbbMap,
                           Dispatcher<1>, Dispatcher<32>, Sharded<FlatMap>, Sharded<OwnMap>>();
}

} // namespace xdpcap::bench
