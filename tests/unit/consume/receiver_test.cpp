#include "consume/receiver.hpp"

#include <gtest/gtest.h>

#include "publish/stats_writer.hpp"

namespace xdpcap::consume {
namespace {

using std::chrono::milliseconds;

class ReceiverTest : public ::testing::Test {
 protected:
  ReceiverTest() : publisher_(context_, zmq::socket_type::push) {
    publisher_.set(zmq::sockopt::linger, 0);
    publisher_.bind("tcp://127.0.0.1:*");
    Sources sources;
    sources.pull = {publisher_.get(zmq::sockopt::last_endpoint)};
    receiver_ = std::move(Receiver::open(sources)).value();
  }

  void send(const std::vector<std::string>& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      publisher_.send(zmq::buffer(parts[i]),
                      i + 1 < parts.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
  }
  static std::string heartbeat() {
    flatbuffers::FlatBufferBuilder builder;
    const Bytes bytes = publish::write_heartbeat(builder, {.sensor = "s"});
    return std::string(as_text(bytes));
  }
  // The next sound batch; damaged ones before it were counted.
  bool comes() {
    for (int i = 0; i < 400; ++i) {
      if (receiver_->next(milliseconds{50})) return true;
    }
    return false;
  }

  zmq::context_t context_;
  zmq::socket_t publisher_;
  std::unique_ptr<Receiver> receiver_;
};

TEST_F(ReceiverTest, MessagesOfOneOrThreePartsAreDamagedAndTheNextIsWhole) {
  send({"stats"});
  send({"stats", heartbeat(), "more", "and more"});
  send({"stats", "no FlatBuffer"});
  send({"stats", heartbeat()});
  EXPECT_TRUE(comes());
  EXPECT_EQ(receiver_->damaged(), 3U);
}

} // namespace
} // namespace xdpcap::consume
