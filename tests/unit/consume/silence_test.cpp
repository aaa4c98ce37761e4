#include "consume/silence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>

#include "core/owned_fd.hpp"

namespace xdpcap::consume {
namespace {

using ::testing::HasSubstr;

constexpr uid_t kStranger = 54321;

class Silence : public ::testing::Test {
 protected:
  Silence() {
    std::string name = "/tmp/xdpcap-silence-XXXXXX";
    room_ = ::mkdtemp(name.data());
  }
  ~Silence() override { std::filesystem::remove_all(room_); }

  [[nodiscard]] std::string path(const std::string& name) const { return (room_ / name).string(); }
  [[nodiscard]] std::string ipc(const std::string& name) const { return "ipc://" + path(name); }
  [[nodiscard]] OwnedFd listen(const std::string& name) const {
    OwnedFd fd{::socket(AF_UNIX, SOCK_STREAM, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path(name).c_str());
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd.get(), 4), 0);
    return fd;
  }
  // As a user without privileges, whoever runs the test: root becomes one, in a child.
  static bool holds_as_a_user(const std::function<bool()>& holds) {
    const pid_t child = ::fork();
    if (child == 0) {
      const bool is_user = ::geteuid() != 0 || ::setuid(65534) == 0;
      ::_exit(is_user && holds() ? 0 : 1);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return status == 0;
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  std::filesystem::path room_;
};

TEST_F(Silence, SomebodyListensOrNobodyAnyMoreOrThereIsNoEndpoint) {
  {
    const OwnedFd listener = listen("pub.sock");
    EXPECT_EQ(explain_silence(ipc("pub.sock")), "");
  }
  EXPECT_THAT(explain_silence(ipc("pub.sock")), HasSubstr("nobody listens"));
  EXPECT_THAT(explain_silence(ipc("other.sock")), HasSubstr("no such endpoint"));
  EXPECT_THAT(explain_silence(ipc("none/pub.sock")), HasSubstr("no such endpoint"));
  EXPECT_THAT(explain_silence("tcp://127.0.0.1:1"), HasSubstr("nobody listens"));
  EXPECT_THAT(explain_silence("tcp://no.such.host.invalid:1"), HasSubstr("no host"));
}

TEST_F(Silence, WhoMayNotEnterLearnsWhatKeepsHimOut) {
  const OwnedFd listener = listen("pub.sock");
  ASSERT_EQ(::chmod(room_.c_str(), 0600), 0);
  EXPECT_TRUE(holds_as_a_user([&] {
    const std::string why = explain_silence(ipc("pub.sock"));
    return has(why, "may not enter " + room_.string()) && has(why, "--pub-group");
  }));
  ASSERT_EQ(::chmod(room_.c_str(), 0755), 0);
  ASSERT_EQ(::chmod(path("pub.sock").c_str(), 0000), 0);
  EXPECT_TRUE(
      holds_as_a_user([&] { return has(explain_silence(ipc("pub.sock")), "may not connect"); }));
  ASSERT_EQ(::chmod(room_.c_str(), 0700), 0);
}

TEST_F(Silence, ADirectoryInWhichAnybodyMayWriteIsNotBelieved) {
  std::filesystem::create_directories(path("open/private"));
  const OwnedFd listener = listen("open/private/pub.sock");
  EXPECT_TRUE(check_trust(ipc("open/private/pub.sock")).ok());
  ASSERT_EQ(::chmod(path("open").c_str(), 0777), 0);
  EXPECT_THAT(explain_silence(ipc("open/private/pub.sock")), HasSubstr("writable by everybody"));
  EXPECT_FALSE(check_trust(ipc("open/private/pub.sock")).ok());
  ASSERT_EQ(::chmod(path("open").c_str(), 01777), 0);
  EXPECT_TRUE(check_trust(ipc("open/private/pub.sock")).ok());
  EXPECT_FALSE(check_trust(ipc("open/later/pub.sock")).ok()) << "anybody may make it";
}

TEST_F(Silence, ADirectoryOfAnotherUserInAPlaceForAllIsNotBelieved) {
  ASSERT_EQ(::chmod(room_.c_str(), 0755), 0);
  std::filesystem::create_directories(path("tmp/xdpcap-1"));
  ASSERT_EQ(::chmod(path("tmp").c_str(), 01777), 0);
  const OwnedFd listener = listen("tmp/xdpcap-1/pub.sock");
  ASSERT_EQ(::chmod(path("tmp/xdpcap-1/pub.sock").c_str(), 0666), 0);
  ASSERT_EQ(::chmod(path("tmp/xdpcap-1").c_str(), 0755), 0);
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(path("tmp/xdpcap-1").c_str(), kStranger, kStranger), 0);
  } else {
    GTEST_ASSERT_EQ(::geteuid(), ::getuid());
    std::filesystem::remove_all(
        path("tmp/xdpcap-1")); // another user's directory takes root to make
    EXPECT_FALSE(check_trust(ipc("tmp/xdpcap-1/pub.sock")).ok());
    return;
  }
  EXPECT_THAT(explain_silence(ipc("tmp/xdpcap-1/pub.sock")), HasSubstr("belongs to another user"));
  EXPECT_TRUE(holds_as_a_user([&] { return !check_trust(ipc("tmp/xdpcap-1/pub.sock")).ok(); }));
}

TEST_F(Silence, AUserWithoutEndpointsLooksForItsOwnAndForRootS) {
  EXPECT_TRUE(holds_as_a_user([&] {
    ::setenv("XDG_RUNTIME_DIR", path("run").c_str(), 1);
    const auto all = default_endpoints();
    return !all.empty() && all.back() == "ipc:///run/xdpcap/pub.sock";
  }));
  ASSERT_EQ(::chmod(room_.c_str(), 0755), 0);
  std::filesystem::create_directories(path("run/xdpcap"));
  const OwnedFd listener = listen("run/xdpcap/pub.sock");
  ASSERT_EQ(::chmod(path("run/xdpcap/pub.sock").c_str(), 0666), 0);
  EXPECT_TRUE(holds_as_a_user([&] {
    ::setenv("XDG_RUNTIME_DIR", path("run").c_str(), 1);
    return default_endpoints() == std::vector{ipc("run/xdpcap/pub.sock")};
  })) << "where somebody listens, no other is asked";
}

} // namespace
} // namespace xdpcap::consume
