#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "apps/xdpcap_web/host/host_view.hpp"
#include "apps/xdpcap_web/map/graph.hpp"
#include "apps/xdpcap_web/store/connection_table.hpp"
#include "apps/xdpcap_web/store/exchange_store.hpp"
#include "apps/xdpcap_web/store/segment_log.hpp"
#include "apps/xdpcap_web/store/sensors.hpp"
#include "codec/topic.hpp"
#include "core/mutex.hpp"

namespace xdpcap::web {

// Everything the gateway knows, and the lock around it. Written by the ingest thread, read by those
// that answer; who reads much copies pointers under the lock and works without it.
class Model {
 public:
  struct Limits {
    std::uint64_t age_ns;
    std::size_t bytes; // of exchanges and segments together
  };
  // Gets each exchange once its ends had time to become known; under the lock.
  using Archive = std::function<void(const Exchange&, const Ends&)>;

  Model(Limits limits, Rules rules, Archive archive);

  // A batch as it came in. `now_ns`: monotonic_now_ns().
  void add(const schema::Batch& batch, Bytes bytes, codec::Topic topic, std::uint64_t lost,
           BatchPointer& kept, std::uint64_t now_ns);
  // Lets time pass; now and then.
  void expire(std::uint64_t now_ns);
  // No more comes: the archive gets what it still waits for.
  void finish();

  Mutex mutex;
  HostView host XDPCAP_GUARDED_BY(mutex);
  ConnectionTable connections XDPCAP_GUARDED_BY(mutex);
  ExchangeStore exchanges XDPCAP_GUARDED_BY(mutex);
  Sensors sensors XDPCAP_GUARDED_BY(mutex);
  SegmentLog segments XDPCAP_GUARDED_BY(mutex);
  Graph graph XDPCAP_GUARDED_BY(mutex);
  std::uint64_t lost_batches XDPCAP_GUARDED_BY(mutex) = 0;

 private:
  struct Finished {
    Exchange exchange;
    std::uint64_t at_ns;
  };
  // The owner of a socket is reported up to a second after the message that went through it.
  static constexpr std::uint64_t kEndsKnownNs = 1'500'000'000;

  void add_messages(const schema::Batch& batch, const Sensor& sensor, std::uint64_t source)
      XDPCAP_REQUIRES(mutex);
  void hand_on(std::uint64_t before_ns) XDPCAP_REQUIRES(mutex);

  Archive archive_;
  std::deque<Finished> finished_ XDPCAP_GUARDED_BY(mutex);
  std::uint64_t now_ns_ XDPCAP_GUARDED_BY(mutex) = 0;
};

} // namespace xdpcap::web
