#pragma once

#include <gtest/gtest.h>

#include "codec/loss_counter.hpp"
#include "publish/encoder.hpp"
#include "publish/publisher.hpp"
#include "support.hpp"

namespace xdpcap::publish::test {

using namespace std::chrono_literals;

// How long a test waits for what must come; only a failure ever takes so long.
inline constexpr auto kAtMost = 20'000ms;

// A subscriber or puller with a context of its own, as another process would be.
class Receiver {
 public:
  Receiver(zmq::socket_type type, const std::string& endpoint,
           std::initializer_list<const char*> topics = {}, int hwm = 0,
           const transport::CurveClient* curve = nullptr)
      : socket_(context_, type) {
    socket_.set(zmq::sockopt::rcvhwm, hwm);
    socket_.set(zmq::sockopt::linger, 0);
    if (curve != nullptr) apply(*curve, socket_);
    for (const char* topic : topics) socket_.set(zmq::sockopt::subscribe, topic);
    socket_.connect(endpoint);
  }

  // The next batch, or nothing when none came in time.
  const schema::Batch* next(std::chrono::milliseconds timeout = kAtMost) {
    socket_.set(zmq::sockopt::rcvtimeo, static_cast<int>(timeout.count()));
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
  codec::BatchReader reader_;
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
    if (!publisher) ADD_FAILURE() << publisher.error().message;
    return std::move(publisher).value();
  }
  static void wait_for_subscriber(const Publisher& publisher) {
    const auto deadline = std::chrono::steady_clock::now() + kAtMost;
    while (!publisher.subscribed() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(1ms);
    ASSERT_TRUE(publisher.subscribed());
  }
};

} // namespace xdpcap::publish::test
