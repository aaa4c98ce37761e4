#include "host/process_table.hpp"

#include <gtest/gtest.h>

#include <map>

namespace xdpcap::host {
namespace {

using namespace std::string_literals;

constexpr std::uint64_t kSecond = 1'000'000'000;

std::map<std::uint32_t, ProcFacts> running; // stands in for /proc

std::optional<ProcFacts> read_running(std::uint32_t pid) {
  const auto found = running.find(pid);
  return found == running.end() ? std::nullopt : std::optional(found->second);
}

class Processes : public ::testing::Test {
 protected:
  void SetUp() override { running.clear(); }

  static void run(std::uint32_t pid, std::uint64_t started_s, std::string name, std::string command,
                  std::string cgroup = "0::/a\n") {
    running[pid] = {.name = std::move(name),
                    .command = std::move(command),
                    .cgroup = std::move(cgroup),
                    .started_ticks = started_s * 100,
                    .uid = 33};
  }
  static ProcessNews news(std::uint32_t pid, std::uint64_t started_s, std::string_view name,
                          std::string_view command) {
    return {.pid = pid,
            .started_boot_ns = started_s * kSecond + 1'234'567,
            .cgroup_id = 77,
            .uid = 33,
            .name = name,
            .command = command};
  }

  ProcessTable table_{16, read_running};
};

TEST_F(Processes, OneThatIsGoneKeepsWhatTheKernelSideSaid) {
  const std::string command = "/usr/bin/curl\0-s\0http://shop/\0"s;
  table_.learn(news(10, 5, "curl\n", command));
  const ProcessRef process = table_.find(10, 5 * kSecond);
  ASSERT_NE(process, nullptr);
  EXPECT_EQ(process->pid, 10U);
  EXPECT_EQ(process->name, "curl");
  EXPECT_EQ(process->command, "/usr/bin/curl\0-s\0http://shop/"s);
  EXPECT_EQ(process->uid, 33U);
  EXPECT_NE(process->started_ns, 0U);
  EXPECT_EQ(table_.find(10, 6 * kSecond), nullptr) << "another process that has its number";
  EXPECT_EQ(table_.find(0, 0), nullptr);
}

TEST_F(Processes, OneThatStillRunsIsReadInFull) {
  const std::string begin(256, 'x');
  run(10, 5, "java", begin + " and more\0"s, "0::/system.slice/shop.service\n");
  table_.learn(news(10, 5, "java", begin));
  EXPECT_EQ(table_.find(10, 5 * kSecond)->command, begin + " and more");
  EXPECT_EQ(table_.find(10, 5 * kSecond)->cgroup, "/system.slice/shop.service");
}

TEST_F(Processes, WhoHasTheNumberNowIsNotMistakenForWhoHadIt) {
  run(10, 9, "sshd", "sshd\0"s, "0::/ssh\n");
  table_.learn(news(10, 5, "curl", "curl\0"s));
  EXPECT_EQ(table_.find(10, 5 * kSecond)->name, "curl");
  EXPECT_EQ(table_.find(10, 5 * kSecond)->cgroup, "");
  EXPECT_EQ(table_.find(10, 9 * kSecond)->name, "sshd");
  EXPECT_EQ(table_.look_up(10)->name, "sshd");
}

TEST_F(Processes, OneThatCallsExecveIsAnotherFromThenOn) {
  table_.learn(news(10, 5, "bash", "bash\0"s));
  const ProcessRef before = table_.find(10, 5 * kSecond);
  table_.learn(news(10, 5, "nginx", "nginx\0"s));
  const ProcessRef after = table_.find(10, 5 * kSecond);
  EXPECT_EQ(before->name, "bash");
  EXPECT_EQ(after->name, "nginx");
  EXPECT_NE(before->serial, after->serial);
  EXPECT_EQ(before->started_ns, after->started_ns);
}

TEST_F(Processes, TheCgroupOfOneThatIsGoneIsKnownFromOthersOfIt) {
  run(10, 5, "shell", "sh\0"s, "0::/docker/" + std::string(64, 'a') + "\n");
  table_.learn(news(10, 5, "shell", "sh\0"s));
  table_.learn(news(11, 6, "curl", "curl\0"s)); // same cgroup id, gone already
  EXPECT_EQ(table_.find(11, 6 * kSecond)->container, std::string(64, 'a'));
}

TEST_F(Processes, ThoseThatWereThereBeforeAreReadWhenTheyAreAskedFor) {
  run(10, 5, "nginx", "nginx: master process\0"s);
  EXPECT_EQ(table_.look_up(10)->command, "nginx: master process");
  EXPECT_EQ(table_.look_up(10), table_.find(10, 5 * kSecond)) << "once is enough";
  EXPECT_EQ(table_.look_up(99), nullptr);
}

TEST_F(Processes, NeverTakeMoreRoomThanTheyMay) {
  run(1, 1, "init", "init\0"s);
  for (std::uint32_t pid = 100; pid < 1100; ++pid) {
    table_.learn(news(pid, pid, "short", "short\0"s));
    ASSERT_NE(table_.look_up(1), nullptr);
    ASSERT_LE(table_.size(), 16U);
  }
  EXPECT_NE(table_.find(1099, 1099 * kSecond), nullptr);
  EXPECT_EQ(table_.find(100, 100 * kSecond), nullptr) << "unused for long, forgotten";
}

TEST(CommandLines, AreCutAndHarmless) {
  EXPECT_EQ(command_line("a\0b c\0\0"s), "a\0b c"s);
  EXPECT_EQ(command_line("a\0\0\x1b[m\0"s), "a\0\0 [m"s);
  EXPECT_EQ(command_line(std::string(10'000, 'x')).size(), ProcessTable::kCommandMax);
}

} // namespace
} // namespace xdpcap::host
