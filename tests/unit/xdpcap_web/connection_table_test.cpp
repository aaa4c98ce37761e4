#include "apps/xdpcap_web/store/connection_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "codec/batch_view.hpp"
#include "make.hpp"

namespace xdpcap::web {
namespace {

constexpr std::uint64_t kMs = 1'000'000, kSecond = 1000 * kMs;

class Connections : public ::testing::Test {
 protected:
  using Event = schema::FlowEvent;

  void flow(Event event, std::uint64_t id = 1, std::uint64_t last_ns = kSecond,
            std::uint64_t bytes = 0) {
    flatbuffers::FlatBufferBuilder builder;
    schema::FlowHalfBuilder half(builder);
    half.add_payload_bytes(bytes);
    half.add_rtt_ns(20 * kMs);
    half.add_state(schema::TcpState::established);
    const auto to_client = half.Finish();
    const auto to_server = schema::FlowHalfBuilder(builder).Finish();
    const schema::Endpoint client = endpoint(client_), server = endpoint(server_);
    schema::FlowRecordBuilder record(builder);
    record.add_flow(id);
    record.add_event(event);
    record.add_client(&client);
    record.add_server(&server);
    record.add_first_ns(kSecond / 2);
    record.add_last_ns(last_ns);
    record.add_to_server(to_server);
    record.add_to_client(to_client);
    record.add_flags(flags_);
    builder.Finish(record.Finish());
    table.add(*flatbuffers::GetRoot<schema::FlowRecord>(builder.GetBufferPointer()), sensor,
              source_, now_ns, seen_in_);
  }

  void socket(const std::string& local, const std::string& remote, std::uint32_t pid,
              std::uint64_t at_ns = kSecond, std::uint64_t cookie = 1, std::uint64_t rtt_ns = 0,
              schema::SocketEvent event = schema::SocketEvent::seen) {
    flatbuffers::FlatBufferBuilder builder;
    const auto name = builder.CreateString("program" + std::to_string(pid));
    schema::ProcessBuilder owner(builder);
    owner.add_pid(pid);
    owner.add_name(name);
    const auto process = owner.Finish();
    flatbuffers::Offset<schema::TcpInfo> info;
    if (rtt_ns != 0) {
      schema::TcpInfoBuilder figures(builder);
      figures.add_rtt_ns(rtt_ns);
      info = figures.Finish();
    }
    const schema::Endpoint here = endpoint(local), there = endpoint(remote);
    schema::SocketRecordBuilder record(builder);
    record.add_at_ns(at_ns);
    record.add_event(event);
    record.add_cookie(cookie);
    record.add_network_namespace(lives_in_);
    record.add_state(schema::TcpState::established);
    record.add_local(&here);
    record.add_remote(&there);
    if (pid != 0) record.add_process(process);
    if (rtt_ns != 0) record.add_tcp(info);
    builder.Finish(record.Finish());
    const auto& written = *flatbuffers::GetRoot<schema::SocketRecord>(builder.GetBufferPointer());
    host.add(written, *sensor, now_ns);
    table.add(written, now_ns);
  }

  [[nodiscard]] const Connection& connection(std::uint64_t id = 1) const {
    return *table.find({source_, id});
  }
  void look_from(const std::string& name, std::uint64_t source) {
    sensor = std::make_shared<const std::string>(name);
    source_ = source;
  }
  // The pids of its ends, 0 where they are not known.
  [[nodiscard]] std::pair<unsigned, unsigned> pids(std::uint64_t source,
                                                   std::uint64_t id = 1) const {
    const Ends& ends = table.find({source, id})->ends;
    return {ends.client == nullptr ? 0 : ends.client->pid,
            ends.server == nullptr ? 0 : ends.server->pid};
  }

