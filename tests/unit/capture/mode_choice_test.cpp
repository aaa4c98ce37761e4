#include "capture/mode_choice.hpp"

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
  EXPECT_EQ(automatic(idle_port()), CaptureMode::mirror);
}

TEST(ModeChoice, TapsWhateverTheHostUses) {
  Nic addressed = idle_port(), routed = idle_port(), session = idle_port(), bridged = idle_port();
  addressed.addresses = {"192.0.2.1"};
  routed.carries_default_route = true;
  session.carries_ssh_session = true;
  bridged.carries_other_interfaces = true;
  for (const Nic& nic : {addressed, routed, session, bridged}) EXPECT_EQ(automatic(nic), CaptureMode::tap);
}

TEST(ModeChoice, SaysWhichModeAndWhy) {
  Nic nic = idle_port();
  nic.addresses = {"192.0.2.1", "2001:db8::1"};
  EXPECT_EQ(choose_mode(nic, CaptureMode::automatic, false).value().reason,
            "eth1: tap mode, as it carries this host's address 192.0.2.1; its traffic is copied and goes on as before");
}

TEST(ModeChoice, RefusesToCutTheHostOff) {
  Nic routed = idle_port(), session = idle_port();
  routed.carries_default_route = true;
  session.carries_ssh_session = true;
  for (const Nic& nic : {routed, session}) {
    const auto refused = choose_mode(nic, CaptureMode::mirror, false);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ExitCode::environment);
    EXPECT_THAT(refused.error().sentence, HasSubstr("--steal"));
    EXPECT_EQ(choose_mode(nic, CaptureMode::mirror, true).value().mode, CaptureMode::mirror);
  }
}

TEST(ModeChoice, MirrorsAnAddressedPortOnRequestAndSaysWhatThatMeans) {
  Nic nic = idle_port();
  nic.addresses = {"192.0.2.1"};
  const auto chosen = choose_mode(nic, CaptureMode::mirror, false);
  ASSERT_TRUE(chosen.ok());
  EXPECT_THAT(chosen->reason, HasSubstr("although it carries this host's address 192.0.2.1"));
}

TEST(ModeChoice, NamesAnXdpProgramInTheWayButTapsBesideIt) {
  Nic nic = idle_port();
  nic.xdp_program = AttachedProgram{42, "xdp_dispatcher"};
  const auto refused = choose_mode(nic, CaptureMode::automatic, false);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ExitCode::environment);
  EXPECT_THAT(refused.error().sentence, HasSubstr("xdp_dispatcher, id 42"));
  EXPECT_THAT(refused.error().sentence, HasSubstr("--mode tap"));
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
