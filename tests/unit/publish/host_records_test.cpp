#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "codec/json.hpp"
#include "publish/encoder.hpp"
#include "support.hpp"

namespace xdpcap::publish::test {
namespace {

using nlohmann::json;
using ::testing::SizeIs;

constexpr LaneShape kLane{
    .normal_batches = 8, .normal_bytes = 16384, .large_batches = 0, .large_bytes = 0};

class HostRecords : public ::testing::Test {
 protected:
  using Owner = std::shared_ptr<const record::Process>;
  static Owner process(std::uint64_t serial, const std::string& name) {
    record::Process made{.serial = serial,
                         .pid = static_cast<std::uint32_t>(1000 + serial),
                         .name = name,
                         .command = "/usr/bin/shop --port 80",
                         .cgroup = "/system.slice/shop.service",
                         .container = "",
                         .started_ns = 5,
                         .uid = 33};
    return std::make_shared<const record::Process>(std::move(made));
  }
  static record::SocketRecord socket(const Owner& process) {
    record::SocketRecord record;
    record.at_ns = 7;
    record.event = schema::SocketEvent::opened;
    record.state = schema::TcpState::established;
    record.cookie = 0x1234567890;
    record.network_namespace = 4026531840;
    record.local = v4(1, 4000);
    record.remote = v4(2, 80);
    record.process = process;
    record.uid = 33;
    return record;
  }

