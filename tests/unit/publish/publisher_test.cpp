#include "publish/publisher.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "publish/encoder.hpp"
#include "publish/loss_counter.hpp"
#include "support.hpp"

namespace xdpcap::publish::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// How long a test waits for what must come; only a failure ever takes so long.
constexpr auto kAtMost = 20'000ms;

// A subscriber or puller with a context of its own, as another process would be.
class Receiver {
 public:
  Receiver(zmq::socket_type type, const std::string& endpoint, std::initializer_list<const char*> topics = {},
           int hwm = 0, const CurveClient* curve = nullptr)
      : socket_(context_, type) {
    socket_.set(zmq::sockopt::rcvhwm, hwm);
    if (curve != nullptr) apply(*curve, socket_);
    for (const char* topic : topics) socket_.set(zmq::sockopt::subscribe, topic);
    socket_.connect(endpoint);
  }
  ~Receiver() { socket_.set(zmq::sockopt::linger, 0); }

  // The next batch, or nothing when none came in time.
  const schema::Batch* next(std::chrono::milliseconds patience = kAtMost) {
    socket_.set(zmq::sockopt::rcvtimeo, static_cast<int>(patience.count()));
    zmq::message_t topic;
    if (!socket_.recv(topic)) return nullptr;
    topic_ = topic.to_string();
    if (!socket_.recv(payload_)) return nullptr;
    return reader_.open({payload_.data<std::byte>(), payload_.size()});
  }
  [[nodiscard]] const std::string& topic() const { return topic_; }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
  zmq::message_t payload_;
  std::string topic_;
  BatchReader reader_;
};

class PublisherTest : public ::testing::Test {
 protected:
  static PublisherOptions tcp_pub() {
    PublisherOptions options;
    options.sensor = "s";
    options.epoch_ns = 5;
    options.pub = {"tcp://127.0.0.1:*"};
    options.heartbeat = 100ms;
    return options;
  }
  static std::unique_ptr<Publisher> opened(PublisherOptions options) {
    auto publisher = Publisher::open(std::move(options));
    if (!publisher) ADD_FAILURE() << publisher.error().sentence;
    return std::move(publisher).value();
  }
  static void wait_for_subscriber(const Publisher& publisher) {
    const auto deadline = std::chrono::steady_clock::now() + kAtMost;
    while (!publisher.subscribed() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
    ASSERT_TRUE(publisher.subscribed());
  }
};

TEST_F(PublisherTest, ASubscriberGetsEverythingInOrderAndThenTheLastHeartbeat) {
  auto publisher = opened(tcp_pub());
  Encoder encoder({.sensor = "s", .epoch_ns = 5}, publisher->add_lane({}));
  publisher->start();
  Receiver receiver(zmq::socket_type::sub, publisher->endpoints().at(0), {"http", "stats"});
  wait_for_subscriber(*publisher);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    encoder.add(TestMessage::request("GET", "/").index(i).get(), context());
    if (i % 10 == 9) encoder.flush();
  }
  encoder.close();
  publisher->stop(kAtMost);

  LossCounter losses;
  losses.watch(Topic::http);
  losses.watch(Topic::stats);
  std::uint32_t next_index = 0;
  for (bool last = false; !last;) {
    const schema::Batch* batch = receiver.next();
    ASSERT_NE(batch, nullptr);
    losses.see(*batch);
    EXPECT_GT(batch->published_ns(), 1u);
    if (topic_of(*batch) == Topic::http) {
      EXPECT_EQ(receiver.topic(), "http");
      for (const auto* message : *batch->messages()) EXPECT_EQ(message->index(), next_index++);
    } else {
      EXPECT_EQ(receiver.topic(), "stats");
      last = batch->stats()->Get(0)->last();
    }
  }
  EXPECT_EQ(next_index, 1000u);
  EXPECT_EQ(losses.lost(), 0u);
}

