#include <fmt/core.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "graph_fixture.hpp"

namespace xdpcap::web::graph_test {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST_F(GraphTest, AConnectionIsAnEdgeFromItsClientToItsServer) {
  Connection one =
      connection("10.0.0.1:4000", "10.0.0.2:80", process(7, "curl", "curl x", 99), nginx_);
  add(one, 100, 2000, 2);
  one.latency_ns_total = 3'000'000;
  one.latencies = 2;
  one.errors = 1;
  one.sides[0].rtt_ns = 1'000'000;
  graph_.update(one, now_);
  const json edge = edges()[0];
  EXPECT_EQ(edge, (json{{"id", edge["id"]},
                        {"from", "p:web1:7:99"},
                        {"to", "p:web1:812"},
                        {"protocol", "tcp"},
                        {"port", 80},
                        {"connections", 1},
                        {"active", 1},
                        {"bytes_to_server", 100},
                        {"bytes_to_client", 2000},
                        {"messages", 2},
                        {"errors", 1},
                        {"latency_ms", 1.5},
                        {"rtt_ms", 1},
                        {"last", 2000}}));
  EXPECT_EQ(node("p:web1:812"), (json{{"id", "p:web1:812"},
                                      {"kind", "process"},
                                      {"label", "nginx"},
                                      {"type", nullptr},
                                      {"icon", nullptr},
                                      {"pid", 812},
                                      {"count", 1},
                                      {"name", "nginx"},
                                      {"command", "nginx: worker"},
                                      {"container", nullptr},
                                      {"address", nullptr},
                                      {"ports", {80}},
                                      {"sensor", "web1"},
                                      {"active", true},
                                      {"last", 2000}}));
}

TEST_F(GraphTest, UpdatesReviseWhatWasAddedBefore) {
  Connection one = connection("10.0.0.1:4000", "10.0.0.2:80");
  for (int i = 0; i < 3; ++i) {
    add(one, 10, 20, 1);
    graph_.update(one, now_);
  }
  one.closed = true;
  graph_.update(one, now_);
  EXPECT_EQ(edges()[0]["bytes_to_server"], 30);
  EXPECT_EQ(edges()[0]["messages"], 3);
  EXPECT_EQ(edges()[0]["connections"], 1);
  EXPECT_EQ(edges()[0]["active"], 0);
  EXPECT_THAT(ids(), UnorderedElementsAre("h:10.0.0.1", "h:10.0.0.2"));
}

TEST_F(GraphTest, WhenAProcessBecomesKnownTheConnectionMovesAndLeavesNothingBehind) {
  Connection one = connection("10.0.0.1:4000", "10.0.0.2:80");
  Connection other = connection("10.0.0.1:4001", "10.0.0.2:80");
  add(one, 10, 20, 2);
  add(other, 1, 1, 1);
  graph_.update(one, now_);
  graph_.update(other, now_);
  one.ends.client = process(7, "curl");
  graph_.update(one, now_);
  const json all = edges();
  ASSERT_THAT(all, SizeIs(2));
  for (const json& edge : all) {
    EXPECT_EQ(edge["bytes_to_server"], edge["from"] == "p:web1:7" ? 10 : 1);
    EXPECT_EQ(edge["connections"], 1);
  }
  other.ends = {process(8, "wget"), nginx_};
  graph_.update(other, now_);
  one.ends.server = nginx_;
  graph_.update(one, now_);
  EXPECT_THAT(ids(), UnorderedElementsAre("p:web1:7", "p:web1:8", "p:web1:812"));
}

TEST_F(GraphTest, AForgottenConnectionStaysInTheTotalsAndIsActiveNoMore) {
  Connection one = connection("10.0.0.1:4000", "10.0.0.2:80");
  add(one, 10, 20);
  graph_.update(one, now_);
  graph_.forget(one);
  EXPECT_EQ(edges()[0]["bytes_to_server"], 10);
  EXPECT_EQ(edges()[0]["active"], 0);
}

TEST_F(GraphTest, AnEndedEdgeIsShownForTheWindow) {
  Connection one = connection("10.0.0.1:4000", "10.0.0.2:80");
  one.closed = true;
  graph_.update(one, now_);
  now_ += 61 * kSecond;
  EXPECT_THAT(edges(), SizeIs(0));
  EXPECT_THAT(ids(), SizeIs(0));
  EXPECT_THAT(edges({.window_ns = 62 * kSecond}), SizeIs(1));
}

TEST_F(GraphTest, AnOpenConnectionIsShownHoweverSilent) {
  Connection one = connection("10.0.0.1:4000", "10.0.0.2:80");
  graph_.update(one, now_);
  now_ += 3000 * kSecond;
  graph_.expire(now_);
  EXPECT_THAT(edges(), SizeIs(1));
}

TEST_F(GraphTest, QueriesChooseByKnownProcessesPortsAndNames) {
  Connection known = connection("10.0.0.1:4000", "10.0.0.2:80", process(7, "curl"), nginx_);
  Connection unknown = connection("10.0.0.9:4000", "10.0.0.2:443", nullptr, nginx_);
  graph_.update(known, now_);
  graph_.update(unknown, now_);
  EXPECT_THAT(edges(), SizeIs(2));
  EXPECT_THAT(edges({.p2p = true}), SizeIs(1));
  EXPECT_EQ(edges({.ports = {443, 8443}})[0]["from"], "h:10.0.0.9");
  EXPECT_THAT(edges({.process = "nginx"}), SizeIs(2));
  EXPECT_THAT(edges({.process = "7"}), SizeIs(1));
  EXPECT_THAT(edges({.process = "ngin"}), SizeIs(0));
  EXPECT_EQ(node("p:web1:812", {.ports = {443}})["ports"], json{443});
}

TEST_F(GraphTest, TenThousandShortLivedClientsAreOneNodeAndAllCounted) {
  constexpr std::uint32_t kClients = 10'000;
  for (std::uint32_t i = 0; i < kClients; ++i) {
    live(process(1000 + i, "curl", "curl -s http://shop/item/" + std::to_string(i), 5 + i), i);
    EXPECT_LE(graph_.nodes(), Graph::kAlone + 2);
  }
  const json all = shown();
  EXPECT_THAT(all["nodes"], SizeIs(Graph::kAlone + 2))
      << "four alone, one for the others, and nginx";
  std::uint64_t connections = 0, bytes = 0, messages = 0;
  for (const json& edge : all["edges"]) {
    EXPECT_EQ(edge["to"], "p:web1:812");
    connections += edge["connections"].get<std::uint64_t>();
    bytes += edge["bytes_to_server"].get<std::uint64_t>();
    messages += edge["messages"].get<std::uint64_t>();
  }
  EXPECT_EQ(connections, kClients);
  EXPECT_EQ(bytes, std::uint64_t{kClients} * (kClients - 1) / 2);
  EXPECT_EQ(messages, 2u * kClients);
  json group;
  for (const json& one : all["nodes"]) {
    if (one["id"].get<std::string>().starts_with("g:")) group = one;
  }
  EXPECT_EQ(group["label"], "curl ×9,996");
  EXPECT_EQ(group["count"], 9996);
  EXPECT_EQ(group["kind"], "process");
  EXPECT_EQ(group["command"], "curl -s http://shop");
  EXPECT_TRUE(group["pid"].is_null());
  EXPECT_FALSE(group["active"]);
}

TEST_F(GraphTest, AMergedConnectionIsStillRevised) {
  Connection early = connection("10.0.0.1:4000", "10.0.0.2:80", process(1, "curl"), nginx_);
  Connection second = connection("10.0.0.1:4001", "10.0.0.2:80", process(2, "curl"), nginx_);
  early.closed = second.closed = true;
  graph_.update(early, now_);
  graph_.update(second, now_);
  for (std::uint32_t pid = 10; pid < 20; ++pid) live(process(pid, "curl"), 0);
  for (Connection* late : {&early, &second}) {
    add(*late, 7, 0);
    graph_.update(*late, now_);
  }
  std::uint64_t bytes = 0, connections = 0;
  for (const json& edge : edges()) {
    bytes += edge["bytes_to_server"].get<std::uint64_t>();
    connections += edge["connections"].get<std::uint64_t>();
    EXPECT_EQ(edge["bytes_to_server"] != 0, edge["from"].get<std::string>().starts_with("g:"))
        << edge;
  }
  EXPECT_EQ(bytes, 14u);
  EXPECT_EQ(connections, 12u);
  graph_.forget(early);
  graph_.forget(second);
}

TEST_F(GraphTest, AnIdleProcessThatSpeaksAgainStandsAloneAndIsNotCountedTwice) {
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t pid = 1; pid <= 10; ++pid) live(process(pid, "worker"));
  }
  Connection open = connection("10.0.0.1:4000", "10.0.0.2:80", process(1, "worker"), nginx_);
  graph_.update(open, now_);
  EXPECT_FALSE(node("p:web1:1").is_null());
  const json all = shown();
  for (const json& one : all["nodes"]) {
    if (one["id"].get<std::string>().starts_with("g:")) {
      EXPECT_EQ(one["count"], 10);
    }
  }
}

