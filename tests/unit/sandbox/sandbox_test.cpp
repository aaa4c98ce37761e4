#include "sandbox/sandbox.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

namespace xdpcap::sandbox {
namespace {

constexpr int kConfineFailed = 99;

// Runs `act` in a child that is confined, and answers what `act` returned. What is given up is
// given up for good, so that the test's own process must not do it.
int confined(const Rights& rights, const std::function<int()>& act) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto notes = confine(rights);
    ::_exit(notes.ok() && notes.value().empty() ? act() : kConfineFailed);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  return WEXITSTATUS(status);
}

class Sandbox : public ::testing::Test {
 protected:
  Sandbox() {
    std::string name = "/tmp/xdpcap-sandbox-XXXXXX";
    room_ = ::mkdtemp(name.data());
    std::ofstream(room_ / "secret") << "secret";
  }
  ~Sandbox() override { std::filesystem::remove_all(room_); }

  std::filesystem::path room_;
};

TEST_F(Sandbox, a_shell_cannot_be_started) {
  const std::string command =
      "id > " + (room_ / "id").string() + "; cat /etc/shadow > " + (room_ / "shadow").string();
  for (const bool every_file : {false, true}) {
    EXPECT_EQ(confined({.every_file = every_file},
                       [&] { return std::system(command.c_str()) == 0 ? 1 : 0; }),
              0);
    EXPECT_FALSE(std::filesystem::exists(room_ / "id"));
    EXPECT_FALSE(std::filesystem::exists(room_ / "shadow"));
  }
}

TEST_F(Sandbox, no_program_takes_the_place_of_this_one) {
  EXPECT_EQ(confined({.every_file = true},
                     [] {
                       ::execl("/bin/true", "true", nullptr);
                       return errno == ENOSYS ? 0 : 1;
                     }),
            0);
  EXPECT_EQ(confined({}, [] { return ::fork() == -1 ? 0 : 1; }), 0);
  EXPECT_EQ(
      confined({},
               [] { return ::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr) == -1 ? 0 : 1; }),
      0);
  EXPECT_EQ(confined({}, [] { return ::syscall(SYS_kill, ::getppid(), 0) == -1 ? 0 : 1; }), 0);
}

TEST_F(Sandbox, no_capability_is_left_and_none_comes_back) {
  EXPECT_EQ(
      confined({.every_file = true},
               [] {
                 if (has_any_capability()) return 1;
                 if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 2;
                 if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_ADMIN, 0, 0) != 0)
                   return 3;
                 // As root, whose bounding set can be emptied.
                 if (::geteuid() == 0 && ::prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) != 0)
                   return 4;
                 // Not the library's, which asks each thread and aborts where answers differ.
                 return ::syscall(SYS_setresuid, 1, 1, 1) == 0 ? 5 : 0;
               }),
      0);
}

TEST_F(Sandbox, drop_all_privileges_leaves_nothing_for_a_program_that_is_started) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!drop_all_privileges().ok()) ::_exit(kConfineFailed);
    const std::string query =
        "grep -E 'Cap(Inh|Prm|Eff|Amb)' /proc/self/status | grep -qv 0000000000000000";
    ::_exit(std::system(query.c_str()) == 0 ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(Sandbox, files_are_out_of_reach_but_where_allowed) {
  const std::string secret = (room_ / "secret").string();
  const auto reads = [&secret] { return ::open(secret.c_str(), O_RDONLY) >= 0 ? 1 : 0; };
  EXPECT_EQ(confined({}, reads), 0);
  EXPECT_EQ(confined({.places = {{room_.string(), Place::Access::read}}}, reads), 1);
  EXPECT_EQ(confined({.places = {{room_.string(), Place::Access::read}}},
                     [&] { return ::open(secret.c_str(), O_WRONLY) >= 0 ? 1 : 0; }),
            0);
  EXPECT_EQ(confined({.places = {{room_.string(), Place::Access::read}}},
                     [&] { return ::unlink(secret.c_str()) == 0 ? 1 : 0; }),
            0);
  EXPECT_EQ(confined({.places = {{"/nowhere/at/all", Place::Access::read}}}, reads), 0);
  EXPECT_EQ(confined({.places = {{room_.string(), Place::Access::remove}}},
                     [&] { return ::unlink(secret.c_str()) == 0 ? 1 : 0; }),
            1);
}

TEST_F(Sandbox, what_is_open_stays_open_and_threads_can_be_started) {
  EXPECT_EQ(confined({},
                     [] {
                       int pipe[2];
                       if (::pipe(pipe) != 0) return 1;
                       bool written = false;
                       std::thread([&] { written = ::write(pipe[1], "x", 1) == 1; }).join();
                       char read = 0;
                       return written && ::read(pipe[0], &read, 1) == 1 && read == 'x' ? 0 : 2;
                     }),
            0);
}

TEST_F(Sandbox, sockets_are_made_only_where_allowed_and_of_plain_families) {
  const auto makes = [](int family) {
    return [family] { return ::socket(family, SOCK_DGRAM, 0) >= 0 ? 1 : 0; };
  };
  EXPECT_EQ(confined({}, makes(AF_UNIX)), 0);
  EXPECT_EQ(confined({.sockets = true}, makes(AF_UNIX)), 1);
  EXPECT_EQ(confined({.sockets = true}, makes(AF_INET)), 1);
  EXPECT_EQ(confined({.sockets = true}, makes(AF_PACKET)), 0);
  EXPECT_EQ(confined({.sockets = true}, makes(AF_VSOCK)), 0);
}

TEST_F(Sandbox, no_bpf_program_is_loaded_and_no_namespace_entered) {
  constexpr int kProgLoad = 5;
  const auto loads = [] {
    char attributes[128] = {};
    ::syscall(SYS_bpf, kProgLoad, attributes, sizeof attributes);
    return errno;
  };
  EXPECT_EQ(confined({}, loads), ENOSYS);
  EXPECT_NE(confined({.capture = true}, loads), ENOSYS);
  const auto enters = [] {
    ::syscall(SYS_setns, -1, 0);
    return errno;
  };
  EXPECT_EQ(confined({}, enters), ENOSYS);
  EXPECT_EQ(confined({.namespaces = true}, enters), EBADF);
}

TEST_F(Sandbox, a_user_without_privileges_can_confine_itself) {
  // Root becomes one; another user stays who it is.
  Rights rights;
  if (::geteuid() == 0) rights.user = User{65534, 65534};
  const auto is_nobody_special = [] { return ::geteuid() != 0 && !has_any_capability() ? 0 : 1; };
  EXPECT_EQ(confined(rights, is_nobody_special), 0);
  EXPECT_EQ(confined(rights,
                     [] {
                       if (!confine({.user = User{::getuid(), ::getgid()}}).ok())
                         return 1; // as a thread does later
                       return ::geteuid() == 0 ? 2 : 0;
                     }),
            0);
}

} // namespace
} // namespace xdpcap::sandbox
