#include "engine/hand_over.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "engine/symmetry.hpp"
#include "support/dialogue.hpp"

namespace xdpcap::engine {
namespace {

TEST(HandOver, segments_arrive_whole_and_in_order) {
  HandOverLane lane{4};
  const test::Stage stage;
  for (int i = 0; i < 100; ++i) {
    const test::Line line = test::client().at(i).acks(0).says("payload " + std::to_string(i));
    ASSERT_TRUE(lane.send(stage.segment(line, {})));
  }
  lane.flush();
  int next = 0;
  lane.receive([&](const wire::Segment& segment) {
    EXPECT_EQ(as_text(segment.payload), "payload " + std::to_string(next));
    EXPECT_EQ(segment.seq, Seq{stage.client_isn + 1 + static_cast<std::uint32_t>(next)});
    ++next;
  });
  EXPECT_EQ(next, 100);
}

TEST(HandOver, a_reader_that_is_behind_costs_segments_and_not_memory) {
  HandOverLane lane{2, 4096};
  const test::Stage stage;
  const test::Line line = test::client().at(0).acks(0).says(std::string(1000, 'x'));
  std::size_t sent = 0;
  while (lane.send(stage.segment(line, {}))) ++sent;
  EXPECT_GT(sent, 2U);
  EXPECT_FALSE(lane.send(stage.segment(line, {})));
  EXPECT_EQ(lane.receive([](const wire::Segment&) {}), sent);
  EXPECT_TRUE(lane.send(stage.segment(line, {})));
}

TEST(HandOver, two_threads_lose_nothing) {
  HandOverLane lane{8, 16384};
  const test::Stage stage;
  constexpr std::uint32_t kSegments = 20000;
  std::thread writer{[&] {
    for (std::uint32_t i = 0; i < kSegments; ++i) {
      const test::Line line = test::client().at(i).acks(0).says(std::string(i % 700, 'x'));
      while (!lane.send(stage.segment(line, {}))) std::this_thread::yield();
      if (i % 16 == 0) lane.offer();
    }
    lane.flush();
  }};
  std::uint32_t next = 0;
  bool right = true;
  while (next < kSegments) {
    lane.receive([&](const wire::Segment& segment) {
      right = right && segment.payload.size() == next % 700 &&
              segment.seq == Seq{stage.client_isn + 1 + next};
      ++next;
    });
    std::this_thread::yield();
  }
  writer.join();
  EXPECT_TRUE(right);
}

TEST(HandOverDeathTest, a_source_ends_once) {
  HandOver lanes{2, std::size_t{1} << 20};
  lanes.mark_source_ended();
  EXPECT_FALSE(lanes.all_sources_ended());
  lanes.mark_source_ended();
  EXPECT_TRUE(lanes.all_sources_ended());
  EXPECT_DEATH(lanes.mark_source_ended(), "check failed at userspace/engine/hand_over.hpp");
}

TEST(HandOver, a_segment_that_no_block_holds_is_not_written_behind_it) {
  HandOverLane lane{2, 512};
  const test::Stage stage;
  const test::Line line = test::client().at(0).acks(0).says(std::string(1000, 'x'));
  EXPECT_FALSE(lane.send(stage.segment(line, {})));
}

TEST(Symmetry, a_connection_met_by_two_workers_is_split_and_others_are_not) {
  Symmetry symmetry;
  for (std::uint64_t hash = 1; hash < 1000; ++hash) {
    symmetry.meet(hash * 0x9e3779b97f4a7c15, 0);
    symmetry.meet(hash * 0x9e3779b97f4a7c15, 0);
  }
  EXPECT_EQ(symmetry.split(), 0U);
  symmetry.meet(77 * 0x9e3779b97f4a7c15, 1);
  EXPECT_EQ(symmetry.split(), 1U);
}

} // namespace
} // namespace xdpcap::engine
