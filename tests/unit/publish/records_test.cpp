#include "record/records.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "publish/encoder.hpp"
#include "support.hpp"

namespace xdpcap::publish::test {
namespace {

using ::testing::SizeIs;

class Records : public ::testing::Test {
 protected:
  Doorbell doorbell_;
  BatchLane lane_{{.normal_batches = 4, .normal_bytes = 8192, .large_batches = 0, .large_bytes = 0},
                  0,
                  doorbell_};
  Encoder encoder_{{.sensor = "probe"}, lane_};
  Takes takes_{lane_};
};

TEST_F(Records, WindowsBytesInFlightAndTheHeaderOfASegmentComeBack) {
  record::FlowRecord flow;
  flow.event = schema::FlowEvent::update;
  flow.to_server.window = 5'000'000;
  flow.to_server.in_flight = 1460;
  encoder_.add(flow);
  record::SegmentRecord segment;
  segment.header = as_bytes("twenty bytes of it.");
  encoder_.add(segment);
  encoder_.close();

  const auto batches = takes_.all();
  ASSERT_THAT(batches, SizeIs(2));
  const schema::FlowRecord& got = *batches[0]->flows()->Get(0);
  EXPECT_EQ(got.event(), schema::FlowEvent::update);
  EXPECT_EQ(got.to_server()->window(), 5'000'000u);
  EXPECT_EQ(got.to_server()->in_flight(), 1460u);
  EXPECT_EQ(codec::text_of(batches[1]->segments()->Get(0)->header()), "twenty bytes of it.");
}

TEST_F(Records, DatagramsComeBackUnderTheirTopic) {
  record::DatagramRecord datagram;
  datagram.arrived_ns = 99;
  datagram.source = v6(1, 53);
  datagram.destination = v4(2, 4000);
  datagram.wire_length = 60;
  datagram.length = 12;
  datagram.checksum = 0xbeef;
  datagram.payload = as_bytes("ping");
  datagram.interface = 2;
  encoder_.add(datagram);
  encoder_.close();

  const auto batches = takes_.all();
  ASSERT_THAT(batches, SizeIs(1));
  EXPECT_EQ(codec::topic_of(*batches[0]), codec::Topic::udp);
  const schema::DatagramRecord& got = *batches[0]->datagrams()->Get(0);
  EXPECT_EQ(got.arrived_ns(), 99u);
  EXPECT_EQ(codec::text_of(got.source()), "[2001:db8::1]:53");
  EXPECT_EQ(codec::text_of(got.destination()), "10.0.0.2:4000");
  EXPECT_EQ(got.wire_length(), 60u);
  EXPECT_EQ(got.length(), 12u);
  EXPECT_EQ(got.checksum(), 0xbeef);
  EXPECT_EQ(codec::text_of(got.payload()), "ping");
  EXPECT_EQ(got.interface(), 2u);
  EXPECT_EQ(encoder_.counters().get(EncoderCount::datagrams_published), 1u);
}

// The list of records is written last, and a batch of small ones has a long one.
TEST_F(Records, ThatAreSmallFillABatchAndNeverOverrunIt) {
  BatchLane lane({.normal_batches = 4, .large_batches = 0, .large_bytes = 0}, 0, doorbell_);
  Encoder encoder({.sensor = std::string(255, 's')}, lane);
  Takes takes(lane);
  std::size_t datagrams = 0, sockets = 0;
  for (int i = 0; i < 10'000; ++i) {
    encoder.add(record::DatagramRecord{});
    encoder.add(record::SocketRecord{});
    if (i % 1000 != 999) continue;
    encoder.close();
    for (const schema::Batch* batch : takes.all()) {
      ASSERT_NE(batch, nullptr);
      if (batch->datagrams() != nullptr) datagrams += batch->datagrams()->size();
      if (batch->sockets() != nullptr) sockets += batch->sockets()->size();
    }
  }
  EXPECT_EQ(datagrams, 10'000U);
  EXPECT_EQ(sockets, 10'000U);
}

} // namespace
} // namespace xdpcap::publish::test
