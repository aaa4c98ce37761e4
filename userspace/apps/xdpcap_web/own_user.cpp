#include "apps/xdpcap_web/own_user.hpp"

#include <fmt/core.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "sandbox/sandbox.hpp"

namespace xdpcap::web {
namespace {

constexpr const char* kOwnName = "xdpcap";

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
};

bool look_up(const std::string& name, Account& account) {
  std::array<char, 16384> room{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found) != 0 || found == nullptr)
    return false;
  account = {found->pw_uid, found->pw_gid};
  return true;
}

bool is_service() {
  const char* pid = std::getenv("SYSTEMD_EXEC_PID");
  return std::getenv("NOTIFY_SOCKET") != nullptr ||
         (pid != nullptr && std::to_string(::getpid()) == pid);
}

Result<void, Error> become(const std::string& name, const Account& account) {
  if (::initgroups(name.c_str(), account.gid) == 0 &&
      ::setresgid(account.gid, account.gid, account.gid) == 0 &&
      ::setresuid(account.uid, account.uid, account.uid) == 0)
    return {};
  return Error{ExitCode::privilege,
               fmt::format("cannot become the user '{}': {}; start xdpcap-web as that user", name,
                           std::strerror(errno))};
}

} // namespace

Result<std::string, Error> drop_privileges(const std::string& user) {
  const bool is_root = ::geteuid() == 0;
  Account account;
  if (!user.empty()) {
    if (!look_up(user, account))
      return Error{
          ExitCode::usage,
          fmt::format("--user {}: there is no such user; create it, or name another", user)};
    if (!is_root && account.uid != ::geteuid())
      return Error{ExitCode::privilege,
                   fmt::format("--user {}: only root can become another user", user)};
  }
  std::string note;
  if (is_root && !user.empty()) {
    if (auto became = become(user, account); !became) return std::move(became).error();
  } else if (is_root && is_service() && look_up(kOwnName, account)) {
    if (auto became = become(kOwnName, account); !became) return std::move(became).error();
  } else if (is_root) {
    note = "runs as root, though without any capability; --user NAME makes it another user";
  }
  if (auto dropped = sandbox::drop_all_privileges(); !dropped) return std::move(dropped).error();
  return note;
}

} // namespace xdpcap::web
