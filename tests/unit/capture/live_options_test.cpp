// What a live capture refuses before it touches anything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/live_capture.hpp"

namespace xdpcap::capture {
namespace {

using testing::HasSubstr;

Error refusal(const LiveOptions& options) {
  return LiveCapture::open(options).error();
}

LiveOptions on(const std::string& interface) {
  LiveOptions options;
  options.interfaces = {{interface, {}}};
  return options;
}

TEST(LiveOptions, NeedAnInterface) {
  EXPECT_EQ(refusal({}).code, ExitCode::usage);
  EXPECT_THAT(refusal({}).message, HasSubstr("name one with -i"));
}

TEST(LiveOptions, NameAnInterfaceOnce) {
  LiveOptions options = on("eth7");
  options.interfaces.push_back({"eth7", {1}});
  EXPECT_EQ(refusal(options).code, ExitCode::usage);
  EXPECT_THAT(refusal(options).message, HasSubstr("eth7 is given twice"));
}

TEST(LiveOptions, KeepRingAndFramesInProportion) {
  const auto with = [](std::uint32_t frames, std::uint32_t ring) {
    LiveOptions options = on("lo");
    options.frames_per_queue = frames;
    options.ring = ring;
    return options;
  };
  for (const LiveOptions& wrong :
       {with(1000, 512), with(1024, 1000), with(1024, 2048), with(1024, 32)}) {
    EXPECT_EQ(refusal(wrong).code, ExitCode::usage);
    EXPECT_THAT(refusal(wrong).message, HasSubstr("powers of two"));
  }
}

// As many have frames of their own, so memory is divided by it.
TEST(LiveOptions, SocketsAreCountedBeforeAnyIsMade) {
  LiveOptions options = on("lo");
  options.mode = CaptureMode::tap;
  options.workers = 3;
  const auto of_tap = LiveCapture::count_queues(options);
  ASSERT_TRUE(of_tap.ok()) << of_tap.error().message;
  EXPECT_EQ(*of_tap, 3U) << "one for each worker";
  EXPECT_EQ(LiveCapture::count_queues(on("nowhere0")).error().code, ExitCode::environment);
}

TEST(LiveOptions, RefuseAnUnknownInterfaceBeforeTheyAskForPrivilege) {
  EXPECT_EQ(refusal(on("nowhere0")).code, ExitCode::environment);
}

} // namespace
} // namespace xdpcap::capture
