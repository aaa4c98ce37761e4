#include "engine/memory_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "host/socket_book.hpp"

namespace xdpcap::engine {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
// The program itself: code, libraries, ZeroMQ's own threads and buffers.
constexpr std::size_t kProgram = 24 * kMiB;
// A flow record, its share of an index that is filled to half, and half a record of an ended one in
// a table whose size is a power of two.
constexpr std::size_t kFlowCost = 256 + 26 + 24;
constexpr std::size_t kEmbryoCost = 32;
constexpr std::size_t kFrameCost = 2048;
// A worker that does not run for 100 ms at 100,000 frames/s has 10,000 of them to come.
constexpr std::size_t kStallFrames = 16384;
constexpr std::size_t kProcessCost = 1024; // with command line and path
constexpr std::size_t kBatchCost = 64U << 10;
// What a large batch needs beside the body: field tables and the envelope.
constexpr std::size_t kLargeSlack = 256U << 10;
constexpr std::size_t kLogBlock = 256U << 10;
constexpr std::size_t kLeast = 64 * kMiB;

std::size_t part(std::size_t whole, std::size_t percent) {
  return whole / 100 * percent;
}

} // namespace

Result<MemoryPlan, Error> plan_memory(const MemoryWish& wish) {
  const std::size_t workers = std::max<std::size_t>(wish.workers, 1);
  const std::size_t least = kProgram + workers * (kLeast - kProgram);
  if (wish.limit < least) {
    return Error{ExitCode::usage, fmt::format("--memory-limit {}M is too small for {} worker{}; give at least {}M.",
                                              wish.limit / kMiB, workers, workers == 1 ? "" : "s", least / kMiB)};
  }
  std::size_t rest = wish.limit - kProgram;
  MemoryPlan plan;
  if (wish.publishes) {
    plan.queue_octets = part(rest, 25);
    // A subscriber that stands still, and full batches: that is not to be the loss of the others.
    plan.high_water_mark = static_cast<int>(part(plan.queue_octets, 75) / kBatchCost);
    rest -= plan.queue_octets;
  }
  if (wish.host) {
    const std::size_t host = part(rest, 6);
    plan.host_batches = std::clamp<std::size_t>(host / 8 / kBatchCost, 4, 32);
    plan.host_sockets = std::max<std::size_t>(host / 8 * 5 / host::SocketBook::socket_octets, 4096);
    plan.host_processes = std::clamp<std::size_t>(host / 4 / kProcessCost, 512, 8192);
    rest -= host;
  }
  if (workers > 1) {
    plan.hand_over_lane = std::clamp(part(rest, 8) / (workers * workers), kMiB / 2, 4 * kMiB);
    rest -= std::min(rest, workers * workers * plan.hand_over_lane);
  }
  rest /= workers;
  if (wish.log) {
    plan.log_blocks = std::clamp<std::size_t>(part(rest, 8) / kLogBlock, 8, 64);
    rest -= plan.log_blocks * kLogBlock;
  }

  // Shares in per cent. What live capture needs for its frames, a file gives to
  // bodies and messages.
  if (wish.live) {
    const std::size_t frames = part(rest, 32) / kFrameCost;
    plan.umem_frames = std::clamp<std::size_t>(std::bit_floor(frames), 2048, 32768);
    // With many workers a larger share, rather than losing frames of a short stall.
    if (kStallFrames * kFrameCost <= part(rest, 50)) plan.umem_frames = std::max(plan.umem_frames, kStallFrames);
    rest -= std::min(part(rest, 50), plan.umem_frames * kFrameCost);
  }
  plan.embryos =
      static_cast<std::uint32_t>(std::bit_floor(std::min<std::size_t>(part(rest, 4) / kEmbryoCost, 1U << 20)));
  plan.flows = static_cast<std::uint32_t>(std::min<std::size_t>(part(rest, 30) / kFlowCost, 8U << 20));
  plan.hole_store = part(rest, 16);
  plan.early_octets_max = static_cast<std::uint32_t>(std::min<std::size_t>(plan.hole_store / 4, 16 * kMiB));
  plan.fragments = std::min(part(rest, 2), 8 * kMiB);
  const std::size_t batches = part(rest, 24);
  plan.normal_batches = std::clamp<std::size_t>(batches / 2 / kBatchCost, 16, 1024);

  // A large batch holds one message with the largest body that may be kept.
  const std::size_t large_room = batches - std::min(batches, plan.normal_batches * kBatchCost);
  const std::size_t largest = std::max(large_room / 2, kLargeSlack + 2 * wish.head_max);
  const std::size_t overhead = kLargeSlack + 2 * wish.head_max;
  plan.body_max = std::min<std::uint64_t>(wish.body_max, largest - std::min(largest, overhead));
  plan.large_batch_bytes = (static_cast<std::size_t>(plan.body_max) + overhead + 4095) / 4096 * 4096;
  plan.large_batches = std::clamp<std::size_t>(large_room / plan.large_batch_bytes, 2, 8);
  plan.http = part(rest, 24);
  return plan;
}

} // namespace xdpcap::engine
