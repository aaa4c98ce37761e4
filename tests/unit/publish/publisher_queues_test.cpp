// Receivers that stand still, come late or never.
#include "publisher_fixture.hpp"

namespace xdpcap::publish::test {
namespace {

// The slow one reads nothing until the end; the other one and the worker must not notice.
TEST_F(PublisherTest, AStalledSubscriberDisturbsNobodyAndLearnsExactlyWhatItLost) {
  PublisherOptions options = tcp_pub();
  options.queue_batches = 8;
  auto publisher = opened(std::move(options));
  Encoder encoder({.sensor = "s", .epoch_ns = 5}, publisher->add_lane({}));
  publisher->start();
  Receiver stalled(zmq::socket_type::sub, publisher->endpoints().at(0), {"http", "stats"}, 1);
  Receiver reading(zmq::socket_type::sub, publisher->endpoints().at(0), {"http"}, 0);
  wait_for_subscriber(*publisher);
  // Both are there once both got a first batch; the stalled one leaves the rest where it is.
  codec::LossCounter losses;
  losses.watch(codec::Topic::http);
  std::uint64_t stalled_got = 0;
  std::uint64_t sent = 0;
  const auto send = [&](std::size_t body) {
    encoder.add(TestMessage::response(200, "OK").body(std::string(body, 'b')).get(), context());
    encoder.close();
    ++sent;
  };
  bool reading_is_there = false;
  while (stalled_got == 0 || !reading_is_there) {
    send(1);
    if (stalled_got == 0) {
      const schema::Batch* batch = stalled.next(50ms);
      if (batch != nullptr && codec::topic_of(*batch) == codec::Topic::http) {
        losses.see(*batch);
        ++stalled_got;
      }
    }
    reading_is_there = reading_is_there || reading.next(50ms) != nullptr;
    ASSERT_LT(sent, 400u);
  }
  while (reading.next(100ms) != nullptr) {
  }
  constexpr std::uint64_t kMore = 400;
  for (std::uint64_t i = 0; i < kMore; ++i) {
    send(60'000); // 24 MB: more than socket buffers hold
    const schema::Batch* batch = reading.next();
    ASSERT_NE(batch, nullptr) << "the other subscriber lost a batch, number " << i;
    ASSERT_EQ(batch->topic_seq(), sent - 1);
  }
  EXPECT_EQ(encoder.counters().get(EncoderCount::messages_dropped_no_room), 0u);

  std::uint64_t lost = losses.lost();
  for (bool caught_up = false; !caught_up;) {
    const schema::Batch* batch = stalled.next();
    ASSERT_NE(batch, nullptr);
    lost += losses.see(*batch);
    if (codec::topic_of(*batch) == codec::Topic::http) ++stalled_got;
    caught_up = codec::topic_of(*batch) == codec::Topic::stats &&
                batch->stats()->Get(0)->topics()->Get(0)->next_seq() == sent;
  }
  EXPECT_GT(lost, 0u);
  // From its first batch on, what it got and what it counts as lost is all there was.
  EXPECT_LE(stalled_got + lost, sent);
  EXPECT_GE(stalled_got + lost, kMore);
  EXPECT_EQ(publisher->report().size(), 1u) << "the limit of all queues was reached";
  publisher->stop(0ms);
}

TEST_F(PublisherTest, PushWaitsForRoomThenDropsAndCountsEveryBatch) {
  PublisherOptions options = tcp_pub();
  options.pub.clear();
  options.push = {"tcp://127.0.0.1:*"};
  options.push_timeout = 20ms;
  options.heartbeat = 1h;
  auto publisher = opened(std::move(options));
  Encoder encoder({.sensor = "s", .epoch_ns = 5}, publisher->add_lane({}));
  publisher->start();
  for (int i = 0; i < 10; ++i) { // nobody is there
    encoder.add(TestMessage::request("GET", "/").get(), context());
    encoder.add(TestMessage::request("GET", "/").get(), context());
    encoder.close();
  }
  const auto deadline = std::chrono::steady_clock::now() + kAtMost;
  while (publisher->report().at(0).dropped < 10 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(publisher->report().at(0).dropped, 10u);
  EXPECT_EQ(publisher->report().at(0).records_dropped, 20u);
  publisher->stop(0ms);
}

TEST_F(PublisherTest, PushWithoutLimitHoldsTheFileBackUntilSomebodyPulls) {
  PublisherOptions options = tcp_pub();
  options.pub.clear();
  options.push = {"tcp://127.0.0.1:*"};
  options.push_timeout = std::nullopt;
  options.queue_batches = 4;
  auto publisher = opened(std::move(options));
  Encoder encoder(
      {.sensor = "s", .epoch_ns = 5, .when_full = WhenFull::wait},
      publisher->add_lane(
          {.normal_batches = 4, .normal_bytes = 4096, .large_batches = 0, .large_bytes = 0}));
  publisher->start();
  constexpr std::uint32_t kSent = 2000;
  std::thread worker([&] {
    for (std::uint32_t i = 0; i < kSent; ++i) {
      encoder.add(TestMessage::request("GET", "/" + std::string(900, 'x')).index(i).get(),
                  context());
    }
    encoder.close();
  });
  Receiver receiver(zmq::socket_type::pull, publisher->endpoints().at(0));
  std::uint32_t next_index = 0;
  while (next_index < kSent) {
    const schema::Batch* batch = receiver.next();
    ASSERT_NE(batch, nullptr);
    if (batch->messages() == nullptr) continue;
    for (const auto* message : *batch->messages()) ASSERT_EQ(message->index(), next_index++);
  }
  worker.join();
  publisher->stop(0ms);
  EXPECT_EQ(publisher->report().at(0).dropped, 0u);
}

TEST_F(PublisherTest, WhatAllQueuesTogetherHoldIsBounded) {
  PublisherOptions options = tcp_pub();
  options.queue_bytes_max = 1 << 20;
  options.push = {"tcp://127.0.0.1:*"};
  options.push_timeout = std::nullopt; // holds on to what it has
  auto publisher = opened(std::move(options));
  Encoder encoder({.sensor = "s", .epoch_ns = 5}, publisher->add_lane({}));
  publisher->start();
  constexpr std::uint64_t kSent = 50;
  for (std::uint64_t i = 0; i < kSent; ++i) {
    encoder.add(TestMessage::response(200, "OK").body(std::string(60'000, 'b')).get(), context());
  }
  encoder.close();
  publisher->stop(0ms);
  std::uint64_t held = 0;
  std::uint64_t limited = 0;
  for (const EndpointReport& report : publisher->report()) {
    (report.endpoint == "queue limit" ? limited : held) += report.records_dropped;
  }
  EXPECT_GT(limited, kSent / 2);
  EXPECT_GT(held, 10u);
}

} // namespace
} // namespace xdpcap::publish::test
