// What the file of -w got, and what it did not.
#include "engine/frame_log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "support/packet.hpp"

namespace xdpcap::engine {
namespace {

constexpr std::uint64_t kFrames = 40'000; // more than the writer's buffer holds

class FrameLogTest : public ::testing::Test {
 protected:
  FrameLogTest()
      : packet_(
            test::eth().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 80).payload(std::string(100, 'x'))) {
  }

  // Logs kFrames, every one of `interface`, to `path`, which fails once it is open by `breaks`;
  // answers how stop() ended.
  Result<void, Error> log_to(
      const std::string& path, std::uint16_t interface = 0,
      const std::function<void()>& breaks = [] {}) {
    const capture::WrittenInterface only{"eth0", wire::LinkType::ethernet, 0};
    auto writer = capture::PcapngWriter::open(path, {&only, 1});
    EXPECT_TRUE(writer.ok());
    log_ = std::make_unique<FrameLogWriter>(std::move(*writer), 1, 64);
    breaks();
    log_->start([] {});
    wire::Frame frame = packet_.frame();
    frame.interface = interface;
    for (std::uint64_t i = 0; i < kFrames; ++i) log_->log(0).add(frame);
    log_->log(0).flush();
    return log_->stop();
  }

  test::Packet packet_;
  std::unique_ptr<FrameLogWriter> log_;
};

TEST_F(FrameLogTest, EveryFrameIsWrittenOrDropped) {
  EXPECT_TRUE(log_to("/dev/null").ok());
  EXPECT_EQ(log_->written(), kFrames);
  EXPECT_EQ(log_->dropped(), 0U);
}

TEST_F(FrameLogTest, WhatCameAfterAFailureIsNotWritten) {
  ::signal(SIGPIPE, SIG_IGN);
  std::string room = "/tmp/xdpcap-log-XXXXXX";
  ASSERT_NE(::mkdtemp(room.data()), nullptr);
  const std::string path = room + "/pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  EXPECT_FALSE(log_to(path, 0, [reader] { ::close(reader); }).ok());
  EXPECT_TRUE(log_->failed());
  EXPECT_NE(log_->failure().find("nobody reads it"), std::string::npos) << log_->failure();
  EXPECT_EQ(log_->written(), 0U);
  EXPECT_EQ(log_->dropped(), kFrames);
  std::filesystem::remove_all(room);
}

// A frame that does not belong into the file is one frame less, not the end of the file.
TEST_F(FrameLogTest, FramesOfAnUnknownInterfaceAreNoFailureOfTheDisk) {
  EXPECT_TRUE(log_to("/dev/null", 7).ok());
  EXPECT_FALSE(log_->failed());
  EXPECT_EQ(log_->written(), 0U);
  EXPECT_EQ(log_->dropped(), kFrames);
}

} // namespace
} // namespace xdpcap::engine
