#include "codec/loss_counter.hpp"

#include <gtest/gtest.h>

#include "publish/stats_writer.hpp"
#include "unit/publish/support.hpp"

namespace xdpcap::publish::test {
namespace {

// A batch with one flow record, or a heartbeat, with the numbers of one's choice.
class Batches {
 public:
  const schema::Batch& flow(std::uint64_t seq, std::uint16_t shard = 0, std::uint64_t epoch = 1,
                            const std::string& name = "s") {
    flatbuffers::FlatBufferBuilder& builder = builders_.emplace_back();
    const std::vector records{schema::CreateFlowRecord(builder)};
    const auto flows = builder.CreateVector(records);
    const auto sensor = builder.CreateString(name);
    schema::BatchBuilder batch(builder);
    batch.add_sensor(sensor);
    batch.add_epoch(epoch);
    batch.add_shard(shard);
    batch.add_topic_seq(seq);
    batch.add_flows(flows);
    schema::FinishBatchBuffer(builder, batch.Finish());
    return *schema::GetBatch(builder.GetBufferPointer());
  }
  const schema::Batch& heartbeat(std::uint64_t seq,
                                 const std::vector<record::TopicPosition>& positions,
                                 std::uint64_t epoch = 1) {
    Heartbeat beat;
    beat.sensor = "s";
    beat.epoch_ns = epoch;
    beat.topic_seq = seq;
    beat.stats.topics = positions;
    return *schema::GetBatch(write_heartbeat(builders_.emplace_back(), beat).data());
  }

 private:
  std::deque<flatbuffers::FlatBufferBuilder> builders_;
};

class LossCounterTest : public ::testing::Test {
 protected:
  LossCounterTest() {
    counter_.watch(codec::Topic::flow);
    counter_.watch(codec::Topic::stats);
  }
  Batches batches_;
  codec::LossCounter counter_;
};

TEST_F(LossCounterTest, WhoComesInLateHasLostNothing) {
  EXPECT_EQ(counter_.see(batches_.flow(1000)), 0u);
  EXPECT_EQ(counter_.see(batches_.flow(1001)), 0u);
  EXPECT_EQ(counter_.lost(), 0u);
}

TEST_F(LossCounterTest, AJumpIsExactlySoManyLostBatches) {
  counter_.see(batches_.flow(0));
  EXPECT_EQ(counter_.see(batches_.flow(4)), 3u);
  EXPECT_EQ(counter_.see(batches_.flow(5)), 0u);
  EXPECT_EQ(counter_.lost(), 3u);
}

TEST_F(LossCounterTest, ShardsAreCountedApart) {
  counter_.see(batches_.flow(0, 0));
  counter_.see(batches_.flow(50, 1));
  EXPECT_EQ(counter_.see(batches_.flow(1, 0)), 0u);
  EXPECT_EQ(counter_.see(batches_.flow(52, 1)), 1u);
}

TEST_F(LossCounterTest, TheHeartbeatFindsTheLossAtTheTailOnce) {
  counter_.see(batches_.flow(0));
  EXPECT_EQ(counter_.see(batches_.heartbeat(0, {{0, "flow", 8}})), 7u);
  EXPECT_EQ(counter_.see(batches_.heartbeat(1, {{0, "flow", 8}})), 0u);
  EXPECT_EQ(counter_.see(batches_.flow(8)), 0u);
  EXPECT_EQ(counter_.lost(), 7u);
}

TEST_F(LossCounterTest, AHeartbeatOfATopicNotAskedForIsNoLoss) {
  counter_.see(batches_.heartbeat(0, {{0, "http", 8}}));
  EXPECT_EQ(counter_.see(batches_.heartbeat(1, {{0, "http", 80}})), 0u);
}

TEST_F(LossCounterTest, LostHeartbeatsCountAsWell) {
  counter_.see(batches_.heartbeat(0, {}));
  EXPECT_EQ(counter_.see(batches_.heartbeat(3, {})), 2u);
}

TEST_F(LossCounterTest, ARestartIsNoLoss) {
  counter_.see(batches_.flow(100));
  EXPECT_EQ(counter_.see(batches_.flow(0, 0, 2)), 0u);
  EXPECT_EQ(counter_.see(batches_.flow(2, 0, 2)), 1u);
  EXPECT_EQ(counter_.restarts(), 1u);
}

TEST_F(LossCounterTest, SensorsWithoutEndDoNotTakeTheCountOfThoseThatAreKnown) {
  counter_.see(batches_.flow(0));
  for (int i = 0; i < 1000; ++i) {
    for (const std::uint64_t seq : {0U, 9U}) {
      Batches rogue;
      counter_.see(rogue.flow(seq, 0, 1, "rogue" + std::to_string(i)));
    }
  }
  const std::uint64_t lost = counter_.lost();
  EXPECT_EQ(lost, 8 * (codec::LossCounter::kSensorsMax - 1))
      << "those that came first are counted, the others not kept";
  EXPECT_EQ(counter_.see(batches_.flow(3)), 2u);
  EXPECT_EQ(counter_.see(
                batches_.flow(0, 0, 1, std::string(codec::LossCounter::kSensorNameMax + 1, 'x'))),
            0u);
}

TEST_F(LossCounterTest, ShardsWithoutEndAreNotKept) {
  for (std::uint64_t seq : {0U, 5U}) {
    for (std::uint32_t shard = 0; shard < 20'000; ++shard) {
      Batches batches;
      counter_.see(batches.flow(seq, static_cast<std::uint16_t>(shard)));
    }
  }
  EXPECT_EQ(counter_.lost(), 4 * codec::LossCounter::kStreamsMax);
}

} // namespace
} // namespace xdpcap::publish::test
