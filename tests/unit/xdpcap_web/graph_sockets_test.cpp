#include <fmt/core.h>
#include <gmock/gmock.h>

#include "graph_fixture.hpp"

namespace xdpcap::web::graph_test {
namespace {

using ::testing::SizeIs;

using GraphSockets = GraphTest;

TEST_F(GraphSockets, AListenerIsShownUntilItHasAConnectionAndServesItsAddresses) {
  graph_.add_socket(*listener("0.0.0.0:80"), nginx_, *kSensor, now_);
  EXPECT_EQ(node("p:web1:812")["kind"], "listener");
  EXPECT_EQ(node("p:web1:812")["ports"], json{80});
  EXPECT_EQ(node("p:web1:812")["active"], true);
  // The address is this host's, for another socket of the namespace had it.
  graph_.add_socket(*socket("10.0.0.2:5000", SocketProtocol::tcp, SocketEvent::seen,
                            schema::TcpState::established, 9),
                    nullptr, *kSensor, now_);
  Connection one = connection("10.0.0.1:4000", "10.0.0.2:80");
  graph_.update(one, now_);
  EXPECT_EQ(edges()[0]["to"], "p:web1:812");
  EXPECT_EQ(node("p:web1:812")["kind"], "process");
  Connection elsewhere = connection("10.0.0.1:4000", "10.0.0.3:80");
  graph_.update(elsewhere, now_);
  EXPECT_FALSE(node("h:10.0.0.3").is_null()) << "an address that is not of this host";
}

TEST_F(GraphSockets, AConnectionMovesToItsListenerOnceThatIsKnown) {
  Connection one = connection("10.0.0.1:4000", "10.0.0.2:80");
  graph_.update(one, now_);
  graph_.add_socket(*listener("10.0.0.2:80"), nginx_, *kSensor, now_);
  add(one, 1, 1);
  graph_.update(one, now_);
  EXPECT_EQ(edges()[0]["to"], "p:web1:812");
  graph_.add_socket(*listener("10.0.0.2:80", SocketEvent::closed), nginx_, *kSensor, now_);
  add(one, 1, 1);
  graph_.update(one, now_);
  EXPECT_EQ(edges()[0]["to"], "p:web1:812") << "what was found out is kept";
}

TEST_F(GraphSockets, AListenerThatClosesOrFallsSilentGoes) {
  graph_.add_socket(*listener("0.0.0.0:80"), nginx_, *kSensor, now_);
  graph_.add_socket(*listener("0.0.0.0:80", SocketEvent::closed), nginx_, *kSensor, now_);
  EXPECT_THAT(ids(), SizeIs(0));
  graph_.add_socket(*listener("0.0.0.0:80"), nginx_, *kSensor, now_);
  now_ += 200 * kSecond;
  graph_.expire(now_);
  EXPECT_THAT(ids(), SizeIs(0));
}

TEST_F(GraphSockets, OnLoopbackOnlyAnUnambiguousListenerIsTaken) {
  graph_.add_socket(*listener("127.0.0.1:80"), nginx_, *kSensor, now_);
  Connection one = connection("127.0.0.1:4000", "127.0.0.1:80");
  graph_.update(one, now_);
  EXPECT_EQ(edges()[0]["to"], "p:web1:812");
  graph_.add_socket(*listener("0.0.0.0:80", SocketEvent::seen, 2), process(900, "apache2"),
                    *kSensor, now_);
  Connection other = connection("127.0.0.1:4001", "127.0.0.1:80");
  graph_.update(other, now_);
  EXPECT_THAT(ids(), ::testing::IsSupersetOf({"p:web1:812", "h:web1:127.0.0.1", "p:web1:900"}));
}

TEST_F(GraphSockets, AnAddressOfTwoNamespacesIsServedInTheOneOfTheInterface) {
  graph_.add_socket(*listener("10.99.0.2:80", SocketEvent::seen, 1), nginx_, *kSensor, now_);
  graph_.add_socket(*listener("10.99.0.2:80", SocketEvent::seen, 2), process(900, "apache2"),
                    *kSensor, now_);
  Connection one = connection("10.99.0.1:4000", "10.99.0.2:80");
  one.network_namespace = 1;
  graph_.update(one, now_);
  EXPECT_EQ(edges()[0]["to"], "p:web1:812");
  Connection unknown = connection("10.99.0.1:4001", "10.99.0.2:80");
  graph_.update(unknown, now_);
  EXPECT_FALSE(node("h:10.99.0.2").is_null()) << "nobody knows which";
}

TEST_F(GraphSockets, AnAddressOfTwoHostsIsServedByEachItself) {
  const auto other = std::make_shared<const std::string>("db1");
  auto theirs =
      std::make_shared<Process>(Process{{.pid = 5, .name = "caddy", .command = "caddy"}, *other});
  graph_.add_socket(*listener("172.17.0.2:80"), nginx_, *kSensor, now_);
  graph_.add_socket(*listener("172.17.0.2:80"), theirs, *other, now_);
  Connection here = connection("172.17.0.1:4000", "172.17.0.2:80");
  graph_.update(here, now_);
  EXPECT_EQ(edges()[0]["to"], "p:web1:812");
  Connection there = connection("172.17.0.1:4000", "172.17.0.2:80");
  there.sensor = other;
  graph_.update(there, now_);
  EXPECT_FALSE(node("p:db1:5").is_null());
  EXPECT_EQ(edges().size(), 2U);
  Connection elsewhere = connection("172.17.0.1:4000", "172.17.0.2:80");
  elsewhere.sensor = std::make_shared<const std::string>("third");
  graph_.update(elsewhere, now_);
  EXPECT_FALSE(node("h:172.17.0.2").is_null())
      << "two hosts have this address, and neither is this one";
}

TEST_F(GraphSockets, AListenerIsKnownThoughItsProcessIsNot) {
  graph_.add_socket(*listener("10.0.0.2:45000"), nullptr, *kSensor, now_);
  EXPECT_TRUE(graph_.listens(endpoint("10.0.0.2:45000"), *kSensor));
  EXPECT_FALSE(graph_.listens(endpoint("10.0.0.2:45001"), *kSensor));
  EXPECT_FALSE(graph_.listens(endpoint("10.0.0.3:45000"), *kSensor));
}

TEST_F(GraphSockets, DatagramsOfTwoHostsWithTheSameAddressesAreTwo) {
  graph_.add_datagram(*datagram("172.17.0.2:40000", "172.17.0.3:53", 30), std::string("a"), now_);
  graph_.add_datagram(*datagram("172.17.0.2:40000", "172.17.0.3:53", 30), std::string("b"), now_);
  EXPECT_EQ(edges({.udp = true})[0]["connections"], 2);
}

TEST_F(GraphSockets, DatagramsAreEdgesBetweenTheProcessesOfTheirSockets) {
  graph_.add_socket(*udp_socket("10.0.0.2:53", 1), process(53, "named"), *kSensor, now_);
  graph_.add_socket(*udp_socket("10.0.0.1:40000", 2), process(40, "dig"), *kSensor, now_);
  graph_.add_datagram(*datagram("10.0.0.1:40000", "10.0.0.2:53", 30), *kSensor, now_);
  graph_.add_datagram(*datagram("10.0.0.2:53", "10.0.0.1:40000", 100), *kSensor, now_);
  EXPECT_THAT(edges(), SizeIs(0)) << "only where UDP is asked for";
  const json edge = edges({.udp = true})[0];
  EXPECT_EQ(edge["from"], "p:web1:40");
  EXPECT_EQ(edge["to"], "p:web1:53");
  EXPECT_EQ(edge["protocol"], "udp");
  EXPECT_EQ(edge["port"], 53);
  EXPECT_EQ(edge["bytes_to_server"], 30);
  EXPECT_EQ(edge["bytes_to_client"], 100);
  EXPECT_EQ(edge["connections"], 1);
  EXPECT_EQ(edge["active"], 1);
  now_ += 31 * kSecond;
  graph_.expire(now_);
  EXPECT_EQ(edges({.udp = true})[0]["active"], 0);
}

TEST_F(GraphSockets, AnAnswerThatIsSeenFirstStillComesFromTheServer) {
  graph_.add_datagram(*datagram("10.0.0.2:53", "10.0.0.1:40000", 100), *kSensor, now_);
  EXPECT_EQ(edges({.udp = true})[0]["to"], "h:10.0.0.2");
  EXPECT_EQ(edges({.udp = true})[0]["bytes_to_client"], 100);
}

TEST_F(GraphSockets, FlowsOfDatagramsAreBounded) {
  graph_ = Graph(Rules{}, {.udp_flows = 100});
  for (int i = 0; i < 1000; ++i)
    graph_.add_datagram(*datagram(fmt::format("10.0.0.1:{}", 20000 + i), "10.0.0.2:53", 1),
                        *kSensor, ++now_);
  const json edge = edges({.udp = true})[0];
  EXPECT_EQ(edge["connections"], 1000);
  EXPECT_EQ(edge["bytes_to_server"], 1000);
  EXPECT_LE(edge["active"], 100);
}

} // namespace
} // namespace xdpcap::web::graph_test
