#include "consume/silence.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "core/owned_fd.hpp"
#include "transport/endpoint.hpp"
#include "transport/ipc_directory.hpp"

namespace xdpcap::consume {
namespace {

using transport::Endpoint;

constexpr int kTcpWaitMs = 200;

std::string group_name(gid_t group) {
  std::array<char, 4096> room{};
  struct group entry {};
  struct group* found = nullptr;
  const bool known =
      ::getgrgid_r(group, &entry, room.data(), room.size(), &found) == 0 && found != nullptr;
  return known ? found->gr_name : std::to_string(group);
}

std::string user_name() {
  std::array<char, 4096> room{};
  passwd entry{};
  passwd* found = nullptr;
  const bool known =
      ::getpwuid_r(::geteuid(), &entry, room.data(), room.size(), &found) == 0 && found != nullptr;
  return known ? found->pw_name : std::to_string(::geteuid());
}

// What keeps this user out: the first level that may not be entered, or the socket itself.
std::string cannot_enter(const std::string& path, const std::string& endpoint) {
  for (std::size_t end = 1; end != std::string::npos; end = path.find('/', end + 1)) {
    const std::string level = path.substr(0, end);
    if (::faccessat(AT_FDCWD, level.c_str(), X_OK, AT_EACCESS) == 0) continue;
    struct stat status {};
    if (::lstat(level.c_str(), &status) != 0) break;
    if ((status.st_mode & S_IXGRP) == 0 || status.st_gid == 0) {
      return fmt::format(
          "{}: user {} may not enter {}, which is for its owner alone; start the capture with "
          "--pub-group GROUP, or this program as its owner",
          endpoint, user_name(), level);
    }
    const std::string group = group_name(status.st_gid);
    return fmt::format(
        "{}: user {} may not enter {}, which is for group {}; join it (sudo usermod -aG {} {}, "
        "then log "
        "in again), or start the capture with --pub-group",
        endpoint, user_name(), level, group, group, user_name());
  }
  return fmt::format(
      "{}: user {} may not connect to this socket; start the capture with --pub-group GROUP, a "
      "group of "
      "this user",
      endpoint, user_name());
}

bool anybody_may_add_to(const std::string& directory) {
  struct stat status {};
  return ::stat(directory.c_str(), &status) == 0 && (status.st_mode & S_IWOTH) != 0;
}

Result<void, Error> check_ipc(const Endpoint& endpoint) {
  const std::string directory = endpoint.directory();
  auto untrusted = transport::find_untrusted(directory);
  if (!untrusted) untrusted = transport::find_untrusted(endpoint.path);
  const std::string above = directory.substr(0, std::max<std::size_t>(directory.rfind('/'), 1));
  if (!untrusted && ::access(directory.c_str(), F_OK) != 0 && errno == ENOENT &&
      anybody_may_add_to(above)) {
    untrusted = fmt::format("the directory {} is not there, and anybody may make it", directory);
  }
  if (!untrusted) return {};
  return Error{ExitCode::usage,
               fmt::format("{}: {}, so that a stranger could publish there; take an endpoint in a "
                           "directory of your own or of root",
                           endpoint.text, *untrusted)};
}

std::string nobody_listens(const std::string& endpoint) {
  return fmt::format(
      "{}: nobody listens there; start xdpcap-run, or name its endpoint with --connect", endpoint);
}

std::string explain_ipc(const Endpoint& endpoint) {
  if (auto checked = check_ipc(endpoint); !checked) return std::move(checked).error().message;
  switch (const int failure = transport::probe_socket(endpoint.path)) {
    case 0:
    case EAGAIN: // it listens, and has its hands full
      return {};
    case ENOENT:
    case ENOTDIR:
      return fmt::format(
          "{}: there is no such endpoint; start xdpcap-run, or name its endpoint with --connect",
          endpoint.text);
    case EACCES:
    case EPERM:
      return cannot_enter(endpoint.path, endpoint.text);
    case ECONNREFUSED:
      return nobody_listens(endpoint.text);
    default:
      return fmt::format("{}: cannot connect ({})", endpoint.text, std::strerror(failure));
  }
}

int try_to_connect(const addrinfo& address) {
  const OwnedFd fd{::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) return errno;
  if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wait{fd.get(), POLLOUT, 0};
  if (::poll(&wait, 1, kTcpWaitMs) == 0) return ETIMEDOUT;
  int failure = 0;
  socklen_t size = sizeof failure;
  return ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &failure, &size) == 0 ? failure : errno;
}

std::string explain_tcp(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int failure =
          ::getaddrinfo(endpoint.host.c_str(), endpoint.port.c_str(), &hints, &list);
      failure != 0) {
    return fmt::format("{}: there is no host '{}' ({})", endpoint.text, endpoint.host,
                       ::gai_strerror(failure));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> found(list, ::freeaddrinfo);
  const int failure = try_to_connect(*found);
  if (failure == 0) return {};
  if (failure == ECONNREFUSED) return nobody_listens(endpoint.text);
  return fmt::format("{}: cannot be reached ({})", endpoint.text, std::strerror(failure));
}

} // namespace

Result<void, Error> check_trust(const std::string& text) {
  const auto endpoint = transport::parse_endpoint(text);
  if (!endpoint) return endpoint.error();
  if (endpoint->transport != Endpoint::Transport::ipc) return {};
  return check_ipc(*endpoint);
}

std::string explain_silence(const std::string& text) {
  const auto endpoint = transport::parse_endpoint(text);
  if (!endpoint) return endpoint.error().message;
  switch (endpoint->transport) {
    case Endpoint::Transport::ipc:
      return explain_ipc(*endpoint);
    case Endpoint::Transport::tcp:
      return explain_tcp(*endpoint);
    case Endpoint::Transport::inproc:
      return {};
  }
  return {};
}

std::vector<std::string> default_endpoints() {
  const std::string own = transport::default_bind_endpoint();
  const std::string of_root = transport::root_endpoint();
  if (own == of_root) return {own};
  // Who makes the directory owns the name: in /tmp nobody else can then.
  const std::string directory = transport::parse_endpoint(own).value().directory();
  if (directory.starts_with("/tmp/")) (void)::mkdir(directory.c_str(), 0750);
  std::vector<std::string> all;
  if (check_trust(own).ok()) all.push_back(own);
  all.push_back(of_root);
  for (const std::string& endpoint : all) {
    if (explain_silence(endpoint).empty()) return {endpoint};
  }
  return all;
}

} // namespace xdpcap::consume
