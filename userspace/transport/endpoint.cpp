#include "transport/endpoint.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace xdpcap::transport {
namespace {

constexpr std::size_t kPathMax = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::string_view kSocketName = "pub.sock";
constexpr std::string_view kRootDirectory = "/run/xdpcap";

Error usage(std::string message) {
  return {ExitCode::usage, std::move(message)};
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
        fmt::format("endpoint '{}': the path has {} characters and a socket's path may have {}; "
                    "use a shorter one",
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
    return usage(fmt::format(
        "endpoint '{}': give host and port, as in tcp://127.0.0.1:5560 or tcp://[::1]:5560", text));
  }
  std::string_view host = address.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) {
    return usage(fmt::format(
        "endpoint '{}': write an IPv6 address in brackets, as in tcp://[::1]:5560", text));
  }
  return Endpoint{std::string(text),
                  Endpoint::Transport::tcp,
                  {},
                  std::string(host),
                  std::string(address.substr(colon + 1))};
}

std::string user_directory() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime == '/') return fmt::format("{}/xdpcap", runtime);
  return fmt::format("/tmp/xdpcap-{}", ::geteuid());
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

std::string root_endpoint() {
  return fmt::format("ipc://{}/{}", kRootDirectory, kSocketName);
}

std::string Endpoint::directory() const {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

} // namespace xdpcap::transport
