#include "capture/nic/mode_choice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if_arp.h>

namespace xdpcap::capture {
namespace {

using testing::HasSubstr;

// A port that nothing of this host uses.
Nic idle_port() {
  Nic nic;
  nic.link.name = "eth1";
  nic.link.hardware_type = ARPHRD_ETHER;
  nic.link.up = true;
  return nic;
}

CaptureMode automatic(const Nic& nic) {
  return choose_mode(nic, CaptureMode::automatic, false).value().mode;
}

TEST(ModeChoice, MirrorsAPortThatNothingUses) {
  const ChosenMode chosen = choose_mode(idle_port(), CaptureMode::automatic, false).value();
  EXPECT_EQ(chosen.mode, CaptureMode::mirror);
  EXPECT_TRUE(chosen.by_itself) << "it ends when that is so no more";
  EXPECT_FALSE(choose_mode(idle_port(), CaptureMode::mirror, false).value().by_itself);
}

TEST(ModeChoice, TapsWhateverTheHostUses) {
  Nic used = idle_port();
  used.uses = {"10.89.0.2 is routed through it"};
  EXPECT_EQ(automatic(used), CaptureMode::tap);
}

TEST(ModeChoice, TapsEveryVirtualDevice) {
  for (const char* kind : {"veth", "tun", "macvlan", "ipvlan", "bond", "dummy"}) {
    Nic nic = idle_port();
    nic.link.kind = kind;
    EXPECT_EQ(automatic(nic), CaptureMode::tap) << kind;
    EXPECT_EQ(choose_mode(nic, CaptureMode::mirror, false).value().mode, CaptureMode::mirror)
        << "where asked for";
  }
}

TEST(ModeChoice, SaysWhichModeAndWhy) {
  Nic nic = idle_port();
  nic.uses = {"it carries this host's address 192.0.2.1", "the default route leads through it"};
  nic.has_address = true;
  EXPECT_EQ(choose_mode(nic, CaptureMode::automatic, false).value().reason,
            "eth1: tap mode, as it carries this host's address 192.0.2.1; its traffic is copied "
            "and goes on as before");
}

TEST(ModeChoice, NamesTheModeOfAMirrorPortWhereItMayBeOne) {
  Nic nic = idle_port();
  nic.uses = {"it carries this host's link-local address fe80::1"};
  EXPECT_THAT(choose_mode(nic, CaptureMode::automatic, false).value().reason,
              HasSubstr("(for a mirror port: --mode mirror)"));
}

TEST(ModeChoice, CopiesNoTapOfARunningCapture) {
  Nic tap = idle_port();
  tap.link.name = "xdpcap0";
  tap.link.kind = "veth";
  for (const CaptureMode mode : {CaptureMode::automatic, CaptureMode::mirror, CaptureMode::tap}) {
    const auto refused = choose_mode(tap, mode, true);
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message, HasSubstr("xdpcap0 is the tap of a running capture"));
  }
}

TEST(ModeChoice, RefusesToCutTheHostOff) {
  Nic routed = idle_port(), session = idle_port();
  routed.carries_default_route = true;
  session.carries_ssh_session = true;
  for (const Nic& nic : {routed, session}) {
    const auto refused = choose_mode(nic, CaptureMode::mirror, false);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ExitCode::environment);
    EXPECT_THAT(refused.error().message, HasSubstr("--steal"));
    EXPECT_EQ(choose_mode(nic, CaptureMode::mirror, true).value().mode, CaptureMode::mirror);
  }
}

TEST(ModeChoice, MirrorsAnAddressedPortOnRequestAndSaysWhatThatMeans) {
  Nic nic = idle_port();
  nic.uses = {"it carries this host's address 192.0.2.1"};
  const auto chosen = choose_mode(nic, CaptureMode::mirror, false);
  ASSERT_TRUE(chosen.ok());
  EXPECT_THAT(chosen->reason, HasSubstr("although it carries this host's address 192.0.2.1"));
}

TEST(ModeChoice, NamesAnXdpProgramInTheWayButTapsBesideIt) {
  Nic nic = idle_port();
  nic.xdp_program = AttachedProgram{42, "xdp_dispatcher"};
  const auto refused = choose_mode(nic, CaptureMode::mirror, false);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ExitCode::environment);
  EXPECT_THAT(refused.error().message, HasSubstr("xdp_dispatcher, id 42"));
  EXPECT_THAT(refused.error().message, HasSubstr("--mode tap"));
  EXPECT_EQ(choose_mode(nic, CaptureMode::tap, false).value().mode, CaptureMode::tap);
}

TEST(ModeChoice, RefusesInterfacesWithoutAnEthernetHeader) {
  Nic tunnel = idle_port();
  tunnel.link.hardware_type = ARPHRD_NONE;
  for (const CaptureMode mode : {CaptureMode::automatic, CaptureMode::mirror, CaptureMode::tap}) {
    EXPECT_FALSE(choose_mode(tunnel, mode, true).ok());
  }
}

} // namespace
} // namespace xdpcap::capture