// Connections open, move, learn their processes, close and are forgotten in any order; processes
// come and go idle.
TEST_F(GraphTest, TotalsHoldWhateverHappens) {
  for (const unsigned seed : {1u, 2u, 3u, 4u}) {
    std::mt19937 random(seed);
    const auto any = [&random](std::uint32_t below) {
      return static_cast<std::uint32_t>(random() % below);
    };
    graph_ = Graph(Rules{});
    std::vector<Connection> alive;
    std::uint64_t bytes = 0, made = 0;
    for (int step = 0; step < 20'000; ++step) {
      if (alive.size() < 60 && any(3) == 0) {
        alive.push_back(
            connection(fmt::format("10.0.0.{}:4000", any(5)), fmt::format("10.0.1.{}:80", any(3))));
        ++made;
      }
      if (alive.empty()) continue;
      Connection& one = alive[any(static_cast<std::uint32_t>(alive.size()))];
      const std::uint64_t more = any(100);
      add(one, more, 0);
      bytes += more;
      if (any(4) == 0) one.ends.client = process(any(40), any(2) == 0 ? "curl" : "wget");
      if (any(8) == 0) one.ends.server = process(1000 + any(3), "nginx");
      one.closed = one.closed || any(6) == 0;
      graph_.update(one, ++now_);
      if (any(12) == 0) {
        graph_.forget(one);
        std::swap(one, alive.back());
        alive.pop_back();
      }
      if (step % 500 != 0) continue;
      std::uint64_t seen_bytes = 0, seen = 0, seen_active = 0;
      for (const json& edge : edges({.window_ns = UINT64_MAX / 2})) {
        seen_bytes += edge["bytes_to_server"].get<std::uint64_t>();
        seen += edge["connections"].get<std::uint64_t>();
        seen_active += edge["active"].get<std::uint64_t>();
      }
      // One that was never reported yet has contributed nothing.
      const auto untold = std::count_if(alive.begin(), alive.end(),
                                        [](const Connection& each) { return each.map.edge == 0; });
      ASSERT_EQ(seen_bytes, bytes) << "seed " << seed << " step " << step;
      ASSERT_EQ(seen + static_cast<std::uint64_t>(untold), made)
          << "seed " << seed << " step " << step;
      ASSERT_EQ(seen_active, std::count_if(alive.begin(), alive.end(),
                                           [](const Connection& each) {
                                             return each.map.edge != 0 && !each.closed;
                                           }))
          << "seed " << seed << " step " << step;
    }
  }
}

