// The stages of one worker together: frames in, batches out.
#include "engine/pipeline.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "capture/file/memory_source.hpp"
#include "codec/batch_view.hpp"
#include "engine/ledger.hpp"
#include "engine/queue_worker.hpp"
#include "support/allocation_watch.hpp"
#include "support/packet.hpp"

namespace xdpcap::engine {
namespace {

using test::eth;
using test::Packet;

// A keep-alive connection as frames: a handshake, then requests and responses.
std::vector<Packet> conversation(std::uint16_t client_port, int exchanges,
                                 const std::string& body) {
  const Packet from_client = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(client_port, 80);
  const Packet from_server = eth().ipv4("10.0.0.2", "10.0.0.1").tcp(80, client_port);
  const std::string request = "GET /page HTTP/1.1\r\nHost: example.test\r\nAccept: */*\r\n\r\n";
  const std::string response =
      "HTTP/1.1 200 OK\r\nServer: test\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n" + body;
  std::uint32_t client_at = 1000, server_at = 7000;
  std::vector<Packet> packets{from_client.seq(client_at++).flags("S"),
                              from_server.seq(server_at++).ack(client_at).flags("SA"),
                              from_client.seq(client_at).ack(server_at)};
  for (int i = 0; i < exchanges; ++i) {
    packets.push_back(from_client.seq(client_at).ack(server_at).flags("PA").payload(request));
    client_at += static_cast<std::uint32_t>(request.size());
    for (std::size_t at = 0; at < response.size(); at += 1400) {
      const std::string piece = response.substr(at, 1400);
      packets.push_back(from_server.seq(server_at).ack(client_at).flags("PA").payload(piece));
      server_at += static_cast<std::uint32_t>(piece.size());
    }
  }
  packets.push_back(from_client.seq(client_at).ack(server_at).flags("FA"));
  packets.push_back(from_server.seq(server_at).ack(client_at + 1).flags("FA"));
  packets.push_back(from_client.seq(client_at + 1).ack(server_at + 1));
  return packets;
}

// One worker with the test in the publisher's place.
class PipelineTest : public ::testing::Test {
 protected:
  PipelineTest() {
    options_.tracker.flows_max = 4096;
    options_.tracker.half_open_max = 4096;
    options_.http_memory = 8 << 20;
    options_.decode.fragment_bytes = 1 << 20;
    pipeline_.emplace(options_, encoder_);
  }

  // What was published since the last call: the anomalies of each message.
  std::vector<std::uint64_t> take_anomalies() {
    std::vector<std::uint64_t> anomalies;
    while (publish::Batch* batch = lane_.next()) {
      const schema::Batch* view = reader_.open(batch->bytes());
      EXPECT_NE(view, nullptr);
      if (view->messages() != nullptr) {
        for (const auto* message : *view->messages()) anomalies.push_back(message->anomalies());
      }
      lane_.recycle(batch);
    }
    return anomalies;
  }
  std::size_t show_messages() { return take_anomalies().size(); }
  void throw_batches_away() {
    while (publish::Batch* batch = lane_.next()) lane_.recycle(batch);
  }
  void receive(const std::vector<Packet>& packets) {
    Instant now = instant_from_ns(1'700'000'000'000'000'000);
    for (const Packet& packet : packets) {
      const Packet dated = packet.at(now += std::chrono::microseconds{10});
      const auto segment = pipeline_->decode(dated.frame());
      if (segment.ok() && pipeline_->wants(*segment)) pipeline_->accept(*segment);
    }
    pipeline_->end_burst(now);
  }

