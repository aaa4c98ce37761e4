#include "engine/privileges.hpp"

#include <fmt/core.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "core/sanitized.hpp"

namespace xdpcap::engine {
namespace {

using sandbox::Place;

constexpr const char* kOwnName = "xdpcap"; // of user and group

std::optional<gid_t> group_named(const std::string& name) {
  std::array<char, 16384> room{};
  struct group entry {};
  struct group* found = nullptr;
  if (::getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found) != 0 ||
      found == nullptr) {
    return std::nullopt;
  }
  return found->gr_gid;
}

std::optional<gid_t> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  const std::string_view digits = text;
  gid_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

} // namespace

Result<sandbox::User, Error> look_up_user(const std::string& name) {
  std::array<char, 16384> room{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, room.data(), room.size(), &found) != 0 ||
      found == nullptr) {
    return Error{
        ExitCode::usage,
        fmt::format("There is no user '{}' for --user; create it, or name another.", name)};
  }
  return sandbox::User{found->pw_uid, found->pw_gid};
}

std::optional<std::string> default_user() {
  if (::geteuid() != 0) return std::nullopt;
  const bool is_service = std::getenv("NOTIFY_SOCKET") != nullptr ||
                          number_in("SYSTEMD_EXEC_PID") == static_cast<gid_t>(::getpid());
  if (!is_service || !look_up_user(kOwnName)) return std::nullopt;
  return kOwnName;
}

Result<std::optional<gid_t>, Error> subscribers_group(const std::optional<std::string>& wanted) {
  if (wanted) {
    if (const auto named = group_named(*wanted)) return named;
    return Error{ExitCode::usage, fmt::format("There is no group '{}' for --pub-group; create it "
                                              "(sudo groupadd {}), or name another.",
                                              *wanted, *wanted)};
  }
  if (::geteuid() != 0) return std::optional<gid_t>{};
  if (const auto of_sudo = number_in("SUDO_GID"); of_sudo && *of_sudo != 0) return of_sudo;
  return group_named(kOwnName);
}

sandbox::Rights Duties::traffic() const {
  sandbox::Rights rights;
  rights.user = user;
  // Sanitizers open files, start processes and trace at the end.
  rights.every_call = rights.every_file = !confined || kSanitized;
  return rights;
}

sandbox::Rights Duties::keeper() const {
  sandbox::Rights rights = traffic();
  rights.capabilities = {CAP_NET_ADMIN};
  rights.sockets = rights.capture = rights.namespaces = true;
  rights.places = {{"/proc", Place::Access::read},
                   {"/sys", Place::Access::read},
                   {"/proc/sys/net", Place::Access::write}};
  for (const std::string& directory : endpoint_directories) {
    rights.places.push_back({directory, Place::Access::remove});
    rights.places.push_back({directory + "/..", Place::Access::remove_dirs});
  }
  return rights;
}

sandbox::Rights Duties::host(std::vector<unsigned> capabilities) const {
  sandbox::Rights rights = traffic();
  rights.sockets = true;
  rights.namespaces = rights.every_file = rights.every_file || !capabilities.empty();
  rights.places = {{"/proc", Place::Access::read}, {"/sys", Place::Access::read}};
  rights.capabilities = std::move(capabilities);
  return rights;
}

} // namespace xdpcap::engine