TEST_F(GraphTest, OtherCommandsAndServersAreNotMerged) {
  for (std::uint32_t pid = 1; pid <= 8; ++pid)
    live(process(pid, "python3", pid % 2 == 0 ? "python3 a.py" : "python3 b.py"));
  EXPECT_THAT(ids(), SizeIs(9)) << "four of each and nginx";
  for (std::uint32_t pid = 100; pid < 120; ++pid) {
    Connection one = connection("10.0.0.1:4000", "10.0.0.2:80", nullptr, process(pid, "server"));
    one.closed = true;
    graph_.update(one, now_);
  }
  EXPECT_THAT(ids(), SizeIs(9 + 20 + 1));
}

TEST_F(GraphTest, CommandsWithoutAPatternDoNotFloodTheMap) {
  for (std::uint32_t pid = 1; pid <= 5000; ++pid) {
    std::string word;
    for (std::uint32_t rest = pid; rest != 0; rest /= 26)
      word += static_cast<char>('a' + rest % 26);
    live(process(pid, "tool", "tool " + word));
  }
  EXPECT_LE(graph_.nodes(), 16 * Graph::kAlone + Graph::kAlone + 20);
}

TEST_F(GraphTest, TheMapIsBoundedAndTheLongestInactiveGoFirst) {
  graph_ = Graph(Rules{}, {.nodes = 50, .edges = 60});
  Connection open = connection("10.9.9.9:4000", "10.0.0.2:80");
  graph_.update(open, now_);
  for (int i = 0; i < 500; ++i) {
    Connection one = connection(fmt::format("10.1.{}.{}:4000", i / 250, i % 250), "10.0.0.2:80");
    one.closed = true;
    graph_.update(one, ++now_);
    graph_.forget(one);
  }
  EXPECT_LE(graph_.nodes(), 50u);
  EXPECT_FALSE(node("h:10.9.9.9").is_null()) << "the active one stays";
  EXPECT_FALSE(node("h:10.1.1.249").is_null()) << "and the latest";
  EXPECT_TRUE(node("h:10.1.0.0").is_null());
}

