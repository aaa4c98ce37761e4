#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "publisher_fixture.hpp"

namespace xdpcap::publish::test {
namespace {

using ::testing::HasSubstr;

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

  codec::LossCounter losses;
  losses.watch(codec::Topic::http);
  losses.watch(codec::Topic::stats);
  std::uint32_t next_index = 0;
  for (bool last = false; !last;) {
    const schema::Batch* batch = receiver.next();
    ASSERT_NE(batch, nullptr);
    losses.see(*batch);
    EXPECT_GT(batch->published_ns(), 1u);
    if (codec::topic_of(*batch) == codec::Topic::http) {
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
  EXPECT_EQ(codec::text_of(record->topics()->Get(0)->topic()), "http");
  EXPECT_EQ(record->topics()->Get(0)->next_seq(), 1u);
  EXPECT_EQ(codec::text_of(record->counters()->Get(0)->name()), "frames");
  EXPECT_EQ(record->counters()->Get(0)->value(), 12u);
  EXPECT_EQ(record->counters()->Get(0)->queue(), 2);
  publisher->stop(0ms);
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
      publisher->add_lane(
          {.normal_batches = 2, .normal_bytes = 4096, .large_batches = 1, .large_bytes = 65536}));
  publisher->start();
  constexpr std::uint32_t kSent = 3000;
  std::thread worker([&] {
    for (std::uint32_t i = 0; i < kSent; ++i)
      encoder.add(TestMessage::request("GET", "/").index(i).get(), context());
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
  for (std::string line; std::getline(lines, line);)
    ASSERT_EQ(nlohmann::json::parse(line)["index"], next_index++);
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
      publisher->add_lane(
          {.normal_batches = 2, .normal_bytes = 4096, .large_batches = 0, .large_bytes = 0}));
  publisher->start();
  for (int i = 0; i < 500; ++i)
    encoder.add(TestMessage::request("GET", std::string(500, 'x')).get(), context());
  encoder.close();
  publisher->stop(0ms);
  ASSERT_TRUE(publisher->failed());
  EXPECT_EQ(publisher->failure()->code, ExitCode::output);
  EXPECT_THAT(publisher->failure()->message, HasSubstr("has gone"));
}

TEST_F(PublisherTest, AFullDiskIsNamed) {
  const int full = ::open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
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
  EXPECT_THAT(publisher->failure()->message, HasSubstr("make room"));
}

TEST_F(PublisherTest, WithoutAnyEndpointBatchesStillComeBack) {
  auto publisher = opened({});
  Encoder encoder(
      {.when_full = WhenFull::wait},
      publisher->add_lane(
          {.normal_batches = 2, .normal_bytes = 4096, .large_batches = 0, .large_bytes = 0}));
  publisher->start();
  for (int i = 0; i < 500; ++i)
    encoder.add(TestMessage::request("GET", std::string(500, 'x')).get(), context());
  encoder.close();
  publisher->stop(kAtMost);
  EXPECT_EQ(encoder.counters().get(EncoderCount::messages_published), 500u);
  EXPECT_FALSE(publisher->failed());
}

TEST_F(PublisherTest, WithCurveOnlyClientsOnTheListGetIn) {
  std::string pattern = (std::filesystem::temp_directory_path() / "curve.XXXXXX").string();
  const std::filesystem::path base = ::mkdtemp(pattern.data());
  for (const char* name : {"server", "friend", "stranger"})
    ASSERT_TRUE(transport::generate_keys((base / name).string()));
  PublisherOptions options = tcp_pub();
  options.curve =
      transport::CurveServer{transport::read_key((base / "server.secret").string(), true).value(),
                             transport::read_keys((base / "friend.public").string()).value()};
  auto publisher = opened(std::move(options));
  publisher->start();
  const auto client = [&](const char* name) {
    return transport::make_client((base / "server.public").string(), (base / name).string())
        .value();
  };
  const transport::CurveClient known = client("friend.secret");
  const transport::CurveClient unknown = client("stranger.secret");
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
