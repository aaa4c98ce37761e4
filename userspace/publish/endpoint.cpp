#include "publish/endpoint.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace xdpcap::publish {
namespace {

constexpr std::size_t kPathMax = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::string_view kSocketName = "pub.sock";
constexpr std::string_view kRootDirectory = "/run/xdpcap";

Error usage(std::string sentence) {
  return {ExitCode::usage, std::move(sentence)};
}
Error refused(std::string sentence) {
  return {ExitCode::output, std::move(sentence)};
}

Result<Endpoint, Error> parse_ipc(std::string_view text, std::string_view path) {
  if (path.empty() || path.front() != '/') {
    return usage(
        fmt::format("endpoint '{}': give an absolute path, as in ipc:///run/xdpcap/pub.sock "
                    "(names that begin with @ have no owner and no permissions)",
                    text));
  }
  if (path.size() > kPathMax) {
    return usage(
        fmt::format("endpoint '{}': the path has {} characters and a socket's path may have {}; use a shorter one",
                    text, path.size(), kPathMax));
  }
  return Endpoint{std::string(text), Endpoint::Transport::ipc, std::string(path), {}, {}};
}

bool is_port(std::string_view port) {
  if (port == "*") return true;
  if (port.empty() || port.size() > 5 ||
      !std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return false;
  }
  return std::stoul(std::string(port)) <= 65535;
}

Result<Endpoint, Error> parse_tcp(std::string_view text, std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || !is_port(address.substr(colon + 1))) {
    return usage(
        fmt::format("endpoint '{}': give host and port, as in tcp://127.0.0.1:5560 or tcp://[::1]:5560", text));
  }
  std::string_view host = address.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) {
    return usage(fmt::format("endpoint '{}': write an IPv6 address in brackets, as in tcp://[::1]:5560", text));
  }
  return Endpoint{
      std::string(text), Endpoint::Transport::tcp, {}, std::string(host), std::string(address.substr(colon + 1))};
}

std::string user_directory() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime == '/') return fmt::format("{}/xdpcap", runtime);
  return fmt::format("/tmp/xdpcap-{}", ::geteuid());
}

// Whether somebody answers at the socket: 0, or the errno of connect().
int probe(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), kPathMax));
  const int failure = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  ::close(fd);
  return failure;
}

Result<bool, Error> prepare_directory(const std::string& directory, std::optional<Owner> owner) {
  const bool created = ::mkdir(directory.c_str(), 0750) == 0;
  if (!created && errno != EEXIST) {
    return refused(
        fmt::format("cannot create the directory {} for the publishing socket: {}; create it, or choose "
                    "another place with --pub ipc:///...",
                    directory, std::strerror(errno)));
  }
  if (created) {
    // mkdir() leaves what the umask leaves; the group shall be able to enter.
    const bool mode_set = ::chmod(directory.c_str(), 0750) == 0;
    if (!mode_set || (owner && ::chown(directory.c_str(), owner->user, owner->group) != 0)) {
      const int failure = errno;
      ::rmdir(directory.c_str());
      return refused(fmt::format("cannot hand the directory {} to its user: {}", directory, std::strerror(failure)));
    }
    return true;
  }
  struct stat status {};
  if (::lstat(directory.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return refused(
        fmt::format("{} is not a directory; remove it, or choose another place with --pub ipc:///...", directory));
  }
  const bool ours = status.st_uid == 0 || status.st_uid == ::geteuid() || (owner && status.st_uid == owner->user);
  // In a sticky directory (/tmp) nobody can remove or replace what is ours.
  const bool open_to_all = (status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0;
  if (!ours || open_to_all) {
    return refused(
        fmt::format("the directory {} is {}, who could put a socket of their own in our place; use a "
                    "private directory (mode 0750) for the ipc endpoint",
                    directory, ours ? "writable by everybody" : "owned by another user"));
  }
  return false;
}

} // namespace

bool Endpoint::is_local() const noexcept {
  if (transport != Transport::tcp) return true;
  if (host == "localhost" || host == "lo") return true;
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

Result<Endpoint, Error> parse_endpoint(std::string_view text) {
  constexpr std::string_view kIpc = "ipc://", kTcp = "tcp://", kInproc = "inproc://";
  if (text.starts_with(kIpc)) return parse_ipc(text, text.substr(kIpc.size()));
  if (text.starts_with(kTcp)) return parse_tcp(text, text.substr(kTcp.size()));
  if (text.starts_with(kInproc) && text.size() > kInproc.size()) {
    return Endpoint{std::string(text), Endpoint::Transport::inproc, {}, {}, {}};
  }
  return usage(fmt::format("endpoint '{}': write ipc:///path/to/socket or tcp://host:port", text));
}

std::string default_bind_endpoint() {
  const std::string directory = ::geteuid() == 0 ? std::string(kRootDirectory) : user_directory();
  return fmt::format("ipc://{}/{}", directory, kSocketName);
}

std::string default_connect_endpoint() {
  const std::string of_root = fmt::format("{}/{}", kRootDirectory, kSocketName);
  if (::access(of_root.c_str(), R_OK | W_OK) == 0) return "ipc://" + of_root;
  return default_bind_endpoint();
}

std::string Endpoint::directory() const {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<bool, Error> prepare_endpoint(const Endpoint& endpoint, std::optional<Owner> owner) {
  if (endpoint.transport != Endpoint::Transport::ipc) return false;
  const std::string directory = endpoint.directory();
  Result<bool, Error> created = prepare_directory(directory, owner);
  if (!created || *created) return created;

  struct stat status {};
  if (::lstat(endpoint.path.c_str(), &status) != 0) return created;
  if (!S_ISSOCK(status.st_mode)) {
    return refused(
        fmt::format("{} is there and is not a socket; remove it, or choose another endpoint", endpoint.path));
  }
  const int failure = probe(endpoint.path);
  if (failure == ECONNREFUSED) {
    ::unlink(endpoint.path.c_str());
  } else {
    return refused(
        fmt::format("{} is in use by a running process{}; stop that one, or choose another endpoint with --pub",
                    endpoint.text, failure == 0 ? "" : fmt::format(" ({})", std::strerror(failure))));
  }
  return created;
}

} // namespace xdpcap::publish
