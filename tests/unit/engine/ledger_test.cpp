#include "engine/ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xdpcap::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Ledger, CountsOfLinksAreTheNewestThatAnyThreadCouldSee) {
  capture::LiveLedger live, seen;
  live.interfaces.resize(2);
  seen.interfaces.resize(1); // an interface that was not looked at yet
  live.interfaces[0].nic_missed = 3;
  live.interfaces[1].tap.device.sent = 9;
  seen.interfaces[0].nic_missed = 2;
  seen.interfaces[0].nic_dropped = 5;
  seen.interfaces[0].tap.device = {.sent = 200, .dropped = 1, .queue_dropped = 4};
  add_link_figures(live, seen);
  EXPECT_EQ(live.interfaces[0].nic_missed, 3u);
  EXPECT_EQ(live.interfaces[0].nic_dropped, 5u);
  EXPECT_EQ(live.interfaces[0].tap.device.sent, 200u);
  EXPECT_EQ(live.interfaces[0].tap.device.dropped, 1u);
  EXPECT_EQ(live.interfaces[0].tap.device.queue_dropped, 4u);
  EXPECT_EQ(live.interfaces[1].tap.device.sent, 9u);
}

capture::LiveLedger tap_with(capture::TapDevice::Statistics device) {
  capture::InterfaceLedger of;
  of.interface = "server0";
  of.mode = capture::CaptureMode::tap;
  of.tap.device = device;
  of.queues.resize(2);
  for (capture::QueueLedger& queue : of.queues) queue.xdp.seen = queue.xdp.not_tcp = 500;
  return {{of}};
}

TEST(Ledger, FramesThroughATapAreComparedOnlyWhereTheDeviceStillCountsThem) {
  EXPECT_TRUE(make_ledger({}, tap_with({.sent = 1000, .exact = true})).closes());
  EXPECT_FALSE(make_ledger({}, tap_with({.sent = 999, .exact = true})).closes());
  capture::LiveLedger removed = tap_with({});
  add_link_figures(removed, tap_with({.sent = 900, .exact = true})); // what was seen last
  const Ledger ledger = make_ledger({}, removed);
  EXPECT_TRUE(ledger.closes());
  EXPECT_EQ(ledger.total("tap_sent"), 900u);
  EXPECT_EQ(summary(ledger, true).find("through the tap"), std::string::npos);
}

// A process that was stopped for a while is behind, which is not a loss.
TEST(Ledger, FramesThatWaitInAReceiveRingAreNotDropped) {
  capture::InterfaceLedger of;
  of.interface = "mirror0";
  of.queues.resize(1);
  of.queues[0].xdp.seen = of.queues[0].xdp.redirected = 100;
  of.queues[0].delivered = 30;
  of.queues[0].socket.rx_dropped = 20;
  const std::string text = summary(make_ledger({}, capture::LiveLedger{{of}}), false);
  EXPECT_THAT(text, HasSubstr("\n100 packets received by filter\n20 packets dropped by kernel\n"
                              "50 packets wait in receive rings\n"));
  of.queues[0].delivered = 80;
  EXPECT_THAT(summary(make_ledger({}, capture::LiveLedger{{of}}), true), Not(HasSubstr("wait in")));
}

// The report in short on a run with these counts.
std::string report(std::vector<record::Counter> counts, std::uint64_t requests = 0) {
  Ledger ledger;
  ledger.counts = std::move(counts);
  ledger.requests = requests;
  return summary(ledger, false);
}

TEST(Ledger, SaysWhatItSawInsteadOfHttp) {
  const auto of = [](std::uint64_t all, std::uint64_t tls, std::uint64_t h2,
                     std::uint64_t requests = 0) {
    return report({{"http_connections", all, {}, -1},
                   {"http_connections_tls", tls, {}, -1},
                   {"http_h2_prefaces", h2, {}, -1}},
                  requests);
  };
  EXPECT_THAT(of(7, 4, 2), HasSubstr("no HTTP/1 message in 7 connections with data (4 begin with "
                                     "TLS, 2 with HTTP/2, 1 with something else): TLS is not"));
  EXPECT_THAT(of(3, 0, 2), HasSubstr("2 with HTTP/2, 1 with something else): HTTP/2 is counted"));
  EXPECT_THAT(of(3, 1, 0), HasSubstr("2 with something else): look whether these ports"));
  EXPECT_THAT(of(1, 1, 1), HasSubstr("1 begin with TLS, 0 with HTTP/2, 0 with something else)"));
  EXPECT_THAT(of(0, 0, 0), Not(HasSubstr("no HTTP/1 message")));
  EXPECT_THAT(of(7, 4, 2, 1), Not(HasSubstr("no HTTP/1 message")));
}

TEST(Ledger, SaysHowManyBodiesWereCutForAPublisherBehind) {
  EXPECT_THAT(
      report({{"publish_messages_cut", 5, {}, -1}, {"publish_messages_cut_no_room", 3, {}, -1}}),
      HasSubstr("\nbodies cut because the publisher was behind: 3\n"));
  EXPECT_THAT(report({{"publish_messages_cut", 5, {}, -1}}), Not(HasSubstr("bodies cut")));
}

} // namespace
} // namespace xdpcap::engine
