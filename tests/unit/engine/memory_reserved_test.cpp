// What is really reserved, in regions and on the heap, against what the plan says.
#include <gtest/gtest.h>
#include <malloc.h>

#include <memory>
#include <string>
#include <vector>

#include "core/region.hpp"
#include "engine/frame_log.hpp"
#include "engine/hand_over.hpp"
#include "engine/memory_plan.hpp"
#include "engine/pipeline_options.hpp"
#include "engine/symmetry.hpp"
#include "host/process_table.hpp"
#include "host/socket_book.hpp"
#include "publish/encoder.hpp"

namespace xdpcap::engine {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
// Code, libraries, threads: what xdpcap-run has resident before the first frame.
constexpr std::size_t kProgramMiB = 24;

std::size_t reserved_now() {
  const auto heap = ::mallinfo2();
  return Region::reserved() + heap.uordblks + heap.hblkhd;
}

// All that a run reserves at start, but the sockets' frames: those take a NIC.
class Stages {
 public:
  Stages(const MemoryWish& wish, const MemoryPlan& plan) {
    Config config;
    config.head_max = wish.head_max;
    const PipelineOptions options = pipeline_options(config, plan, wire::ChecksumMode::on, {}, 0);
    for (std::size_t i = 0; i < wish.workers; ++i) {
      lanes_.push_back(std::make_unique<publish::BatchLane>(lane_of_worker(plan),
                                                            static_cast<std::uint16_t>(i), bell_));
      encoders_.push_back(std::make_unique<publish::Encoder>(
          publish::EncoderOptions{.sensor = "test"}, *lanes_.back()));
      pipelines_.push_back(std::make_unique<Pipeline>(options, *encoders_.back()));
      if (wish.log) logs_.push_back(std::make_unique<FrameLog>(plan.log_blocks));
    }
    if (wish.host)
      lanes_.push_back(
          std::make_unique<publish::BatchLane>(lane_of_host(plan), std::uint16_t{99}, bell_));
    if (wish.workers < 2) return;
    symmetry_ = std::make_unique<Symmetry>();
    hand_over_ = std::make_unique<HandOver>(wish.workers, plan.hand_over_lane);
  }

 private:
  publish::Doorbell bell_;
  std::vector<std::unique_ptr<publish::BatchLane>> lanes_;
  std::vector<std::unique_ptr<publish::Encoder>> encoders_;
  std::vector<std::unique_ptr<Pipeline>> pipelines_;
  std::vector<std::unique_ptr<FrameLog>> logs_;
  std::unique_ptr<Symmetry> symmetry_;
  std::unique_ptr<HandOver> hand_over_;
};

// Frames of sockets, what ZeroMQ holds when every subscriber stands still, sockets and processes of
// the host.
std::size_t beside_stages(const MemoryWish& wish, const MemoryPlan& plan) {
  constexpr std::size_t kFrame = 2048 + 32; // with its places in the rings
  constexpr std::size_t kJoined = std::size_t{64} * 4096;
  // As measured, with a batch of two frames each waiting.
  constexpr std::size_t kSubscriber = std::size_t{45} << 10;
  const auto waiting = static_cast<std::size_t>(plan.high_water_mark) * 2 * 64;
  return wish.queues * (plan.umem_frames * kFrame + kJoined) + plan.queue_bytes +
         plan.connections * (kSubscriber + waiting) +
         plan.host_sockets * host::SocketBook::socket_bytes +
         plan.host_processes * (host::ProcessTable::kCommandMax + 512);
}

// Whatever is reserved is in the plan: a structure that grows beside it makes this fail.
TEST(MemoryReserved, NothingIsReservedBesideThePlan) {
  for (const std::size_t limit : {64U, 128U, 256U, 512U, 1024U, 4096U}) {
    for (const std::size_t workers : {1U, 2U, 4U, 8U, 16U}) {
      for (const bool live : {false, true}) {
        for (const bool publishes : {false, true}) {
          const MemoryWish wish{.limit = limit * kMiB,
                                .workers = workers,
                                .queues = live ? 2 * workers : 0,
                                .live = live,
                                .publishes = publishes,
                                .host = live,
                                .log = live};
          const auto plan = plan_memory(wish);
          if (!plan) continue;
          const std::size_t before = reserved_now();
          const Stages stages(wish, *plan);
          const std::size_t reserved = reserved_now() - before + beside_stages(wish, *plan);
          EXPECT_LE(reserved, (limit - kProgramMiB) * kMiB)
              << limit << "M, " << workers << " workers" << (live ? ", live" : "")
              << (publishes ? ", publishes" : "");
        }
      }
    }
  }
}

} // namespace
} // namespace xdpcap::engine
