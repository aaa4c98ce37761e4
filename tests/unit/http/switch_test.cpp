// Where HTTP/1 ends and another protocol begins on the same connection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "script.hpp"

namespace xdpcap::http::test {
namespace {

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kConnect = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n";
const std::string kUpgrade =
    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const std::string kSwitching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

TEST(Switch, AGrantedConnectEndsHttpInBothDirections) {
  const auto seen = Script{}
                        .client(kConnect)
                        .server("HTTP/1.1 200 Connection established\r\n\r\n" + kOk)
                        .client(kGet)
                        .server(kOk)
                        .close()
                        .messages();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen[1].complete);
  EXPECT_EQ(seen[1].body_length, 0U);
  EXPECT_EQ(seen[1].anomaly_bits, Anomalies::bit(Anomaly::tunnel));
}

TEST(Switch, ARefusedConnectDoesNot) {
  const auto seen = Script{}
                        .client(kConnect)
                        .server("HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno")
                        .client(kConnect)
                        .server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
                        .client(kGet)
                        .server(kOk)
                        .messages();
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen[1].body, "no");
  EXPECT_FALSE(seen[1].has(Anomaly::tunnel));
  EXPECT_TRUE(seen[3].has(Anomaly::tunnel));
  EXPECT_TRUE(seen[3].has(Anomaly::body_on_bodyless));
}

TEST(Switch, AnAgreedUpgradeEndsHttpInBothDirections) {
  const auto seen = Script{}.client(kUpgrade).server(kSwitching + kOk).client(kGet).messages();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen[1].has(Anomaly::tunnel));
  EXPECT_FALSE(seen[1].has(Anomaly::interim));
  EXPECT_EQ(seen[1].index, 0U);
}

TEST(Switch, ADeclinedUpgradeDoesNot) {
  EXPECT_EQ(Script{}.client(kUpgrade).server(kOk).client(kGet).server(kOk).messages().size(), 4U);
}

TEST(Switch, TheBodyOfTheUpgradingRequestIsStillHttp) {
  const auto seen =
      Script{}
          .client("POST / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nContent-Length: 6\r\n\r\nabc")
          .server(kSwitching)
          .client("defPRI * HTTP/2.0\r\n\r\n")
          .messages();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].body, "abcdef");
}

TEST(Switch, WhatTheClientSentEarlyIsNotReadAsAHead) {
  EXPECT_EQ(Script{}
                .client(kUpgrade + "GET /half HTTP/1.1\r\n")
                .server(kSwitching)
                .client("Host: a\r\n\r\n")
                .close()
                .messages()
                .size(),
            2U);
}

TEST(Switch, TheHttp2PrefaceIsNoMessageAndEndsBothDirections) {
  EXPECT_TRUE(Script{}
                  .client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + kGet)
                  .server(kOk)
                  .close()
                  .messages()
                  .empty());
  EXPECT_EQ(Script{}
                .client(kGet)
                .server(kOk)
                .client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
                .server(kOk)
                .messages()
                .size(),
            2U);
}

TEST(Switch, CountsWhatIsNotReadAnyMore) {
  Workspace workspace{Limits{}, 1 << 20};
  const auto script =
      Script{}.client(kConnect).server("HTTP/1.1 200 OK\r\n\r\n12345").client("123").close();
  static_cast<void>(script.play(Split::byte_by_byte, workspace));
  EXPECT_EQ(workspace.counts().get(HttpCount::tunnels), 1U);
  EXPECT_EQ(workspace.counts().get(HttpCount::bytes_tunnel), 8U);
}

TEST(Switch, KnowsThatBothDirectionsHaveEnded) {
  Workspace workspace{Limits{}, 1 << 20};
  Conversation conversation{};
  Collector collector;
  conversation.on_bytes({Direction::to_server, true, 0, as_bytes(kUpgrade), {}}, workspace,
                        collector);
  EXPECT_FALSE(conversation.ended(Direction::to_server));
  conversation.on_bytes({Direction::to_client, true, 0, as_bytes(kSwitching), {}}, workspace,
                        collector);
  EXPECT_TRUE(conversation.ended(Direction::to_server));
  EXPECT_TRUE(conversation.ended(Direction::to_client));
  EXPECT_TRUE(conversation.is_http());
}

} // namespace
} // namespace xdpcap::http::test