TEST_F(GraphTest, AConnectionWhoseEdgeWentContributesAnew) {
  graph_ = Graph(Rules{}, {.nodes = 4, .edges = 4});
  std::vector<Connection> open;
  open.reserve(20);
  for (int i = 0; i < 20; ++i)
    open.push_back(connection(fmt::format("10.1.0.{}:4000", i), "10.0.0.2:80"));
  for (int round = 0; round < 3; ++round) {
    for (Connection& one : open) {
      add(one, 1, 1);
      graph_.update(one, ++now_);
    }
  }
  EXPECT_LE(graph_.nodes(), 4u);
  for (const json& edge : edges()) {
    EXPECT_EQ(edge["bytes_to_server"], 3);
    EXPECT_EQ(edge["active"], 1);
  }
  for (Connection& one : open) graph_.forget(one);
  for (const json& edge : edges()) EXPECT_EQ(edge["active"], 0);
}

TEST_F(GraphTest, EdgesAreDroppedWithAge) {
  live(process(1, "curl"));
  now_ += 3601 * kSecond;
  graph_.expire(now_);
  EXPECT_EQ(graph_.edges(), 0u);
  EXPECT_EQ(graph_.nodes(), 0u);
}

TEST_F(GraphTest, RulesGiveTypeLabelAndIcon) {
  auto rules = Rules::parse(
      "rules: [{match_name: nginx, type: server, label: the shop, icon: '🛒'}]", "r");
  graph_ = Graph(*rules);
  graph_.add_socket(*listener("0.0.0.0:80"), nginx_, *kSensor, now_);
  const json shop = node("p:web1:812");
  EXPECT_EQ(shop["label"], "the shop");
  EXPECT_EQ(shop["type"], "server");
  EXPECT_EQ(shop["icon"], "🛒");
}

TEST(GraphQueryParameters, ErrorsNameTheirParameter) {
  const auto parse = [](std::string_view text) {
    auto parameters = Parameters::parse(text, {"p2p", "udp", "ports", "process", "window"});
    EXPECT_TRUE(parameters);
    return parse_graph_query(*parameters);
  };
  auto query = parse("p2p=1&udp=0&ports=80,443&process=nginx&window=5");
  ASSERT_TRUE(query);
  EXPECT_TRUE(query->p2p);
  EXPECT_THAT(query->ports, ElementsAre(80, 443));
  EXPECT_EQ(query->window_ns, 5 * kSecond);
  EXPECT_EQ(parse("ports=80,x").error().parameter, "ports");
  EXPECT_EQ(parse("window=-1").error().parameter, "window");
  EXPECT_EQ(parse("udp=maybe").error().parameter, "udp");
}

TEST(CommandPattern, KeepsWhatCommandsOfOnePurposeHaveInCommon) {
  EXPECT_EQ(command_pattern("curl -s http://shop:8080/item/17?x=1"), "curl -s http://shop:#");
  EXPECT_EQ(command_pattern("wget  --header=a:b  https://h#x"), "wget --header https://h");
  EXPECT_EQ(command_pattern("worker 12-a3"), "worker #-a#");
  EXPECT_EQ(command_pattern(std::string(9999, 'x')).size(), 160u);
  EXPECT_EQ(command_pattern(""), "");
}

} // namespace
} // namespace xdpcap::web::graph_test
