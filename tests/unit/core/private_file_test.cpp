#include "core/private_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace xdpcap {
namespace {

class PrivateFile : public ::testing::Test {
 protected:
  PrivateFile() {
    std::string name = "/tmp/xdpcap-private-XXXXXX";
    room_ = ::mkdtemp(name.data());
  }
  ~PrivateFile() override { std::filesystem::remove_all(room_); }

  [[nodiscard]] std::string path(const std::string& name) const { return (room_ / name).string(); }
  static mode_t mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0);
    return status.st_mode & 07777;
  }
  static std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path room_;
};

TEST_F(PrivateFile, a_new_one_is_the_owner_s_alone_whatever_the_umask) {
  const mode_t before = ::umask(0);
  EXPECT_TRUE(open_private(path("new"), Existing::keep).ok());
  ::umask(before);
  EXPECT_EQ(mode_of(path("new")), 0600U);
}

TEST_F(PrivateFile, one_that_was_open_to_others_is_closed_to_them) {
  std::ofstream(path("old")) << "before";
  ASSERT_EQ(::chmod(path("old").c_str(), 0666), 0);
  EXPECT_TRUE(open_private(path("old"), Existing::keep).ok());
  EXPECT_EQ(mode_of(path("old")), 0600U);
  EXPECT_EQ(text_of(path("old")), "before");
  EXPECT_TRUE(open_private(path("old"), Existing::truncate).ok());
  EXPECT_EQ(text_of(path("old")), "");
}

TEST_F(PrivateFile, a_symbolic_link_is_not_followed) {
  std::ofstream(path("target")) << "precious";
  std::filesystem::create_symlink(path("target"), path("link"));
  const auto opened = open_private(path("link"), Existing::truncate);
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("symbolic link"), std::string::npos);
  EXPECT_EQ(text_of(path("target")), "precious");
  std::filesystem::create_symlink(path("nowhere"), path("dangling"));
  EXPECT_FALSE(open_private(path("dangling"), Existing::truncate).ok());
  EXPECT_FALSE(std::filesystem::exists(path("nowhere")));
}

TEST_F(PrivateFile, a_hard_link_is_refused_and_left_as_it_is) {
  std::ofstream(path("target")) << "precious";
  std::filesystem::create_hard_link(path("target"), path("link"));
  EXPECT_FALSE(open_private(path("link"), Existing::truncate).ok());
  EXPECT_EQ(text_of(path("target")), "precious");
}

TEST_F(PrivateFile, a_pipe_is_taken_as_it_is) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0644), 0);
  const OwnedFd reader{::open(path("pipe").c_str(), O_RDONLY | O_NONBLOCK)};
  EXPECT_TRUE(open_private(path("pipe"), Existing::truncate).ok());
  EXPECT_EQ(mode_of(path("pipe")), 0644U);
}

TEST_F(PrivateFile, a_directory_that_is_not_there_is_named) {
  const auto opened = open_private(path("none/file"), Existing::keep);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ExitCode::output);
  EXPECT_NE(opened.error().message.find("none/file"), std::string::npos);
  EXPECT_NE(opened.error().message.find("does not exist"), std::string::npos);
}

} // namespace
} // namespace xdpcap
