#pragma once

#include <cstddef>
#include <cstdint>

#include "core/error.hpp"
#include "core/result.hpp"
#include "publish/batch.hpp"

namespace xdpcap::engine {

// How the memory that the user allows is divided. Everything below is reserved
// at start and committed as it is used, so the resident size stays under the
// limit whatever comes. Bytes, for each worker where not said otherwise.
struct MemoryPlan {
  std::size_t umem_frames = 0; // for each AF_XDP socket, of 2 KiB each; live capture only
  std::uint32_t flows = 0;
  std::uint32_t half_open = 0;
  std::size_t out_of_order_store = 0;       // bytes that came early
  std::uint32_t out_of_order_bytes_max = 0; // of them, for one direction
  std::size_t fragments = 0;
  std::size_t http = 0;           // messages in progress
  std::uint64_t body_max = 0;     // largest body that can be kept and published
  std::size_t normal_batches = 0; // of 64 KiB, on their way to the publisher
  std::size_t large_batches = 0;  // of large_batch_bytes, for one message with a large body
  std::size_t large_batch_bytes = 0;
  std::size_t queue_bytes = 0;    // queued for all subscribers; all workers together
  int high_water_mark = 0;        // batches queued for one subscriber
  std::size_t connections = 0;    // subscribers and receivers of all endpoints
  std::size_t hand_over_lane = 0; // bytes; there is one for each pair of workers
  std::size_t log_blocks = 0;     // of 256 KiB, on their way to the file of -w
  // Of the thread that watches the host:
  std::size_t host_batches = 0; // of 64 KiB
  std::size_t host_sockets = 0;
  std::size_t host_processes = 0;
};

struct MemoryWish {
  std::size_t limit = std::size_t{512} << 20;
  std::size_t workers = 1;
  std::size_t queues = 0; // AF_XDP sockets of all workers; fewer than workers: one for each
  int queue_batches = 0;  // the high-water mark, where the user chose one
  bool live = true;       // sockets have to be fed
  bool publishes = true;  // subscribers have to be fed
  bool host = false;      // the host's sockets are watched
  bool log = false;       // frames are written to a file
  std::uint64_t body_max = std::uint64_t{1} << 20;
  std::size_t head_max = std::size_t{256} << 10;
};

// Fails where the limit is too small to work with; the sentence names the least.
Result<MemoryPlan, Error> plan_memory(const MemoryWish& wish);

// The way of batches to the publisher; PipelineOptions have the rest.
publish::LaneShape lane_of_worker(const MemoryPlan& plan);
publish::LaneShape lane_of_host(const MemoryPlan& plan);

} // namespace xdpcap::engine
