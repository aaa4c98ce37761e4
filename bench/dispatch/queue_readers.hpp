#pragma once

#include <deque>
#include <string_view>
#include <thread>
#include <vector>

#include "dispatch/contender.hpp"
#include "dispatch/plain_maps.hpp"
#include "dispatch/stream_map.hpp"

namespace xdpcap::bench {

// A thread for each queue; each calls `work(queue, its packets)`.
template <class Work>
void read_queues(const Input& input, Work&& work) {
  std::vector<std::jthread> threads;
  for (std::size_t queue = 1; queue < input.queues.size(); ++queue) {
    threads.emplace_back([&, queue] { work(queue, input.queues[queue]); });
  }
  work(0, input.queues[0]);
}

// Each worker reads its queue and has its own map: run to completion, nothing
// shared. The streams of a worker are those that the NIC's hash sends to it.
template <StreamMap Map>
class Sharded {
 public:
  static constexpr std::string_view name = std::same_as<Map, OwnMap>
                                               ? "sharded_run_to_completion"
                                               : "sharded_run_to_completion_flat_map";

  explicit Sharded(const Setup& setup) {
    // Hashes do not divide evenly, and every shard may have to take more than its part.
    const std::uint32_t share = setup.factors.workers == 1
                                    ? setup.factors.streams
                                    : setup.factors.streams / setup.factors.workers * 5 / 4 + 64;
    for (std::uint32_t i = 0; i < setup.factors.workers; ++i)
      shards_.emplace_back(share, setup.digests);
  }

  void run(const Input& input, const Pace& pace) {
    read_queues(input, [&](std::size_t queue, std::span<const Packet> packets) {
      Shard& shard = shards_[queue];
      for (const Packet& packet : packets) {
        pace.wait_for(packet.number);
        take(shard.streams, shard.desk, packet, pace);
      }
    });
  }

  [[nodiscard]] Tally tally() const {
    Tally sum;
    for (const Shard& shard : shards_) sum += shard.desk.tally();
    return sum;
  }

 private:
  struct alignas(64) Shard {
    Shard(std::uint32_t streams_max, bool digests)
        : streams(streams_max), desk({streams_max, digests}) {}
    Map streams;
    Desk desk;
  };
  std::deque<Shard> shards_;
};

// Each worker reads its queue; all look their streams up in one map. As the queues
// are those of a symmetric hash, a stream comes to one worker only, in order, and
// needs no lock of its own while it is worked on: the best case for a shared map.
// Without such queues packets of one stream would overtake each other here.
template <StreamMap Map>
class SharedMap {
 public:
  explicit SharedMap(const Setup& setup) : streams_(setup.factors.streams) {
    for (std::uint32_t i = 0; i < setup.factors.workers; ++i) {
      desks_.emplace_back(DeskOptions{setup.factors.streams, setup.digests});
    }
  }

  void run(const Input& input, const Pace& pace) {
    read_queues(input, [&](std::size_t queue, std::span<const Packet> packets) {
      for (const Packet& packet : packets) {
        pace.wait_for(packet.number);
        take(streams_, desks_[queue].desk, packet, pace);
      }
    });
  }

  [[nodiscard]] Tally tally() const {
    Tally sum;
    for (const Place& place : desks_) sum += place.desk.tally();
    return sum;
  }

 private:
  struct alignas(64) Place {
    explicit Place(const DeskOptions& options) : desk(options) {}
    Desk desk;
  };
  Map streams_;
  std::deque<Place> desks_;
};

} // namespace xdpcap::bench