  Doorbell doorbell_;
  BatchLane lane_{kLane, 5, doorbell_};
  Encoder encoder_{{.sensor = "probe", .epoch_ns = 77}, lane_};
  Takes takes_{lane_};
};

TEST_F(HostRecords, ASocketComesBackWithItsProcessAndItsFigures) {
  const Owner owner = process(1, "shop");
  record::TcpInfo info;
  info.rtt_ns = 20'000'000;
  info.congestion_window = 10;
  info.slow_start_threshold = 2147483647;
  info.pacing_rate = UINT64_MAX;
  info.bytes_retransmitted = 99;
  info.congestion_control = "cubic";
  record::SocketRecord sent = socket(owner);
  sent.tcp = info;
  sent.receive_queue = 3;
  sent.memory = 4096;
  encoder_.add(sent);
  encoder_.close();

  const auto batches = takes_.all();
  ASSERT_THAT(batches, SizeIs(1));
  EXPECT_EQ(codec::topic_of(*batches[0]), codec::Topic::socket);
  const schema::SocketRecord& got = *batches[0]->sockets()->Get(0);
  EXPECT_EQ(got.event(), schema::SocketEvent::opened);
  EXPECT_EQ(got.state(), schema::TcpState::established);
  EXPECT_EQ(got.cookie(), 0x1234567890u);
  EXPECT_EQ(got.network_namespace(), 4026531840u);
  EXPECT_EQ(codec::text_of(got.local()), "10.0.0.1:4000");
  EXPECT_EQ(codec::text_of(got.remote()), "10.0.0.2:80");
  EXPECT_EQ(got.process()->pid(), 1001u);
  EXPECT_EQ(codec::text_of(got.process()->name()), "shop");
  EXPECT_EQ(codec::text_of(got.process()->command()), "/usr/bin/shop --port 80");
  EXPECT_EQ(got.process()->container(), nullptr);
  EXPECT_EQ(got.tcp()->rtt_ns(), 20'000'000u);
  EXPECT_EQ(got.tcp()->pacing_rate(), UINT64_MAX);
  EXPECT_EQ(codec::text_of(got.tcp()->congestion_control()), "cubic");
  EXPECT_EQ(got.memory(), 4096u);

  std::string out;
  codec::append_json(out, *batches[0], {});
  const json line = json::parse(out);
  EXPECT_EQ(line["kind"], "socket");
  EXPECT_EQ(line["event"], "opened");
  EXPECT_EQ(line["process"]["name"], "shop");
  EXPECT_EQ(line["tcp"]["slow_start_threshold"], 2147483647);
  EXPECT_EQ(line["local"], "10.0.0.1:4000");
}

TEST_F(HostRecords, SocketsOfOneProcessShareItsTable) {
  const Owner one = process(1, "one");
  const Owner other = process(2, "other");
  for (int i = 0; i < 10; ++i) {
    encoder_.add(socket(one));
    encoder_.add(socket(other));
  }
  encoder_.add(socket(nullptr));
  encoder_.close();
  const auto batches = takes_.all();
  ASSERT_THAT(batches, SizeIs(1));
  const auto& sockets = *batches[0]->sockets();
  ASSERT_EQ(sockets.size(), 21u);
  EXPECT_EQ(sockets.Get(0)->process(), sockets.Get(18)->process());
  EXPECT_EQ(codec::text_of(sockets.Get(19)->process()->name()), "other");
  EXPECT_EQ(sockets.Get(20)->process(), nullptr);
}

TEST_F(HostRecords, EachBatchHasTheProcessesOfItsSockets) {
  std::vector<std::string> names;
  names.reserve(300);
  for (int i = 0; i < 300; ++i) names.push_back("p" + std::to_string(i));
  std::size_t batches = 0, sockets = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto of = static_cast<std::uint64_t>(i % 300);
    const Owner owner = process(of + 1, names[of]);
    encoder_.add(socket(owner));
    if (i % 50 != 49 && i != 2999) continue;
    if (i == 2999) encoder_.close();
    for (const schema::Batch* batch : takes_.all()) {
      EXPECT_EQ(batch->topic_seq(), batches++);
      for (const schema::SocketRecord* record : *batch->sockets()) {
        EXPECT_EQ(codec::text_of(record->process()->name()), "p" + std::to_string(sockets % 300));
        ++sockets;
      }
    }
  }
  EXPECT_EQ(sockets, 3000u);
  EXPECT_GT(batches, 10u);
  EXPECT_EQ(encoder_.counters().get(EncoderCount::sockets_dropped), 0u);
}

TEST_F(HostRecords, SocketsAndInterfacesAreNumberedTogetherInTheOrderTheyCame) {
  const std::vector<std::string> ipv4{"192.0.2.1", "192.0.2.2"};
  const std::vector<std::string> ipv6{"2001:db8::1"};
  record::InterfaceRecord interface;
  interface.name = "eth0";
  interface.ipv4 = ipv4;
  interface.ipv6 = ipv6;
  interface.up = true;
  interface.number = 0;
  interface.speed = 10000;
  interface.driver = "veth";
  interface.xdp = "native";
  interface.xdp_program = 17;
  interface.xdp_name = "capture";
  encoder_.add(socket(nullptr));
  encoder_.add(interface);
  encoder_.add(socket(nullptr));
  encoder_.close();

  const auto batches = takes_.all();
  ASSERT_THAT(batches, SizeIs(3));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(batches[i]->topic_seq(), i);
  ASSERT_NE(batches[1]->interfaces(), nullptr);
  EXPECT_EQ(lane_.next_seq(codec::Topic::socket), 3u);

  std::string out;
  codec::append_json(out, *batches[1], {});
  const json line = json::parse(out);
  EXPECT_EQ(line["kind"], "interface");
  EXPECT_EQ(line["ipv4"], json::array({"192.0.2.1", "192.0.2.2"}));
  EXPECT_EQ(line["number"], 0);
  EXPECT_EQ(line["xdp_name"], "capture");
}

TEST(HostRecordsInSmallBatches, TextsThatAreTooLongAreCutAndNeverOverrunABatch) {
  Doorbell doorbell;
  BatchLane lane({.normal_batches = 4, .normal_bytes = 8192, .large_batches = 0, .large_bytes = 0},
                 0, doorbell);
  Encoder encoder({}, lane);
  const std::string endless(100'000, 'x');
  const auto add = [&](record::Process owner) {
    record::SocketRecord socket;
    socket.process = std::make_shared<const record::Process>(std::move(owner));
    encoder.add(socket);
  };
  add({.serial = 1, .command = endless});
  add({.serial = 2, // larger than a batch
       .name = endless,
       .command = endless,
       .cgroup = endless,
       .container = endless});
  add({.serial = 3, .command = endless});
  encoder.close();
  std::size_t sockets = 0;
  Takes takes(lane);
  for (const schema::Batch* batch : takes.all()) {
    for (const schema::SocketRecord* record : *batch->sockets()) {
      EXPECT_EQ(record->process()->command()->size(), record::kTextMax);
      ++sockets;
    }
  }
  EXPECT_EQ(sockets, 2U);
  EXPECT_EQ(encoder.counters().get(EncoderCount::sockets_dropped), 1U);
  EXPECT_EQ(encoder.counters().get(EncoderCount::batches_dropped), 1U)
      << "the missing batch has a number";
}

// A batch of many small records ends with a long vector of their places: those want room as well.
// Records of several sizes, for it is a matter of which fills the batch before the vector is full.
TEST(HostRecordsInSmallBatches, ManyBareSocketsLeaveRoomForTheirPlaces) {
  constexpr std::size_t kSockets = 3000;
  record::SocketRecord socket;
  for (const auto widen :
       {+[](record::SocketRecord&) {}, +[](record::SocketRecord& one) { one.at_ns = 7; },
        +[](record::SocketRecord& one) { one.cookie = 1; },
        +[](record::SocketRecord& one) { one.network_namespace = 1; },
        +[](record::SocketRecord& one) { one.uid = 33; },
        +[](record::SocketRecord& one) { one.memory = 1; },
        +[](record::SocketRecord& one) { one.send_queue = 1; },
        +[](record::SocketRecord& one) { one.receive_queue = 1; }}) {
    widen(socket);
    Doorbell doorbell;
    BatchLane lane(
        {.normal_batches = 8, .normal_bytes = 65536, .large_batches = 0, .large_bytes = 0}, 0,
        doorbell);
    Encoder encoder({}, lane);
    for (std::size_t i = 0; i < kSockets; ++i) encoder.add(socket);
    encoder.close();
    std::size_t sockets = 0;
    Takes takes(lane);
    for (const schema::Batch* batch : takes.all()) sockets += batch->sockets()->size();
    EXPECT_EQ(sockets, kSockets);
  }
}

} // namespace
} // namespace xdpcap::publish::test
