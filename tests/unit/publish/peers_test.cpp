#include <arpa/inet.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <thread>

#include "core/owned_fd.hpp"
#include "publisher_fixture.hpp"

// What peers of an endpoint may cost: they are strangers that may enter a directory or reach a
// port.
namespace xdpcap::publish::test {
namespace {

// The count of this name in the next heartbeats, as soon as it is at least `least`.
std::uint64_t wait_for_count(Receiver& receiver, std::string_view name, std::uint64_t least) {
  const auto deadline = std::chrono::steady_clock::now() + kAtMost;
  std::uint64_t value = 0;
  while (value < least && std::chrono::steady_clock::now() < deadline) {
    const schema::Batch* batch = receiver.next();
    if (batch == nullptr || batch->stats() == nullptr) continue;
    for (const auto* count : *batch->stats()->Get(0)->counters()) {
      if (codec::text_of(count->name()) == name) value = count->value();
    }
  }
  return value;
}

// Subscribes to `count` random names of `size` bytes, on a thread of its own, from which it cannot
// learn that it was hung up on: libzmq connects again, and sends it all anew.
class Flood {
 public:
  Flood(const std::string& endpoint, std::size_t count, std::size_t size) {
    thread_ = std::thread([this, endpoint, count, size] {
      zmq::socket_t socket(context_, zmq::socket_type::sub);
      socket.set(zmq::sockopt::sndhwm, 0);
      socket.set(zmq::sockopt::linger, 0);
      socket.connect(endpoint);
      std::mt19937 random(1);
      std::string name(size, ' ');
      for (std::size_t i = 0; i < count; ++i) {
        for (char& c : name) c = static_cast<char>(random());
        socket.set(zmq::sockopt::subscribe, name);
      }
      while (!over_) {
        [[maybe_unused]] const int events =
            socket.get(zmq::sockopt::events); // lets it subscribe anew
        std::this_thread::sleep_for(1ms);
      }
    });
  }
  ~Flood() {
    over_ = true;
    thread_.join();
  }

 private:
  zmq::context_t context_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

std::size_t heap() {
  return ::mallinfo2().uordblks;
}

OwnedFd connect_to(const std::string& endpoint) {
  OwnedFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port =
      htons(static_cast<std::uint16_t>(std::stoul(endpoint.substr(endpoint.rfind(':') + 1))));
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

TEST_F(PublisherTest, WhoSubscribesToWhatIsNoTopicIsHungUpOnAndCostsNothing) {
  auto publisher = opened(tcp_pub());
  Encoder encoder({.sensor = "s", .epoch_ns = 5}, publisher->add_lane({}));
  publisher->start();
  const std::string endpoint = publisher->endpoints().at(0);
  Receiver stats(zmq::socket_type::sub, endpoint, {"stats"});
  Receiver http(zmq::socket_type::sub, endpoint, {"ht"});
  ASSERT_NE(stats.next(), nullptr);
  const std::size_t before = heap();
  {
    const Flood many(endpoint, 5000, 40);
    const Flood long_ones(endpoint, 500, 480); // of a size that is let through
    const Flood too_long(endpoint, 5, 5000);
    EXPECT_GE(wait_for_count(stats, "publish_peers_disconnected", 8), 8u);
  }
  EXPECT_GT(wait_for_count(stats, "publish_unknown_subscriptions", 1), 64u);
  // The floods' own side is in this process too; theirs is gone with them.
  EXPECT_LT(heap(), before + (std::size_t{8} << 20));
  // Others go on, or come back: whose descriptor has the number of one that was just closed is hung
  // up on in its place, and connects again.
  bool received = false;
  for (int i = 0; i < 10 && !received; ++i) {
    encoder.add(TestMessage::request("GET", "/").get(), context());
    encoder.close();
    received = http.next() != nullptr;
  }
  EXPECT_TRUE(received);
  publisher->stop(0ms);
}

TEST_F(PublisherTest, AFewNamesThatAreNoTopicsAreNoReasonToHangUp) {
  auto publisher = opened(tcp_pub());
  publisher->start();
  Receiver receiver(zmq::socket_type::sub, publisher->endpoints().at(0),
                    {"httpd", "", "x", "stats2"});
  EXPECT_EQ(wait_for_count(receiver, "publish_unknown_subscriptions", 3), 3u);
  EXPECT_EQ(wait_for_count(receiver, "publish_peers_disconnected", 0), 0u);
  publisher->stop(0ms);
}

TEST_F(PublisherTest, ConnectionsBeyondTheLimitAreClosedAndThoseBeforeGoOn) {
  PublisherOptions options = tcp_pub();
  options.connections_max = 16;
  auto publisher = opened(std::move(options));
  publisher->start();
  const std::string endpoint = publisher->endpoints().at(0);
  Receiver stats(zmq::socket_type::sub, endpoint, {"stats"});
  ASSERT_NE(stats.next(), nullptr);
  // In another process: descriptors of this one are what is short.
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<OwnedFd> idle;
    idle.reserve(300);
    for (int i = 0; i < 300; ++i) idle.push_back(connect_to(endpoint));
    ::pause();
  }
  EXPECT_GE(wait_for_count(stats, "publish_connections_refused", 200), 200u);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  Receiver later(zmq::socket_type::sub, endpoint, {"stats"});
  EXPECT_NE(later.next(), nullptr) << "room was made by those who left";
  publisher->stop(0ms);
}

TEST_F(PublisherTest, ASocketThatSomebodyRemovedIsReportedToSubscribers) {
  std::string room = "/tmp/xdpcap-gone-XXXXXX";
  ASSERT_NE(::mkdtemp(room.data()), nullptr);
  PublisherOptions options = tcp_pub();
  options.pub = {"ipc://" + room + "/run/pub.sock"};
  auto publisher = opened(std::move(options));
  publisher->start();
  Receiver stats(zmq::socket_type::sub, publisher->endpoints().at(0), {"stats"});
  EXPECT_EQ(wait_for_count(stats, "health_endpoint_gone", 0), 0U);
  ASSERT_NE(stats.next(), nullptr);
  std::filesystem::remove_all(room);
  EXPECT_EQ(wait_for_count(stats, "health_endpoint_gone", 1), 1U);
  EXPECT_EQ(publisher->endpoints_gone(), 1U);
  publisher->stop(0ms);
}

TEST_F(PublisherTest, TooFewDescriptorsAreSaidBeforeLibzmqEndsTheProcess) {
  for (const rlim_t descriptors : {8U, 16U, 32U, 48U, 64U, 100U}) {
    const pid_t child = ::fork();
    if (child == 0) {
      const rlimit limit{descriptors, descriptors};
      ::setrlimit(RLIMIT_NOFILE, &limit);
      const auto publisher = Publisher::open(tcp_pub());
      ::_exit(!publisher &&
                      publisher.error().message.find("descriptors are too few") != std::string::npos
                  ? 0
                  : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << descriptors;
  }
}

} // namespace
} // namespace xdpcap::publish::test