  std::uint64_t source_ = 9, flags_ = 0;
  std::uint32_t seen_in_ = 0, lives_in_ = 0; // network namespaces
  std::string client_ = "10.0.0.1:4000", server_ = "10.0.0.2:80";
  std::shared_ptr<const std::string> sensor = std::make_shared<const std::string>("web1");
  std::uint64_t now_ns = kSecond;
  std::size_t dropped = 0;
  HostView host;
  ConnectionTable table{{.age_ns = 60 * kSecond, .connections = 8, .course_points = 100},
                        host,
                        {.changed = [](Connection&) {},
                         .dropped = [this](Connection&) { ++dropped; },
                         .listens =
                             [this](const schema::Endpoint& end, const SeenBy&) {
                               return !listener_.empty() && same_endpoint(end, endpoint(listener_));
                             }}};
  std::string listener_;
};

// Whoever loses records learns of no close; an hour of "open" would be a lie.
TEST_F(Connections, WhoseEndMayHaveBeenLostAreNotOpenForEver) {
  flow(Event::opened, 1);
  flow(Event::opened, 2);
  source_ = 10;
  flow(Event::opened, 3);
  table.mark_uncertain(9);
  now_ns += kSecond;
  source_ = 9;
  flow(Event::update, 2); // goes on
  table.expire(now_ns + 60 * kSecond);
  EXPECT_EQ(table.find({9, 1}), nullptr);
  EXPECT_NE(table.find({9, 2}), nullptr);
  EXPECT_NE(table.find({10, 3}), nullptr) << "of another capture, that lost nothing";
  flow(Event::closed, 1);
  EXPECT_TRUE(connection(1).closed) << "its end comes after all";
}

TEST_F(Connections, OfTwoHostsWithTheSameAddressesKeepTheirOwnProcesses) {
  client_ = "172.17.0.2:4000", server_ = "172.17.0.3:80";
  for (const std::uint64_t source : {1U, 2U}) {
    look_from("host" + std::to_string(source), source);
    flow(Event::opened);
  }
  for (const unsigned source : {1U, 2U}) {
    look_from("host" + std::to_string(source), source);
    socket(client_, server_, source * 10 + 1, kSecond, source);
    socket(server_, client_, source * 10 + 2, kSecond, source + 10);
  }
  EXPECT_EQ(pids(1), std::pair(11U, 12U));
  EXPECT_EQ(pids(2), std::pair(21U, 22U));
}

TEST_F(Connections, OfAHostWithoutSocketRecordsGetNoneOfAnotherHost) {
  client_ = "172.17.0.2:4000", server_ = "172.17.0.3:80";
  look_from("other", 2);
  socket(client_, server_, 21, kSecond, 1);
  socket(server_, client_, 22, kSecond, 2);
  look_from("silent", 1);
  flow(Event::opened);
  EXPECT_EQ(pids(1), std::pair(0U, 0U))
      << "both ends are sockets of one host: it is that host's connection";
}

TEST_F(Connections, OnLoopbackNeverTakeAnotherHostsSocket) {
  client_ = "127.0.0.1:4000", server_ = "127.0.0.1:80";
  look_from("other", 2);
  socket(server_, client_, 22, kSecond, 2);
  look_from("web1", 1);
  flow(Event::opened);
  EXPECT_EQ(pids(1), std::pair(0U, 0U));
}

TEST_F(Connections, OfTwoNamespacesWithTheSameAddressesDifferByTheInterface) {
  client_ = "127.0.0.1:4000", server_ = "127.0.0.1:80";
  for (const unsigned number : {7U, 8U}) {
    lives_in_ = number;
    socket(client_, server_, number * 10 + 1, kSecond, number);
    socket(server_, client_, number * 10 + 2, kSecond, number + 10);
  }
  seen_in_ = 8;
  flow(Event::opened, 1);
  EXPECT_EQ(pids(source_, 1), std::pair(81U, 82U));
  seen_in_ = 0;
  flow(Event::opened, 2);
  EXPECT_EQ(pids(source_, 2), std::pair(0U, 0U)) << "nobody knows which";
  seen_in_ = 9;
  flow(Event::opened, 3);
  EXPECT_EQ(pids(source_, 3), std::pair(0U, 0U)) << "loopback of another namespace";
}

TEST_F(Connections, SeenByTwoCapturesHaveBothEndsAtBoth) {
  look_from("client", 1);
  flow(Event::opened);
  look_from("server", 2);
  flow(Event::opened);
  socket(server_, client_, 22, kSecond, 2);
  look_from("client", 1);
  socket(client_, server_, 11, kSecond, 1);
  EXPECT_EQ(pids(1), std::pair(11U, 22U));
  EXPECT_EQ(pids(2), std::pair(11U, 22U));
}

TEST_F(Connections, MetMidstreamAreTurnedRoundWhereTheListenerIsKnown) {
  client_ = "10.0.0.2:45000", server_ = "10.0.0.1:20000"; // by their ports
  flags_ = 1U << static_cast<unsigned>(schema::FlowFlag::partial);
  flow(Event::update, 1, kSecond, 100);
  EXPECT_EQ(codec::text_of(&connection().server), "10.0.0.1:20000");
  EXPECT_EQ(connection().sides[index_of(Direction::to_client)].payload_bytes, 100U);
  listener_ = "10.0.0.2:45000";
  const std::uint64_t before = connection().revision;
  flow(Event::update, 1, 2 * kSecond, 100);
  EXPECT_EQ(codec::text_of(&connection().server), "10.0.0.2:45000");
  EXPECT_EQ(connection().sides[index_of(Direction::to_server)].payload_bytes, 100U);
  EXPECT_GT(connection().revision, before);
  socket("10.0.0.2:45000", "10.0.0.1:20000", 22);
  EXPECT_EQ(pids(source_), std::pair(0U, 22U));
  flags_ = 0;
  flow(Event::opened, 2);
  EXPECT_EQ(codec::text_of(&connection(2).server), "10.0.0.1:20000") << "its SYN was seen";
}

TEST_F(Connections, NewsOfTheKernelRaiseTheRevision) {
  flow(Event::opened);
  const std::uint64_t before = connection().revision;
  socket(client_, server_, 11, kSecond, 1, 5 * kMs);
  EXPECT_GT(connection().revision, before);
}

TEST_F(Connections, KnowBothEndsWhicheverIsReportedFirst) {
  socket("10.0.0.1:4000", "10.0.0.2:80", 11);
  flow(Event::opened);
  socket("10.0.0.2:80", "10.0.0.1:4000", 22, kSecond, 2);
  ASSERT_NE(connection().ends.client, nullptr);
  ASSERT_NE(connection().ends.server, nullptr);
  EXPECT_EQ(connection().ends.client->pid, 11U);
  EXPECT_EQ(connection().ends.server->pid, 22U);
}

TEST_F(Connections, ASocketOfAnEarlierConnectionIsNoEndOfALaterOne) {
  socket("10.0.0.1:4000", "10.0.0.2:80", 11, kSecond);
  now_ns = 30 * kSecond;
  client_ = "10.0.0.1:4001";
  flow(Event::opened);
  EXPECT_EQ(connection().ends.client, nullptr);
}

TEST_F(Connections, ANewSocketOfTheSameNameDoesNotTakeOverAClosedConnection) {
  socket("10.0.0.1:4000", "10.0.0.2:80", 11, kSecond, 1);
  flow(Event::opened);
  flow(Event::closed, 1, 2 * kSecond);
  socket("10.0.0.1:4000", "10.0.0.2:80", 33, 3 * kSecond, 7, 0, schema::SocketEvent::opened);
  EXPECT_EQ(connection().ends.client->pid, 11U);
}

TEST_F(Connections, FiguresOfAnEventWithoutThemDoNotWipeOutKnownOnes) {
  flow(Event::opened);
  socket("10.0.0.2:80", "10.0.0.1:4000", 22, kSecond, 2, 21 * kMs);
  socket("10.0.0.2:80", "10.0.0.1:4000", 22, kSecond, 2, 0, schema::SocketEvent::closed);
  flow(Event::update, 1, 2 * kSecond);
  EXPECT_EQ(kernel_rtt_ns(connection()), 21 * kMs);
  EXPECT_EQ(wire_rtt_ns(connection()), 20 * kMs);
}

TEST_F(Connections, RatesAndTheCourseComeFromUpdates) {
  flow(Event::opened, 1, kSecond);
  flow(Event::update, 1, 2 * kSecond, 1000);
  flow(Event::update, 1, 4 * kSecond, 5000);
  EXPECT_DOUBLE_EQ(connection().sides[index_of(Direction::to_client)].rate, 2000);
  EXPECT_EQ(connection().course.size(), 2U);
}

TEST_F(Connections, NeitherAMessageNorARecordAtItsHeelsMakesARateOfAMoment) {
  flow(Event::opened, 1, kSecond);
  flow(Event::update, 1, 2 * kSecond, 1500);
  flatbuffers::FlatBufferBuilder builder;
  const schema::Endpoint client = endpoint(client_), server = endpoint(server_);
  schema::HttpMessageBuilder message(builder);
  message.add_flow(1);
  message.add_client(&client);
  message.add_server(&server);
  message.add_last_byte_ns(3 * kSecond - 1);
  builder.Finish(message.Finish());
  table.add_message({source_, 1},
                    *flatbuffers::GetRoot<schema::HttpMessage>(builder.GetBufferPointer()), sensor,
                    now_ns);
  flow(Event::update, 1, 3 * kSecond, 3500);
  EXPECT_DOUBLE_EQ(connection().sides[index_of(Direction::to_client)].rate, 2000);
  flow(Event::closed, 1, 3 * kSecond + kMs, 3600);
  EXPECT_DOUBLE_EQ(connection().sides[index_of(Direction::to_client)].rate, 2000);
  EXPECT_EQ(connection().sides[index_of(Direction::to_client)].payload_bytes, 3600U);
}

TEST_F(Connections, TheOldestClosedOneMakesRoom) {
  for (std::uint64_t id = 1; id <= 8; ++id) {
    client_ = "10.0.0.1:" + std::to_string(4000 + id);
    flow(Event::opened, id);
    if (id == 3) flow(Event::closed, id);
  }
  client_ = "10.0.0.1:5000";
  flow(Event::opened, 9);
  EXPECT_EQ(table.size(), 8U);
  EXPECT_EQ(table.find({source_, 3}), nullptr);
  EXPECT_NE(table.find({source_, 1}), nullptr);
  EXPECT_EQ(dropped, 1U);
}

TEST_F(Connections, AMessageReceivedBeforeItsConnectionIsCounted) {
  const BatchPointer batch = batch_of({{.head = "GET / HTTP/1.1\r\n", .flow = 5}});
  table.add_message({source_, 5}, *(*batch)->messages()->Get(0), sensor, now_ns);
  EXPECT_EQ(connection(5).messages, 1U);
  flow(Event::opened, 5);
  EXPECT_EQ(connection(5).messages, 1U);
}

TEST_F(Connections, ClosedOnesLeaveByAgeAndOpenOnesLater) {
  flow(Event::opened, 1);
  client_ = "10.0.0.1:4001";
  flow(Event::opened, 2);
  flow(Event::closed, 2);
  table.expire(62 * kSecond);
  EXPECT_EQ(table.find({source_, 2}), nullptr);
  EXPECT_NE(table.find({source_, 1}), nullptr);
  table.expire(362 * kSecond);
  EXPECT_EQ(table.find({source_, 1}), nullptr);
}

// Addresses that are one for a mixer with a public constant, which this table had once.
TEST(SocketNames, WhoChoosesAddressesCannotMakeThemMeet) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  std::uint64_t inverse = kOdd;
  for (int i = 0; i < 6; ++i) inverse *= 2 - kOdd * inverse;
  ASSERT_EQ(inverse * kOdd, 1U);
  std::set<std::size_t> hashes;
  for (std::uint64_t i = 0; i < 10000; ++i) {
    const std::uint64_t high = 0x2001'0db8'0000'0000 + i, mixed = high * kOdd;
    const std::uint64_t low = ((mixed >> 29) * inverse) ^ mixed;
    hashes.insert(SocketNameHash()(
        {.local = schema::Endpoint(high, low, 1234, 6), .remote = endpoint("10.0.0.2:80")}));
  }
  EXPECT_GT(hashes.size(), 9990U); // of 32 bits, 10,000 meet once in 86 times
}

} // namespace
} // namespace xdpcap::web
