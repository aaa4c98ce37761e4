#include "engine/memory_limit.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace xdpcap::engine {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

class MemoryLimit : public ::testing::Test {
 protected:
  MemoryLimit() {
    std::string name = "/tmp/xdpcap-cgroup-XXXXXX";
    room_ = ::mkdtemp(name.data());
  }
  ~MemoryLimit() override { std::filesystem::remove_all(room_); }

  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories((room_ / file).parent_path());
    std::ofstream(room_ / file) << text;
  }
  std::optional<std::size_t> limit() {
    return cgroup_memory_limit(room_, (room_ / "self").string());
  }

  std::filesystem::path room_;
};

TEST_F(MemoryLimit, TheLeastOfAllCgroupsAboveCountsInBothVersions) {
  write("self", "0::/system.slice/xdpcap.service\n");
  EXPECT_EQ(limit(), std::nullopt);
  write("system.slice/xdpcap.service/memory.max", "max\n");
  EXPECT_EQ(limit(), std::nullopt);
  write("system.slice/memory.max", "209715200\n");
  EXPECT_EQ(limit(), 200 * kMiB);
  write("self", "9:cpu,cpuacct:/a\n4:memory:/docker/x\n0::/\n");
  write("memory/docker/x/memory.limit_in_bytes", "9223372036854771712\n");
  write("memory/docker/memory.limit_in_bytes", "62914560\n");
  EXPECT_EQ(limit(), 60 * kMiB);
}

TEST_F(MemoryLimit, ACgroupLowersTheLimitAndSaysSo) {
  std::vector<std::string> notes;
  EXPECT_EQ(bound_memory(512 * kMiB, 128 * kMiB, 4096 * kMiB, notes).value(), 128 * kMiB);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_NE(notes[0].find("128 MiB"), std::string::npos);
  EXPECT_EQ(bound_memory(512 * kMiB, 2048 * kMiB, 4096 * kMiB, notes).value(), 512 * kMiB);
  EXPECT_EQ(bound_memory(512 * kMiB, std::nullopt, 4096 * kMiB, notes).value(), 512 * kMiB);
  EXPECT_EQ(notes.size(), 1U);
}

TEST_F(MemoryLimit, MoreThanTheHostHasIsRefused) {
  std::vector<std::string> notes;
  for (const std::size_t absurd : {SIZE_MAX, std::size_t{1000} << 40, std::size_t{4097} * kMiB}) {
    const auto bound = bound_memory(absurd, std::nullopt, 4096 * kMiB, notes);
    ASSERT_FALSE(bound.ok());
    EXPECT_EQ(bound.error().code, ExitCode::usage);
    EXPECT_NE(bound.error().message.find("4096M"), std::string::npos);
  }
  EXPECT_GT(memory_of_host(), kMiB);
}

} // namespace
} // namespace xdpcap::engine
