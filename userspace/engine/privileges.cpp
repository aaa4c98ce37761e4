#include "engine/privileges.hpp"

#include <cap-ng.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace xdpcap::engine {
namespace {

void keep(unsigned capability) {
  capng_updatev(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), capability, -1);
}

Result<void, Error> apply() {
  // The bounding set stays where the process may not touch it; what counts is
  // what this process can do.
  if (capng_apply(CAPNG_SELECT_CAPS) != 0) {
    return Error{ExitCode::privilege, fmt::format("Cannot give up capabilities ({}).", std::strerror(errno))};
  }
  return {};
}

} // namespace

Result<publish::Owner, Error> look_up_user(const std::string& name) {
  std::array<char, 16384> room{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found) != 0 || found == nullptr) {
    return Error{ExitCode::usage, fmt::format("There is no user '{}' for --user; create it, or name another.", name)};
  }
  return publish::Owner{found->pw_uid, found->pw_gid};
}

Result<void, Error> drop_privileges(const std::optional<publish::Owner>& user, bool keep_net_admin) {
  if (user) {
    // setres[ug]id of the C library reach every thread, and leaving uid 0 clears
    // the capabilities of each.
    if (::setgroups(0, nullptr) != 0 || ::setresgid(user->group, user->group, user->group) != 0 ||
        ::setresuid(user->user, user->user, user->user) != 0) {
      return Error{ExitCode::privilege,
                   fmt::format("Cannot become the user of --user ({}); start as root.", std::strerror(errno))};
    }
    return {};
  }
  capng_clear(CAPNG_SELECT_BOTH);
  if (keep_net_admin) keep(CAP_NET_ADMIN);
  return apply();
}

Result<void, Error> keep_only(const ThreadPrivileges& kept) {
  capng_get_caps_process();
  const auto may_keep = [](bool wanted, unsigned capability) {
    return wanted && capng_have_capability(CAPNG_PERMITTED, capability) == 1;
  };
  const bool sys_admin = may_keep(kept.sys_admin, CAP_SYS_ADMIN);
  const bool sys_ptrace = may_keep(kept.sys_ptrace, CAP_SYS_PTRACE);
  const bool dac_read_search = may_keep(kept.dac_read_search, CAP_DAC_READ_SEARCH);
  capng_clear(CAPNG_SELECT_BOTH);
  if (sys_admin) keep(CAP_SYS_ADMIN);
  if (sys_ptrace) keep(CAP_SYS_PTRACE);
  if (dac_read_search) keep(CAP_DAC_READ_SEARCH);
  return apply();
}

} // namespace xdpcap::engine
