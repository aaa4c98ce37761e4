#include "engine/ledger.hpp"

#include <gtest/gtest.h>

namespace xdpcap::engine {
namespace {

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

} // namespace
} // namespace xdpcap::engine
