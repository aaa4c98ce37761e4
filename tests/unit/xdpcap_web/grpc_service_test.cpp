#include "apps/xdpcap_web/grpc/grpc_service.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "make.hpp"
#include "tcp_monitor.grpc.pb.h"

namespace xdpcap::web {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr std::uint64_t kSecond = 1'000'000'000;

BatchPointer segments(std::uint16_t port, std::size_t count, const std::string& payload = "") {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<schema::SegmentRecord>> records;
  const schema::Endpoint client = endpoint("10.0.0.1:4000"),
                         server = endpoint("10.0.0.2:" + std::to_string(port));
  for (std::size_t i = 0; i < count; ++i) {
    const auto bytes =
        builder.CreateVector(reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size());
    schema::SegmentRecordBuilder record(builder);
    record.add_flow(7);
    record.add_client(&client);
    record.add_server(&server);
    record.add_arrived_ns(5);
    record.add_seq(static_cast<std::uint32_t>(i));
    record.add_flags(18);
    record.add_interface(2);
    record.add_payload_bytes(static_cast<std::uint32_t>(payload.size()));
    record.add_payload(bytes);
    records.push_back(record.Finish());
  }
  const auto vector = builder.CreateVector(records);
  const auto sensor = builder.CreateString("web1");
  schema::BatchBuilder batch(builder);
  batch.add_sensor(sensor);
  batch.add_epoch(9);
  batch.add_segments(vector);
  schema::FinishBatchBuffer(builder, batch.Finish());
  return KeptBatch::keep(
      {reinterpret_cast<const std::byte*>(builder.GetBufferPointer()), builder.GetSize()});
}

class GrpcServiceTest : public ::testing::Test {
 protected:
  // A client's stream, and what it has read of it.
  struct Client {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<v1::TcpEvent>> reader;
    v1::TcpEvent event;

    const v1::TcpEvent* next() { return reader->Read(&event) ? &event : nullptr; }
  };

  void SetUp() override { open({.address = "127.0.0.1:0", .streams_max = 2}); }
  void open(const GrpcService::Options& options) {
    GrpcService::Sources sources;
    sources.connections = [this](const PacketFilter& filter) {
      const std::lock_guard lock{mutex_};
      std::vector<Connection> found;
      for (const Connection& one : connections_) {
        if (filter.matches(one)) found.push_back(one);
      }
      return found;
    };
    sources.interface_names = [] {
      return std::map<std::pair<std::string, std::int32_t>, std::string>{{{"web1", 2}, "eth0"}};
    };
    sources.check = [](std::string_view authorization, const std::string& peer) {
      EXPECT_FALSE(peer.empty());
      return authorization == "Bearer right" ? 200U : authorization.empty() ? 401U : 429U;
    };
    auto opened = GrpcService::open(options, std::move(sources));
    ASSERT_TRUE(opened) << opened.error().message;
    service_ = std::move(*opened);
    channel_ = grpc::CreateChannel(fmt::format("127.0.0.1:{}", service_->port()),
                                   grpc::InsecureChannelCredentials());
    stub_ = v1::TcpMonitor::NewStub(channel_);
  }
  std::unique_ptr<Client> connect(const v1::MonitorRequest& request,
                                  const std::string& token = "Bearer right") {
    auto client = std::make_unique<Client>();
    if (!token.empty()) client->context.AddMetadata("authorization", token);
    client->context.set_deadline(std::chrono::system_clock::now() + 30s);
    client->reader = stub_->StreamTraffic(&client->context, request);
    return client;
  }
  // Once the service knows that many.
  void wait_for_streams(std::size_t count) {
    for (int i = 0; i < 1000 && service_->streams() != count; ++i)
      std::this_thread::sleep_for(10ms);
    ASSERT_EQ(service_->streams(), count);
  }
  grpc::Status refusal(const v1::MonitorRequest& request,
                       const std::string& token = "Bearer right") {
    const auto client = connect(request, token);
    EXPECT_EQ(client->next(), nullptr);
    return client->reader->Finish();
  }
  void set_connections(std::vector<Connection> connections) {
    const std::lock_guard lock{mutex_};
    connections_ = std::move(connections);
  }

