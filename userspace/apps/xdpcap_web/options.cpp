#include "apps/xdpcap_web/options.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "apps/xdpcap_web/manual.hpp"
#include "apps/xdpcap_web/server/access.hpp"
#include "core/owned_fd.hpp"

namespace xdpcap::web {
namespace {

// What the command line fills in, before it is understood.
struct Words {
  std::string listen = "127.0.0.1:8080", server_key, secret_key;
  bool insecure = false;
};

Error usage(std::string message) {
  return {ExitCode::usage, std::move(message)};
}

void declare(cli::CommandLine& line, Options& options, Words& words) {
  line.option("--connect", options.sources.connect,
              "a capture to subscribe to (repeatable; default: the local one)")
      .value_name("ENDPOINT");
  line.option("--listen", words.listen,
              "where to serve (default 127.0.0.1:8080; port 0: one that is free)")
      .value_name("ADDRESS:PORT");
  line.option("--token-file", options.token_file,
              "its first line is the token that every request has to bring (default: one is "
              "made and printed)")
      .value_name("FILE");
  line.option("--tls-cert", options.tls_certificate,
              "serve HTTPS with this certificate chain (PEM)")
      .value_name("FILE");
  line.option("--tls-key", options.tls_key, "its private key (PEM)").value_name("FILE");
  line.flag("--insecure", words.insecure, "beyond loopback in clear text");
  line.option("--host", options.hosts,
              "a name by which browsers may call this gateway (repeatable)")
      .value_name("NAME");
  line.option("--cors", options.origins, "pages of this origin may read the API (repeatable)")
      .value_name("ORIGIN");
  line.option("--minutes", options.minutes, "how long exchanges are kept in memory (default 10)")
      .range(1, 1440);
  line.size("--memory", options.memory, "what they may take there at most (default 96M)");
  line.option("--history", options.history_file, "keep them in a SQLite file as well")
      .value_name("FILE");
  line.size("--history-size", options.history_size, "how large it may get (default 1G)");
  line.option("--rules", options.rules_file, "types and labels for the map (YAML or JSON)")
      .value_name("FILE");
  line.option("--grpc", options.grpc, "serve gRPC here (schemas/tcp_monitor.proto)")
      .value_name("ADDRESS:PORT");
  line.option("--clients", options.streams_max, "event streams at once (default 512)")
      .range(1, 65'536);
  line.option("--user", options.user, "become this user, where root starts it (a service: xdpcap)")
      .value_name("NAME");
  line.option("--curve-server-key", words.server_key,
              "public key of the captures, for TCP endpoints")
      .value_name("FILE")
      .group("CURVE");
  line.option("--curve-secret-key-file", words.secret_key,
              "own secret key, where a capture has a list of clients")
      .value_name("FILE")
      .group("CURVE");
  line.footer("Exit codes: 0 ok, 1 usage, 2 cannot listen there, 5 the history cannot be written.");
}

// "ADDRESS:PORT", an IPv6 address in brackets.
bool split_address(const std::string& text, std::string& address, std::uint16_t& port) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  address = text.substr(0, colon);
  if (address.starts_with('[') != address.ends_with(']')) return false;
  if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
  return error == std::errc{} && stop == end;
}

bool is_loopback_address(const std::string& address) {
  in_addr v4{};
  in6_addr v6{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return ::inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

// The first line of a file that nobody else can read.
Result<std::string, Error> read_token(const std::string& file) {
  const OwnedFd descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (descriptor.get() < 0 || ::fstat(descriptor.get(), &status) != 0)
    return usage(fmt::format("--token-file {}: it cannot be read: {}", file, std::strerror(errno)));
  // A group may: services get their secrets so.
  constexpr mode_t kOthers = S_IRWXO | S_IWGRP | S_IXGRP;
  if ((status.st_mode & kOthers) != 0)
    return usage(fmt::format("--token-file {}: others may read or change it; chmod 600 it", file));
  std::array<char, 1024> text{};
  const ssize_t got = ::read(descriptor.get(), text.data(), text.size());
  std::string_view line(text.data(), got < 0 ? 0 : static_cast<std::size_t>(got));
  line = line.substr(0, line.find_first_of("\r\n"));
  if (!is_sound_token(line))
    return usage(fmt::format(
        "--token-file {}: its first line has to be the token: 16 to 256 letters, digits and "
        "-._~+/=, as `openssl rand -hex 32` makes them",
        file));
  return std::string(line);
}

// An origin as browsers write it (RFC 6454, 6.2).
bool is_origin(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.starts_with(scheme)) return host_of_field(text.substr(scheme.size())).has_value();
  }
  return false;
}

std::optional<Error> understand_access(const Words& words, Options& options) {
  if (options.token_file.empty()) {
    options.token = make_token();
  } else {
    auto token = read_token(options.token_file);
    if (!token) return std::move(token).error();
    options.token = std::move(*token);
  }
  if (options.tls_certificate.empty() != options.tls_key.empty())
    return usage("--tls-cert and --tls-key go together: the certificate chain and its private key");
  if (!options.loopback && options.tls_certificate.empty() && !words.insecure)
    return usage(fmt::format(
        "--listen {}: beyond loopback the token and what was captured would go in clear text; give "
        "--tls-cert and --tls-key, or say --insecure",
        words.listen));
  for (const std::string& origin : options.origins) {
    if (!is_origin(origin))
      return usage(fmt::format(
          "--cors {}: write the origin of those pages, as https://ops.example; there is none for "
          "all",
          origin));
  }
  for (const std::string& host : options.hosts) {
    if (host_of_field(host) != host)
      return usage(fmt::format(
          "--host {}: write a name in lower case and without a port, as shop.example", host));
  }
  return std::nullopt;
}

std::optional<Error> understand(const Words& words, Options& options) {
  if (!split_address(words.listen, options.address, options.port))
    return usage(fmt::format("--listen {}: write ADDRESS:PORT, as 127.0.0.1:8080 or [::1]:8080",
                             words.listen));
  options.loopback = is_loopback_address(options.address);
  if (auto error = understand_access(words, options)) return error;
  std::string grpc_address;
  std::uint16_t grpc_port = 0;
  if (!options.grpc.empty()) {
    if (!split_address(options.grpc, grpc_address, grpc_port))
      return usage(fmt::format("--grpc {}: write ADDRESS:PORT, as 127.0.0.1:50051", options.grpc));
    if (!is_loopback_address(grpc_address) && options.tls_certificate.empty() && !words.insecure)
      return usage(fmt::format(
          "--grpc {}: beyond loopback the token and what was captured would go in clear text; give "
          "--tls-cert and --tls-key, or say --insecure",
          options.grpc));
  }
  constexpr std::size_t kLeastMemory = std::size_t{8} << 20;
  if (options.memory < kLeastMemory) return usage("--memory: 8M is the least that serves");
  if (options.history_size < kLeastMemory)
    return usage("--history-size: 8M is the least that serves");
  if (auto configured = consume::configure(options.sources, words.server_key, words.secret_key);
      !configured)
    return std::move(configured).error();
  options.sources.topics = {codec::Topic::http, codec::Topic::flow,   codec::Topic::tcp,
                            codec::Topic::udp,  codec::Topic::socket, codec::Topic::stats};
  return std::nullopt;
}

} // namespace

std::variant<Options, cli::Shown, Error> parse_options(int argc, char** argv) {
  Options options;
  Words words;
  cli::CommandLine line(
      "xdpcap-web",
      "Serves what xdpcap-run publishes to browsers: a live dashboard, an API, metrics.", manual());
  declare(line, options, words);
  if (auto ended = line.parse<Options>(argc, argv)) return *std::move(ended);
  if (auto error = understand(words, options)) return *std::move(error);
  return options;
}

} // namespace xdpcap::web
