#include "engine/memory_plan.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/check.hpp"
#include "engine/memory_limit.hpp"
#include "host/socket_book.hpp"

namespace xdpcap::engine {
namespace {

// The program itself: code, libraries, ZeroMQ's threads, buffers of files and of JSON lines.
constexpr std::size_t kProgram = 24 * kMiB;
// What a worker has whatever its share is: its stack, tables of fields, chains of the delivered
// log.
constexpr std::size_t kWorker = kMiB;
constexpr std::size_t kLeastOfWorker = 40 * kMiB;
// A flow record, its shares of the list of free ones and of an index that is filled to half, and
// half a record of an ended one in a table whose size is a power of two.
constexpr std::size_t kFlowCost = 256 + 4 + 26 + 24;
// Places in the two queues of what waits, for so many flows.
constexpr std::size_t kWaitsCost = std::size_t{2} * 32, kWaitsMost = 65536;
constexpr std::size_t kHalfOpenCost = 32;
// A frame, and its places in the fill ring, the RX ring and the list on its way back.
constexpr std::size_t kFrameCost = 2048 + 8 + 16 + 8;
constexpr std::size_t kFramesLeast = 256;
constexpr std::size_t kSocketCost = 256U << 10; // where the pieces of a burst are joined
// A worker that does not run for 100 ms at 100,000 frames/s has 10,000 of them to come.
constexpr std::size_t kStallFrames = 16384;
constexpr std::size_t kProcessCost = 5120; // with a command line of 4 KiB and paths
constexpr std::size_t kBatchBytes = 64U << 10;
constexpr std::size_t kBatchCost =
    kBatchBytes + 4096 + sizeof(publish::Batch) + 64; // with envelope and lists
// What a large batch needs beside the body: field tables and the envelope.
constexpr std::size_t kLargeSlack = 256U << 10;
constexpr std::size_t kLogBlock = 256U << 10;
// ZeroMQ: a subscriber, with its buffers; and each batch that waits for it, in two frames of 64
// bytes.
constexpr std::size_t kConnectionCost = 48U << 10;
constexpr std::size_t kWaitingCost = 128;
constexpr std::size_t kConnectionsMost = 256, kConnectionsLeast = 16;

std::size_t part(std::size_t whole, std::size_t percent) {
  XDPCAP_CHECK(percent <= 100);
  return whole / 100 * percent;
}

// What is left of the limit, as shares are given away. Below nothing the plan has failed.
class Rest {
 public:
  explicit Rest(std::size_t bytes) : bytes_(bytes) {}
  [[nodiscard]] std::size_t percent(std::size_t percent) const { return part(bytes_, percent); }
  void give(std::size_t bytes) {
    overdrawn_ = overdrawn_ || bytes > bytes_;
    bytes_ -= std::min(bytes, bytes_);
  }
  void divide_by(std::size_t workers) {
    XDPCAP_CHECK(workers != 0);
    bytes_ /= workers;
  }
  [[nodiscard]] bool overdrawn() const { return overdrawn_; }

