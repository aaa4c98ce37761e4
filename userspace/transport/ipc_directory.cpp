#include "transport/ipc_directory.hpp"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "core/owned_fd.hpp"

namespace xdpcap::transport {
namespace {

constexpr uid_t kSameUser = static_cast<uid_t>(-1);
constexpr gid_t kSameGroup = static_cast<gid_t>(-1);

Error refused(std::string message) {
  return {ExitCode::output, std::move(message)};
}

bool hand_over(const std::string& path, const Owner& owner) {
  if (!owner.user && !owner.group) return true;
  return ::lchown(path.c_str(), owner.user.value_or(kSameUser), owner.group.value_or(kSameGroup)) ==
         0;
}

Result<bool, Error> cannot_hand_over(const std::string& directory) {
  return refused(fmt::format(
      "cannot give the directory {} to its user and group: {}; see --user and --pub-group",
      directory, std::strerror(errno)));
}

Result<void, Error> check_directory(const std::string& directory, const Owner& owner) {
  struct stat status {};
  if (::lstat(directory.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return refused(fmt::format(
        "{} is not a directory; remove it, or choose another place with --pub ipc:///...",
        directory));
  }
  const bool ours =
      status.st_uid == 0 || status.st_uid == ::geteuid() || status.st_uid == owner.user;
  if (!ours) {
    return refused(
        fmt::format("the directory {} is owned by another user, who could put a socket of their "
                    "own in our place; use "
                    "a private directory (mode 0750) for the ipc endpoint",
                    directory));
  }
  if (const auto untrusted = find_untrusted(directory)) {
    return refused(
        fmt::format("{}, who could put a socket of their own in our place; use a private directory "
                    "(mode 0750) for "
                    "the ipc endpoint",
                    *untrusted));
  }
  return {};
}

bool is_default(const std::string& directory) {
  return directory == parse_endpoint(default_bind_endpoint()).value().directory();
}

Result<bool, Error> prepare_directory(const std::string& directory, const Owner& owner) {
  const bool created = ::mkdir(directory.c_str(), 0750) == 0;
  if (!created && errno != EEXIST) {
    return refused(fmt::format(
        "cannot create the directory {} for the publishing socket: {}; create it, or choose "
        "another place with --pub ipc:///...",
        directory, std::strerror(errno)));
  }
  // A run as another user (--user) may have left it behind.
  if (!created && is_default(directory) && !find_untrusted(directory)) {
    const Owner whole{owner.user ? owner.user : ::geteuid(),
                      owner.group ? owner.group : ::getegid()};
    if (::geteuid() == 0 && !hand_over(directory, whole)) return cannot_hand_over(directory);
  }
  if (auto checked = check_directory(directory, owner); !checked) {
    if (created) ::rmdir(directory.c_str());
    return std::move(checked).error();
  }
  if (created) {
    // mkdir() leaves what the umask leaves; the group shall be able to enter.
    if (::chmod(directory.c_str(), 0750) == 0 && hand_over(directory, owner)) return true;
    auto failure = cannot_hand_over(directory);
    ::rmdir(directory.c_str());
    return failure;
  }
  return false;
}

} // namespace

std::optional<std::string> find_untrusted(const std::string& path) {
  char resolved[PATH_MAX];
  if (::realpath(path.c_str(), resolved) == nullptr) return std::nullopt;
  const std::string whole = resolved;
  bool anybody_may_add = false; // to the level above
  for (std::size_t end = 1; end != std::string::npos;) {
    const std::string level = whole.substr(0, end);
    struct stat status {};
    if (::lstat(level.c_str(), &status) != 0) return std::nullopt;
    if (anybody_may_add && status.st_uid != 0 && status.st_uid != ::geteuid()) {
      return fmt::format("{} belongs to another user", level);
    }
    anybody_may_add = S_ISDIR(status.st_mode) && (status.st_mode & S_IWOTH) != 0;
    // In a sticky directory (/tmp) nobody can remove or replace what is another's.
    if (anybody_may_add && (status.st_mode & S_ISVTX) == 0) {
      return fmt::format("the directory {} is writable by everybody", level);
    }
    end =
        end == whole.size() ? std::string::npos : std::min(whole.find('/', end + 1), whole.size());
  }
  return std::nullopt;
}

int probe_socket(const std::string& path) {
  const OwnedFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return errno;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0
             ? 0
             : errno;
}

Result<bool, Error> prepare_endpoint(const Endpoint& endpoint, const Owner& owner) {
  if (endpoint.transport != Endpoint::Transport::ipc) return false;
  Result<bool, Error> created = prepare_directory(endpoint.directory(), owner);
  if (!created || *created) return created;

  struct stat status {};
  if (::lstat(endpoint.path.c_str(), &status) != 0) return created;
  if (!S_ISSOCK(status.st_mode)) {
    return refused(fmt::format(
        "{} is there and is not a socket; remove it, or choose another endpoint", endpoint.path));
  }
  const int failure = probe_socket(endpoint.path);
  if (failure == ECONNREFUSED) {
    ::unlink(endpoint.path.c_str());
  } else {
    return refused(fmt::format(
        "{} is in use by a running process{}; stop that one, or choose another endpoint with --pub",
        endpoint.text, failure == 0 ? "" : fmt::format(" ({})", std::strerror(failure))));
  }
  return created;
}

Result<void, Error> open_socket_to(const Endpoint& endpoint, const Owner& owner) {
  if (endpoint.transport != Endpoint::Transport::ipc) return {};
  struct stat directory {};
  const bool is_private =
      ::stat(endpoint.directory().c_str(), &directory) == 0 && (directory.st_mode & S_IXOTH) == 0;
  // Who may enter the directory may subscribe; in a directory open to all, the owner and a group
  // that was chosen.
  const Owner given{owner.user, owner.group  ? owner.group
                                : is_private ? std::optional{directory.st_gid}
                                             : std::nullopt};
  const bool to_group = is_private || owner.group;
  if (!hand_over(endpoint.path, owner.user || owner.group ? given : Owner{}) ||
      ::chmod(endpoint.path.c_str(), to_group ? 0660 : 0600) != 0) {
    return Error{ExitCode::output, fmt::format("cannot set the permissions of {}: {}",
                                               endpoint.path, std::strerror(errno))};
  }
  return {};
}

} // namespace xdpcap::transport
