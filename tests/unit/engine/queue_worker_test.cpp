// Workers that hand segments to each other, up to their end.
#include "engine/queue_worker.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "capture/file/memory_source.hpp"
#include "support/packet.hpp"

namespace xdpcap::engine {
namespace {

using test::eth;
using test::Packet;

constexpr int kConnections = 100;

std::vector<Packet> short_connections() {
  std::vector<Packet> packets;
  for (int i = 0; i < kConnections; ++i) {
    const auto port = static_cast<std::uint16_t>(40000 + i);
    const Packet client = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(port, 80);
    const Packet server = eth().ipv4("10.0.0.2", "10.0.0.1").tcp(80, port);
    packets.push_back(client.seq(1000).flags("S"));
    packets.push_back(server.seq(7000).ack(1001).flags("SA"));
    packets.push_back(client.seq(1001).ack(7001));
    packets.push_back(
        client.seq(1001).ack(7001).flags("PA").payload("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    packets.push_back(server.seq(7001).ack(1028).flags("PA").payload(
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  }
  Instant now = instant_from_ns(1'700'000'000'000'000'000);
  for (Packet& packet : packets) packet = packet.at(now += std::chrono::microseconds{10});
  return packets;
}

struct Member {
  explicit Member(const PipelineOptions& options, std::uint16_t shard)
      : lane{publish::LaneShape{}, shard, bell},
        encoder{publish::EncoderOptions{.sensor = "test", .discard = true}, lane},
        pipeline{options, encoder} {}

  publish::Doorbell bell;
  publish::BatchLane lane;
  publish::Encoder encoder;
  Pipeline pipeline;
};

// One worker has all frames and the other has none, so it ends at once: what belongs to it is
// handed over when it receives nothing of its own any more.
TEST(QueueWorker, what_is_handed_over_arrives_though_its_owner_ended_first) {
  const std::vector<Packet> packets = short_connections();
  std::vector<wire::Frame> frames;
  frames.reserve(packets.size());
  for (const Packet& packet : packets) frames.push_back(packet.frame());

  PipelineOptions options;
  options.tracker.flows_max = 4096;
  options.tracker.half_open_max = 4096;
  options.http_memory = 8 << 20;
  options.decode.fragment_bytes = 1 << 20;
  Member busy{options, 0}, idle{options, 1};
  capture::MemorySource all{frames, 1}, nothing{std::span<const wire::Frame>{}, 1};
  HandOver lanes{2, std::size_t{4} << 20};
  Symmetry symmetry;
  Shared shared;
  shared.hand_over = &lanes;
  shared.symmetry = &symmetry;
  shared.handing_over = true;
  const tcp::FlowHash hash{{.low = 1}};
  QueueWorker first{0, all, busy.pipeline, shared, hash, nullptr};
  QueueWorker second{1, nothing, idle.pipeline, shared, hash, nullptr};

  std::thread idles{[&] { second.run(); }};
  std::thread works{[&] { first.run(); }};
  idles.join();
  works.join();
  first.drain();
  second.drain();
  busy.pipeline.finish();
  idle.pipeline.finish();

  EXPECT_GT(busy.pipeline.frames().get(FrameCount::handed_over), 100U);
  EXPECT_EQ(busy.pipeline.frames().get(FrameCount::hand_over_full), 0U);
  EXPECT_EQ(idle.pipeline.frames().get(FrameCount::handed_in),
            busy.pipeline.frames().get(FrameCount::handed_over));
  const auto requests = [](const Member& member) {
    return member.pipeline.workspace().counts().get(http::HttpCount::requests);
  };
  EXPECT_EQ(requests(busy) + requests(idle), static_cast<std::uint64_t>(kConnections));
}

// Owners are chosen by other bits of the hash than buckets are: each owner uses all of its buckets.
TEST(HandOver, an_owner_does_not_follow_from_the_bits_that_choose_a_bucket) {
  const HandOver lanes{4, 1 << 20};
  std::size_t owners[4] = {};
  for (std::uint64_t i = 0; i < 4096; ++i) ++owners[lanes.owner_of(i << 52 | 0x12345678)];
  for (const std::size_t share : owners) EXPECT_EQ(share, 1024U);
  for (std::uint64_t low = 0; low < 65536; low += 77) {
    EXPECT_EQ(lanes.owner_of(std::uint64_t{7} << 60 | low << 32),
              lanes.owner_of(std::uint64_t{7} << 60));
  }
}

} // namespace
} // namespace xdpcap::engine