 private:
  std::size_t bytes_;
  bool overdrawn_ = false;
};

void plan_outputs(const MemoryWish& wish, MemoryPlan& plan, Rest& rest) {
  plan.queue_bytes = rest.percent(20);
  // A subscriber that stands still, and full batches: that is not to be the loss of the others.
  const std::size_t batches = std::min<std::size_t>(part(plan.queue_bytes, 75) / kBatchBytes, 1024);
  plan.high_water_mark = wish.queue_batches != 0 ? wish.queue_batches : static_cast<int>(batches);
  const std::size_t connection =
      kConnectionCost + static_cast<std::size_t>(plan.high_water_mark) * kWaitingCost;
  plan.connections = std::clamp(rest.percent(10) / connection, kConnectionsLeast, kConnectionsMost);
  rest.give(plan.queue_bytes + plan.connections * connection);
}

void plan_host(MemoryPlan& plan, Rest& rest) {
  const std::size_t host = rest.percent(6);
  plan.host_batches = std::clamp<std::size_t>(host / 8 / kBatchCost, 4, 32);
  plan.host_sockets = std::max<std::size_t>(host / 2 / host::SocketBook::socket_bytes, 4096);
  plan.host_processes = std::clamp<std::size_t>(host / 8 * 3 / kProcessCost, 256, 8192);
  rest.give(plan.host_batches * kBatchCost + plan.host_sockets * host::SocketBook::socket_bytes +
            plan.host_processes * kProcessCost);
}

// Of the share of one worker.
void plan_frames(const MemoryWish& wish, MemoryPlan& plan, Rest& rest) {
  const std::size_t sockets =
      std::max<std::size_t>((wish.queues + wish.workers - 1) / wish.workers, 1);
  const std::size_t frames = rest.percent(32) / sockets / kFrameCost;
  plan.umem_frames = std::clamp<std::size_t>(std::bit_floor(frames), kFramesLeast, 32768);
  // With many workers a larger share, rather than losing frames of a short stall.
  const std::size_t half = rest.percent(50) / sockets;
  if (kStallFrames * kFrameCost <= half)
    plan.umem_frames = std::max(plan.umem_frames, kStallFrames);
  rest.give(sockets * (plan.umem_frames * kFrameCost + kSocketCost));
}

std::size_t flows_in(std::size_t bytes) {
  const std::size_t few = bytes / (kFlowCost + kWaitsCost);
  return few <= kWaitsMost
             ? few
             : std::min<std::size_t>((bytes - kWaitsMost * kWaitsCost) / kFlowCost, 8U << 20);
}

void plan_batches(const MemoryWish& wish, std::size_t bytes, MemoryPlan& plan, Rest& rest) {
  plan.normal_batches = std::clamp<std::size_t>(bytes / 2 / kBatchCost, 16, 1024);
  // A large batch holds one message with the largest body that may be kept.
  const std::size_t overhead = kLargeSlack + 2 * wish.head_max;
  const std::size_t large_room = bytes - std::min(bytes, plan.normal_batches * kBatchCost);
  const std::size_t largest = std::max(large_room / 2, overhead);
  plan.body_max = std::min<std::uint64_t>(wish.body_max, largest - overhead);
  plan.large_batch_bytes =
      (static_cast<std::size_t>(plan.body_max) + overhead + 4095) / 4096 * 4096;
  const std::size_t cost = plan.large_batch_bytes + 4096 + sizeof(publish::Batch) + 64;
  plan.large_batches = std::clamp<std::size_t>(large_room / cost, 2, 8);
  rest.give(plan.normal_batches * kBatchCost + plan.large_batches * cost);
}

std::optional<MemoryPlan> divide_limit(const MemoryWish& wish) {
  if (wish.limit < kProgram + wish.workers * kLeastOfWorker) return std::nullopt;
  Rest rest(wish.limit - kProgram);
  MemoryPlan plan;
  if (wish.publishes) plan_outputs(wish, plan, rest);
  if (wish.host) plan_host(plan, rest);
  if (wish.workers > 1) {
    const std::size_t lanes = wish.workers * wish.workers;
    plan.hand_over_lane = std::clamp(rest.percent(8) / lanes, kMiB / 2, 4 * kMiB);
    rest.give(lanes * plan.hand_over_lane + kMiB); // and what says which connections are split
  }
  rest.divide_by(wish.workers);
  rest.give(kWorker + 2 * wish.head_max);
  if (wish.log) {
    plan.log_blocks = std::clamp<std::size_t>(rest.percent(8) / kLogBlock, 8, 64);
    rest.give(plan.log_blocks * kLogBlock);
  }

  // Shares in per cent. What live capture needs for its frames, a file gives to
  // bodies and messages.
  if (wish.live) plan_frames(wish, plan, rest);
  const Rest all = rest;
  plan.half_open = static_cast<std::uint32_t>(
      std::bit_floor(std::min<std::size_t>(all.percent(4) / kHalfOpenCost, 1U << 20)));
  rest.give(plan.half_open * kHalfOpenCost);
  plan.flows = static_cast<std::uint32_t>(flows_in(all.percent(36)));
  rest.give(plan.flows * kFlowCost + std::min<std::size_t>(plan.flows, kWaitsMost) * kWaitsCost);
  plan.out_of_order_store = all.percent(14);
  plan.out_of_order_bytes_max =
      static_cast<std::uint32_t>(std::min<std::size_t>(plan.out_of_order_store / 4, 16 * kMiB));
  plan.fragments = std::min(all.percent(2), 8 * kMiB);
  plan.http = all.percent(21);
  rest.give(plan.out_of_order_store + plan.fragments + plan.http);
  plan_batches(wish, all.percent(22), plan, rest);
  if (rest.overdrawn()) return std::nullopt;
  XDPCAP_CHECK(plan.flows != 0 && plan.half_open != 0);
  XDPCAP_CHECK(plan.out_of_order_bytes_max != 0 &&
               plan.out_of_order_bytes_max <= plan.out_of_order_store);
  XDPCAP_CHECK(plan.body_max <= wish.body_max && plan.body_max < plan.large_batch_bytes);
  return plan;
}

} // namespace

Result<MemoryPlan, Error> plan_memory(const MemoryWish& wanted) {
  MemoryWish wish = wanted;
  wish.workers = std::max<std::size_t>(wish.workers, 1);
  if (const auto plan = divide_limit(wish)) return *plan;
  const std::size_t given = wish.limit / kMiB;
  wish.limit = given * kMiB;
  do wish.limit += kMiB;
  while (!divide_limit(wish) && wish.limit < SIZE_MAX / 2);
  const auto several = [](std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
  };
  std::string for_what = several(wish.workers, "worker");
  if (wish.queues > wish.workers) for_what += " and " + several(wish.queues, "queue");
  if (wish.queue_batches != 0) for_what += fmt::format(" and --queue {}", wish.queue_batches);
  return Error{ExitCode::usage,
               fmt::format("--memory-limit {}M is too small for {}; give at least {}M", given,
                           for_what, wish.limit / kMiB)};
}

publish::LaneShape lane_of_worker(const MemoryPlan& plan) {
  return {.normal_batches = plan.normal_batches,
          .large_batches = plan.large_batches,
          .large_bytes = plan.large_batch_bytes};
}

publish::LaneShape lane_of_host(const MemoryPlan& plan) {
  return {.normal_batches = plan.host_batches, .large_batches = 0, .large_bytes = 0};
}

} // namespace xdpcap::engine
