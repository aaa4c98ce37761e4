#include "host/proc.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "core/owned_fd.hpp"
#include "core/utf8.hpp"
#include "host/clock.hpp"

namespace xdpcap::host {
namespace {

TEST(Stat, TheStartIsFoundBehindWhateverAProcessCallsItself) {
  const std::string rest = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21\n";
  EXPECT_EQ(started_ticks("12 (nginx)" + rest), 4711U);
  EXPECT_EQ(started_ticks("12 (a) S 1 (b))" + rest), 4711U);
  EXPECT_EQ(started_ticks("12 (nginx) S 1 2 3"), std::nullopt);
  EXPECT_EQ(started_ticks("12 nginx"), std::nullopt);
  EXPECT_EQ(started_ticks(""), std::nullopt);
}

TEST(Status, TheUserIsTheEffectiveOne) {
  EXPECT_EQ(uid_in("Name:\tsudo\nUid:\t1000\t33\t0\t0\nGid:\t1\t1\t1\t1\n"), 33U);
  EXPECT_EQ(uid_in("Name:\tUid:\t7\n"), std::nullopt);
  EXPECT_EQ(uid_in("Name:\ta\nUid:\t1000"), std::nullopt);
}

TEST(Proc, ThisProcessIsRead) {
  const auto facts = read_process(static_cast<std::uint32_t>(::getpid()));
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->name.empty());
  EXPECT_NE(facts->command.find('\0'), std::string::npos);
  EXPECT_EQ(facts->uid, ::geteuid());
  EXPECT_GT(facts->started_ticks, 0U);
  std::set<std::uint32_t> all;
  each_process([&](std::uint32_t pid) { all.insert(pid); });
  EXPECT_TRUE(all.contains(static_cast<std::uint32_t>(::getpid())));
  EXPECT_EQ(read_process(UINT32_MAX), std::nullopt);
}

TEST(Proc, ItsSocketsAndItsNamespaceAreFound) {
  const OwnedFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  struct stat facts {};
  ASSERT_EQ(::fstat(socket.get(), &facts), 0);
  std::set<std::uint64_t> inodes;
  EXPECT_TRUE(each_socket_of(static_cast<std::uint32_t>(::getpid()),
                             [&](std::uint64_t inode) { inodes.insert(inode); }));
  EXPECT_TRUE(inodes.contains(facts.st_ino));
  EXPECT_EQ(network_namespace_of(static_cast<std::uint32_t>(::getpid())), own_network_namespace());
  EXPECT_NE(own_network_namespace(), 0U);
}

TEST(Clock, AProcessHasOneStartWhoeverReportsIt) {
  const HostClock clock;
  EXPECT_EQ(HostClock::ticks_of(12'345'678'901), 1234U);
  EXPECT_EQ(clock.started_ns(1235) - clock.started_ns(1234), 10'000'000U);
}

TEST(Text, IsMadeHarmless) {
  using namespace std::string_literals;
  EXPECT_EQ(clean_text("nginx: worker\0process\0"s, 100), "nginx: worker process");
  EXPECT_EQ(clean_text("a\x1b[2J\x7f\nb", 100), "a [2J  b");
  EXPECT_EQ(clean_text("gr\xc3\xbc\xc3\x9f \xf0\x9f\x9b\x92", 100),
            "gr\xc3\xbc\xc3\x9f \xf0\x9f\x9b\x92");
  EXPECT_EQ(clean_text("\xff\xfe\xc0\x80|\xed\xa0\x80|\xf4\x90\x80\x80", 100), "????|???|????");
  EXPECT_EQ(clean_text("\xc2\x9b", 100), "") << "a control character of two bytes, at the end";
  EXPECT_EQ(clean_text("abc\xc3\xbc", 4), "abc") << "never half a character";
  EXPECT_EQ(clean_text("cut\xc3", 100), "cut?");
  EXPECT_EQ(clean_text("", 5), "");
}

} // namespace
} // namespace xdpcap::host