TEST_F(PublisherTest, AHeartbeatCarriesTheLedgerAndThePositions) {
  PublisherOptions options = tcp_pub();
  options.fill_stats = [](StatsBuilder& stats) { stats.add("frames", 12, "eth9", 2); };
  auto publisher = opened(std::move(options));
  Encoder encoder({.sensor = "s", .epoch_ns = 5}, publisher->add_lane({}));
  publisher->start();
  Receiver receiver(zmq::socket_type::sub, publisher->endpoints().at(0), {"stats"});
  encoder.add(TestMessage::request("GET", "/").get(), context());
  encoder.close();
  const schema::StatsRecord* record = nullptr;
  do {
    const schema::Batch* batch = receiver.next();
    ASSERT_NE(batch, nullptr);
    record = batch->stats()->Get(0);
  } while (record->topics()->Get(0)->next_seq() == 0);
  EXPECT_EQ(text_of(record->topics()->Get(0)->topic()), "http");
  EXPECT_EQ(record->topics()->Get(0)->next_seq(), 1u);
  EXPECT_EQ(text_of(record->counters()->Get(0)->name()), "frames");
  EXPECT_EQ(record->counters()->Get(0)->value(), 12u);
  EXPECT_EQ(record->counters()->Get(0)->queue(), 2);
  publisher->stop(0ms);
}

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
  LossCounter losses;
  losses.watch(Topic::http);
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
      if (batch != nullptr && topic_of(*batch) == Topic::http) {
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
    if (topic_of(*batch) == Topic::http) ++stalled_got;
    caught_up = topic_of(*batch) == Topic::stats && batch->stats()->Get(0)->topics()->Get(0)->next_seq() == sent;
  }
  EXPECT_GT(lost, 0u);
  // From its first batch on, what it got and what it counts as lost is all there was.
  EXPECT_LE(stalled_got + lost, sent);
  EXPECT_GE(stalled_got + lost, kMore);
  publisher->stop(0ms);
}