  std::mutex mutex_;
  std::vector<Connection> connections_;
  std::unique_ptr<GrpcService> service_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::TcpMonitor::Stub> stub_;
};

v1::MonitorRequest packets() {
  v1::MonitorRequest request;
  request.set_packets(true);
  return request;
}

TEST_F(GrpcServiceTest, PacketsThatPassTheFilterCome) {
  v1::MonitorRequest request = packets();
  request.set_interface("eth0");
  request.set_protocol("tcp");
  request.set_destination_port(80);
  request.set_address("10.0.0.1");
  const auto client = connect(request);
  wait_for_streams(1);
  service_->on_batch(segments(443, 5), codec::Topic::tcp);
  service_->on_batch(segments(80, 2, "abc"), codec::Topic::tcp);
  for (std::uint32_t seq = 0; seq < 2; ++seq) {
    const v1::TcpEvent* event = client->next();
    ASSERT_NE(event, nullptr);
    const v1::Packet& packet = event->packet();
    EXPECT_EQ(packet.src_ip(), "10.0.0.1");
    EXPECT_EQ(packet.dst_ip(), "10.0.0.2");
    EXPECT_EQ(packet.sensor(), "web1");
    EXPECT_EQ(packet.interface(), "eth0");
    EXPECT_EQ(packet.tcp().seq(), seq);
    EXPECT_EQ(packet.tcp().dst(), 80u);
    EXPECT_EQ(packet.tcp().payload(), "abc");
    EXPECT_TRUE(packet.tcp().syn() && packet.tcp().ack_flag() && !packet.tcp().fin());
    EXPECT_FALSE(packet.tcp().has_checksum()) << "there was no header";
    EXPECT_EQ(packet.tcp().connection(), (ConnectionId{source_of("web1", 9), 7}.text()));
  }
}

TEST_F(GrpcServiceTest, ConnectionsComeAtFirstAndWhenTheyChange) {
  Connection web, other;
  web.id = {1, 1};
  web.client = endpoint("10.0.0.1:4000");
  web.server = endpoint("10.0.0.2:80");
  web.last_ns = 1 * kSecond;
  web.sides[0].payload_bytes = 10;
  web.ends.client = std::make_shared<const Process>(Process{{.pid = 7, .name = "caf\xe9"}, {}});
  other = web;
  other.id = {1, 2};
  other.server = endpoint("10.0.0.2:443");
  set_connections({web, other});
  v1::MonitorRequest request;
  request.set_statistics(true);
  request.set_statistics_period_ms(100);
  request.set_port(80);
  const auto client = connect(request);
  const v1::TcpEvent* event = client->next();
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->connection().id(), "1-1");
  EXPECT_EQ(event->connection().to_server().payload_bytes(), 10u);
  EXPECT_EQ(event->connection().client_process().name(), "caf\xc3\xa9");
  EXPECT_FALSE(event->connection().has_server_process());
  EXPECT_FALSE(event->connection().has_wire_rtt_ns());
  web.last_ns = 2 * kSecond;
  web.closed = true;
  ++web.revision;
  set_connections({web, other});
  event = client->next();
  ASSERT_NE(event, nullptr);
  EXPECT_TRUE(event->connection().closed()) << "what did not change is not sent again";
  // What the kernel reports late moves nothing on the wire.
  web.ends.server = std::make_shared<const Process>(Process{{.pid = 8, .name = "nginx"}, {}});
  ++web.revision;
  set_connections({web, other});
  event = client->next();
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->connection().server_process().name(), "nginx");
}

TEST_F(GrpcServiceTest, WhoAsksForStatisticsGetsNoPackets) {
  Connection web;
  web.client = endpoint("10.0.0.1:4000");
  web.server = endpoint("10.0.0.2:80");
  v1::MonitorRequest request;
  request.set_statistics(true);
  request.set_statistics_period_ms(100);
  const auto client = connect(request);
  wait_for_streams(1);
  service_->on_batch(segments(80, 100), codec::Topic::tcp);
  set_connections({web});
  const v1::TcpEvent* event = client->next();
  ASSERT_NE(event, nullptr);
  EXPECT_TRUE(event->has_connection());
}

