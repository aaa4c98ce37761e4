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
  if (keep_net_admin) {
    capng_updatev(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), CAP_NET_ADMIN, -1);
  }
  // The bounding set stays where the process may not touch it; what counts is
  // what this process can do.
  if (capng_apply(CAPNG_SELECT_CAPS) != 0) {
    return Error{ExitCode::privilege, fmt::format("Cannot give up capabilities ({}).", std::strerror(errno))};
  }
  return {};
}

} // namespace xdpcap::engine