TEST_F(PublisherTest, PushWaitsForRoomThenDropsAndCountsEveryBatch) {
  PublisherOptions options = tcp_pub();
  options.pub.clear();
  options.push = {"tcp://127.0.0.1:*"};
  options.push_patience = 20ms;
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
  while (publisher->report().at(0).batches_dropped < 10 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(publisher->report().at(0).batches_dropped, 10u);
  EXPECT_EQ(publisher->report().at(0).records_dropped, 20u);
  publisher->stop(0ms);
}

TEST_F(PublisherTest, PushWithoutLimitHoldsTheFileBackUntilSomebodyPulls) {
  PublisherOptions options = tcp_pub();
  options.pub.clear();
  options.push = {"tcp://127.0.0.1:*"};
  options.push_patience = std::nullopt;
  options.queue_batches = 4;
  auto publisher = opened(std::move(options));
  Encoder encoder(
      {.sensor = "s", .epoch_ns = 5, .when_full = WhenFull::wait},
      publisher->add_lane({.normal_batches = 4, .normal_bytes = 4096, .large_batches = 0, .large_bytes = 0}));
  publisher->start();
  constexpr std::uint32_t kSent = 2000;
  std::thread worker([&] {
    for (std::uint32_t i = 0; i < kSent; ++i) {
      encoder.add(TestMessage::request("GET", "/" + std::string(900, 'x')).index(i).get(), context());
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
  EXPECT_EQ(publisher->report().at(0).batches_dropped, 0u);
}

TEST_F(PublisherTest, WhatAllQueuesTogetherHoldIsBounded) {
  PublisherOptions options = tcp_pub();
  options.queue_octets_max = 1 << 20;
  options.push = {"tcp://127.0.0.1:*"};
  options.push_patience = std::nullopt; // holds on to what it has
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

class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe(fds_.data()), 0); }
  ~Pipe() {
    ::close(fds_[1]);
    close_reader();
  }
  void close_reader() {
    if (fds_[0] >= 0) ::close(std::exchange(fds_[0], -1));
  }
  [[nodiscard]] int reader() const { return fds_[0]; }
  [[nodiscard]] int writer() const { return fds_[1]; }

 private:
  std::array<int, 2> fds_{};
};

TEST_F(PublisherTest, JsonLinesAreWholeAndInOrderHoweverSlowTheReader) {
  Pipe pipe;
  PublisherOptions options;
  options.json.emplace();
  options.json->fd = pipe.writer();
  auto publisher = opened(std::move(options));
  Encoder encoder(
      {.when_full = WhenFull::wait},
      publisher->add_lane({.normal_batches = 2, .normal_bytes = 4096, .large_batches = 1, .large_bytes = 65536}));
  publisher->start();
  constexpr std::uint32_t kSent = 3000;
  std::thread worker([&] {
    for (std::uint32_t i = 0; i < kSent; ++i) encoder.add(TestMessage::request("GET", "/").index(i).get(), context());
    encoder.close();
  });
  std::string text;
  std::array<char, 1000> piece{};
  while (std::count(text.begin(), text.end(), '\n') < kSent) {
    const ssize_t got = ::read(pipe.reader(), piece.data(), piece.size());
    ASSERT_GT(got, 0);
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  worker.join();
  publisher->stop(0ms);
  std::istringstream lines(text);
  std::uint32_t next_index = 0;
  for (std::string line; std::getline(lines, line);) ASSERT_EQ(nlohmann::json::parse(line)["index"], next_index++);
  EXPECT_EQ(next_index, kSent);
  EXPECT_FALSE(publisher->failed());
}

TEST_F(PublisherTest, AClosedPipeEndsThePublisherWithASentenceAndFreesAWaitingWorker) {
  Pipe pipe;
  pipe.close_reader();
  PublisherOptions options;
  options.json.emplace();
  options.json->fd = pipe.writer();
  auto publisher = opened(std::move(options));
  Encoder encoder(
      {.when_full = WhenFull::wait},
      publisher->add_lane({.normal_batches = 2, .normal_bytes = 4096, .large_batches = 0, .large_bytes = 0}));
  publisher->start();
  for (int i = 0; i < 500; ++i) encoder.add(TestMessage::request("GET", std::string(500, 'x')).get(), context());
  encoder.close();
  publisher->stop(0ms);
  ASSERT_TRUE(publisher->failed());
  EXPECT_EQ(publisher->failure()->code, ExitCode::output);
  EXPECT_THAT(publisher->failure()->sentence, HasSubstr("has gone"));
}

TEST_F(PublisherTest, AFullDiskIsNamed) {
  const int full = ::open("/dev/full", O_WRONLY);
  if (full < 0) GTEST_SKIP() << "no /dev/full here";
  PublisherOptions options;
  options.json.emplace();
  options.json->fd = full;
  auto publisher = opened(std::move(options));
  Encoder encoder({}, publisher->add_lane({}));
  publisher->start();
  encoder.add(TestMessage::request("GET", "/").get(), context());
  encoder.close();
  publisher->stop(0ms);
  ::close(full);
  ASSERT_TRUE(publisher->failed());
  EXPECT_THAT(publisher->failure()->sentence, HasSubstr("make room"));
}

TEST_F(PublisherTest, WithoutAnyEndpointBatchesStillComeBack) {
  auto publisher = opened({});
  Encoder encoder(
      {.when_full = WhenFull::wait},
      publisher->add_lane({.normal_batches = 2, .normal_bytes = 4096, .large_batches = 0, .large_bytes = 0}));
  publisher->start();
  for (int i = 0; i < 500; ++i) encoder.add(TestMessage::request("GET", std::string(500, 'x')).get(), context());
  encoder.close();
  publisher->stop(kAtMost);
  EXPECT_EQ(encoder.counters().get(EncoderCount::messages_published), 500u);
  EXPECT_FALSE(publisher->failed());
}

TEST_F(PublisherTest, WithCurveOnlyClientsOnTheListGetIn) {
  std::string pattern = (std::filesystem::temp_directory_path() / "curve.XXXXXX").string();
  const std::filesystem::path base = ::mkdtemp(pattern.data());
  for (const char* name : {"server", "friend", "stranger"}) ASSERT_TRUE(generate_keys((base / name).string()));
  PublisherOptions options = tcp_pub();
  options.curve = CurveServer{read_key((base / "server.secret").string(), true).value(),
                              read_keys((base / "friend.public").string()).value()};
  auto publisher = opened(std::move(options));
  publisher->start();
  const auto client = [&](const char* name) {
    return make_client((base / "server.public").string(), (base / name).string()).value();
  };
  const CurveClient known = client("friend.secret");
  const CurveClient unknown = client("stranger.secret");
  Receiver plain(zmq::socket_type::sub, publisher->endpoints().at(0), {"stats"});
  Receiver refused(zmq::socket_type::sub, publisher->endpoints().at(0), {"stats"}, 0, &unknown);
  Receiver welcome(zmq::socket_type::sub, publisher->endpoints().at(0), {"stats"}, 0, &known);
  EXPECT_NE(welcome.next(), nullptr);
  EXPECT_NE(welcome.next(), nullptr);
  EXPECT_EQ(refused.next(300ms), nullptr);
  EXPECT_EQ(plain.next(100ms), nullptr);
  publisher->stop(0ms);
  std::filesystem::remove_all(base);
}

} // namespace
} // namespace xdpcap::publish::test