TEST_F(GrpcServiceTest, WithoutTheTokenNothingIsServed) {
  EXPECT_EQ(refusal(packets(), "").error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(refusal(packets(), "").error_message(), HasSubstr("authorization: Bearer TOKEN"));
  EXPECT_EQ(refusal(packets(), "Bearer wrong").error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(GrpcServiceTest, WhatIsAskedForWronglyIsRefusedWithTheFieldsName) {
  EXPECT_THAT(refusal(v1::MonitorRequest()).error_message(), HasSubstr("nothing is asked for"));
  v1::MonitorRequest request = packets();
  request.set_protocol("icmp");
  EXPECT_EQ(refusal(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refusal(request).error_message(), HasSubstr("protocol: "));
  request = packets();
  request.set_source_port(70'000);
  EXPECT_THAT(refusal(request).error_message(), HasSubstr("source_port: "));
  request = packets();
  request.set_destination_address("10.0.0.256");
  EXPECT_THAT(refusal(request).error_message(), HasSubstr("destination_address: "));
  request = packets();
  request.set_interface("nope");
  EXPECT_THAT(refusal(request).error_message(),
              HasSubstr("interface: no capture listens on 'nope'"));
  request = packets();
  request.set_statistics_period_ms(1);
  EXPECT_THAT(refusal(request).error_message(), HasSubstr("statistics_period_ms: "));
}

TEST_F(GrpcServiceTest, StreamsAreLimitedAndAClientThatLeavesMakesRoom) {
  const auto one = connect(packets()), two = connect(packets());
  wait_for_streams(2);
  EXPECT_EQ(refusal(packets()).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  one->context.TryCancel();
  wait_for_streams(1);
  const auto three = connect(packets());
  wait_for_streams(2);
  service_->on_batch(segments(80, 1), codec::Topic::tcp);
  EXPECT_NE(three->next(), nullptr);
}

TEST_F(GrpcServiceTest, ASlowClientLosesItsOwnPacketsAndLearnsHowMany) {
  open({.address = "127.0.0.1:0", .streams_max = 2, .queue_bytes = 100'000});
  const auto slow = connect(packets());
  wait_for_streams(1);
  // More than all buffers on the way hold.
  constexpr std::uint64_t kBatches = 4000, kPackets = 10;
  const BatchPointer batch = segments(80, kPackets, std::string(2000, 'x'));
  for (std::uint64_t i = 0; i < kBatches; ++i) service_->on_batch(batch, codec::Topic::tcp);
  std::uint64_t got = 0, lost = 0;
  while (got + lost < kBatches * kPackets) {
    const v1::TcpEvent* event = slow->next();
    ASSERT_NE(event, nullptr) << got << " came and " << lost << " were lost";
    got += event->has_packet() ? 1u : 0u;
    lost += event->lost().packets();
  }
  EXPECT_EQ(got + lost, kBatches * kPackets);
  EXPECT_GT(lost, 0u);
}

TEST_F(GrpcServiceTest, TheEndEndsStreamsEvenOfClientsThatDoNotRead) {
  const auto reading = connect(packets()), stuck = connect(packets());
  wait_for_streams(2);
  const BatchPointer batch = segments(80, 20, std::string(3000, 'x'));
  for (int i = 0; i < 1000; ++i) service_->on_batch(batch, codec::Topic::tcp);
  std::thread reader([&] {
    while (reading->next() != nullptr) {
    }
  });
  service_->stop();
  reader.join();
  EXPECT_EQ(service_->streams(), 0u);
}

TEST_F(GrpcServiceTest, AnAddressThatCannotBeListenedOnIsSaid) {
  auto taken = GrpcService::open({.address = fmt::format("127.0.0.1:{}", service_->port())}, {});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ExitCode::environment);
  EXPECT_THAT(taken.error().message, HasSubstr("cannot be listened on"));
}

} // namespace
} // namespace xdpcap::web
