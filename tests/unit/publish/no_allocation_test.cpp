#include <gtest/gtest.h>

#include "support.hpp"
#include "support/allocation_watch.hpp"

namespace xdpcap::publish::test {
namespace {

std::size_t allocations_of(auto&& work) {
  const xdpcap::test::AllocationWatch watch;
  work();
  return watch.count();
}

TEST(NoAllocation, AnEncoderNeverAllocatesFromTheFirstMessageOn) {
  if (!xdpcap::test::AllocationWatch::works()) GTEST_SKIP() << "a sanitizer owns malloc";
  Doorbell doorbell;
  BatchLane lane(
      {.normal_batches = 4, .normal_bytes = 16384, .large_batches = 1, .large_bytes = 65536}, 0,
      doorbell);
  Encoder encoder({.sensor = "sensor", .community_id = true}, lane);
  auto small =
      TestMessage::request("GET", "/", "Cookie: secret\r\nA: b\r\n").gap(0, 1, GapCause::network);
  auto large = TestMessage::response(200, "OK", "X: y\r\n")
                   .body(std::string(40'000, 'b'))
                   .trailers("T: u\r\n");
  const http::Message& request = small.get();
  const http::Message& response = large.get();
  const MessageContext with = context();
  const record::FlowRecord flow;
  const record::SegmentRecord segment;
  std::uint64_t batches = 0;

  EXPECT_EQ(allocations_of([&] {
              for (int round = 0; round < 2000; ++round) {
                encoder.add(request, with);
                for (int large_ones = round % 50 == 0 ? 2 : 0; large_ones > 0; --large_ones)
                  encoder.add(response, with);
                encoder.add(flow);
                encoder.add(segment);
                if (round % 3 == 0) encoder.flush();
                if (round % 400 < 200) continue; // the publisher falls behind: drops and cuts
                while (Batch* batch = lane.next()) {
                  ++batches;
                  lane.recycle(batch);
                }
              }
              encoder.close();
            }),
            0u);
  EXPECT_GT(batches, 50u);
  EXPECT_GT(encoder.counters().get(EncoderCount::messages_dropped_no_room), 0u);
  EXPECT_GT(encoder.counters().get(EncoderCount::messages_cut), 0u);
  EXPECT_GT(encoder.counters().get(EncoderCount::messages_masked), 500u);
}

} // namespace
} // namespace xdpcap::publish::test