  PipelineOptions options_;
  publish::Doorbell doorbell_;
  publish::BatchLane lane_{publish::LaneShape{}, 0, doorbell_};
  publish::Encoder encoder_{publish::EncoderOptions{.sensor = "test"}, lane_};
  codec::BatchReader reader_;
  std::optional<Pipeline> pipeline_;
};

TEST_F(PipelineTest, each_exchange_becomes_two_messages) {
  receive(conversation(40000, 10, "hello"));
  pipeline_->finish();
  EXPECT_EQ(show_messages(), 20U);
}

TEST_F(PipelineTest, the_ledger_closes_whatever_the_frames_were) {
  std::vector<Packet> packets = conversation(40000, 3, std::string(5000, 'x'));
  packets.insert(packets.begin() + 5, packets[4]);                                // repeated
  std::swap(packets[6], packets[8]);                                              // overtaken
  packets.push_back(eth().ipv4("10.0.0.1", "10.0.0.2").udp(53, 53));              // not TCP
  packets.push_back(eth().ether_type(0x0806));                                    // not IP
  packets.push_back(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).data_offset(3)); // impossible
  packets.push_back(
      eth().ipv4("10.0.0.1", "10.0.0.9").tcp(5, 6).seq(1).payload("early").fragment(0, true, 9));
  receive(packets);
  pipeline_->finish();
  const Ledger ledger = make_ledger({&*pipeline_}, std::nullopt);
  for (const Equation& equation : ledger.equations) {
    EXPECT_TRUE(equation.holds()) << equation.name << ": " << equation.left << " = "
                                  << equation.right;
  }
  EXPECT_EQ(ledger.captured, packets.size());
  EXPECT_EQ(show_messages(), 6U);
}

TEST_F(PipelineTest, a_flow_record_tells_what_its_connection_lost_and_to_whom) {
  std::vector<Packet> packets = conversation(40000, 2, std::string(5000, 'x'));
  pipeline_->update_capture_loss(instant_from_ns(1'700'000'000'000'000'000));
  packets.erase(packets.begin() + 5); // of the first response's body
  receive(packets);
  pipeline_->finish();
  std::size_t closed = 0;
  while (publish::Batch* batch = lane_.next()) {
    const schema::Batch* view = reader_.open(batch->bytes());
    for (std::uint32_t i = 0; view->flows() != nullptr && i < view->flows()->size(); ++i) {
      const schema::FlowRecord* flow = view->flows()->Get(i);
      if (flow->event() != schema::FlowEvent::closed) continue;
      ++closed;
      EXPECT_EQ(flow->to_client()->gaps(), 1U);
      EXPECT_EQ(flow->to_client()->gaps_by_capture(), 1U);
      EXPECT_EQ(flow->to_client()->gap_bytes(), 1400U);
      EXPECT_EQ(flow->to_server()->gaps(), 0U);
    }
    lane_.recycle(batch);
  }
  EXPECT_EQ(closed, 1U);
}

bool has(std::uint64_t anomalies, http::Anomaly one) {
  return (anomalies >> static_cast<unsigned>(one) & 1) != 0;
}

TEST_F(PipelineTest, a_connection_of_which_one_side_is_seen_says_so) {
  std::vector<Packet> packets = conversation(40000, 2, "hello");
  std::erase_if(packets, [](const Packet& packet) {
    return packet.bytes()[26 + 3] == std::byte{2};
  }); // the server's
  receive(packets);
  pipeline_->finish();
  const auto anomalies = take_anomalies();
  ASSERT_EQ(anomalies.size(), 2U);
  EXPECT_TRUE(has(anomalies[0], http::Anomaly::one_sided));
  EXPECT_TRUE(has(anomalies[1], http::Anomaly::one_sided));
}

TEST_F(PipelineTest, a_connection_joined_late_is_not_called_one_sided) {
  std::vector<Packet> packets = conversation(40000, 2, "hello");
  packets.erase(packets.begin(), packets.begin() + 3); // the handshake
  receive(packets);
  pipeline_->finish();
  for (const std::uint64_t anomalies : take_anomalies())
    EXPECT_FALSE(has(anomalies, http::Anomaly::one_sided));
}

TEST_F(PipelineTest, two_versions_of_the_same_bytes_are_told_by_the_messages) {
  const Packet from_client = eth().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80);
  const Packet from_server = eth().ipv4("10.0.0.2", "10.0.0.1").tcp(80, 40000);
  receive({from_client.seq(100).flags("S"), from_server.seq(500).ack(101).flags("SA"),
           from_client.seq(101).ack(501),
           from_client.seq(106).ack(501).flags("PA").payload("secret HTTP/1.1\r\nHost: a\r\n\r\n"),
           from_client.seq(106).ack(501).flags("PA").payload("public HTTP/1.1\r\nHost: a\r\n\r\n"),
           from_client.seq(101).ack(501).flags("PA").payload("GET /")});
  pipeline_->finish();
  const auto anomalies = take_anomalies();
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_TRUE(has(anomalies[0], http::Anomaly::overlap_conflict));
}

TEST_F(PipelineTest, a_worker_allocates_nothing_once_it_is_warm) {
  std::vector<Packet> packets;
  for (std::uint16_t port = 40000; port < 40020; ++port) {
    for (Packet& packet : conversation(port, 20, std::string(3000, 'y'))) packets.push_back(packet);
  }
  for (std::size_t i = 7; i + 1 < packets.size(); i += 11)
    std::swap(packets[i], packets[i + 1]); // and out of order
  std::vector<wire::Frame> frames;
  Instant now = instant_from_ns(1'700'000'000'000'000'000);
  for (Packet& packet : packets) {
    packet = packet.at(now += std::chrono::microseconds{10});
    frames.push_back(packet.frame());
  }
  capture::MemorySource source{frames, 6};
  Shared shared;
  QueueWorker worker{0, source, *pipeline_, shared, tcp::FlowHash{{.low = 1}}, nullptr};

  for (std::size_t i = 0; i < frames.size() / 64; ++i) { // the first round warms it up
    ASSERT_TRUE(worker.poll_once());
    throw_batches_away();
  }
  std::size_t bursts = 0;
  std::size_t allocated = 0;
  for (bool more = true; more; ++bursts) {
    {
      const test::AllocationWatch watch;
      more = worker.poll_once();
      allocated += watch.count();
    }
    throw_batches_away();
  }
  EXPECT_EQ(allocated, 0U);
  EXPECT_GT(bursts, 100U);
  EXPECT_EQ(pipeline_->workspace().counts().get(http::HttpCount::requests), 6U * 20 * 20);
}

TEST(AllocationWatch, sees_an_allocation) {
  if (!test::AllocationWatch::works()) return; // under a sanitizer nothing is counted
  const test::AllocationWatch watch;
  void* volatile const at = std::malloc(100); // volatile: or the compiler sees that nobody needs it
  const std::size_t counted = watch.count();
  std::free(at);
  EXPECT_EQ(counted, 1U);
}

} // namespace
} // namespace xdpcap::engine
