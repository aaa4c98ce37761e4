#include "apps/xdpcap_web/options.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <fstream>

#include "apps/xdpcap_web/access.hpp"

namespace xdpcap::web {
namespace {

// What CLI11 fills in, before it is understood.
struct Words {
  std::string listen = "127.0.0.1:8080", token_file, server_key, secret_key;
  bool insecure = false;
};

Error usage(std::string sentence) {
  return {ExitCode::usage, std::move(sentence)};
}

void declare(CLI::App& app, Options& options, Words& words) {
  const auto size = CLI::AsSizeValue(false);
  app.add_option("--connect", options.sources.connect, "a capture to subscribe to (repeatable; default: the local one)")
      ->type_name("ENDPOINT");
  app.add_option("--listen", words.listen, "where to serve (default 127.0.0.1:8080; port 0: one that is free)")
      ->type_name("ADDRESS:PORT");
  app.add_option("--token", words.token_file, "a file whose first line every request has to bring")->type_name("FILE");
  app.add_flag("--insecure", words.insecure, "beyond loopback without a token");
  app.add_option("--cors", options.origins, "pages of this origin may read the API (repeatable)")->type_name("ORIGIN");
  app.add_option("--minutes", options.minutes, "how long exchanges are kept in memory (default 10)")
      ->check(CLI::Range(1, 1440));
  app.add_option("--memory", options.memory, "what they may take there at most (default 96M)")->transform(size);
  app.add_option("--history", options.history_file, "keep them in a SQLite file as well")->type_name("FILE");
  app.add_option("--history-size", options.history_size, "how large it may get (default 1G)")->transform(size);
  app.add_option("--rules", options.rules_file, "types and labels for the map (YAML or JSON)")->type_name("FILE");
  app.add_option("--grpc", options.grpc, "serve gRPC here (schemas/tcp_monitor.proto)")->type_name("ADDRESS:PORT");
  app.add_option("--clients", options.streams_max, "event streams at once (default 512)")->check(CLI::Range(1, 65'536));
  app.add_option("--curve-server-key", words.server_key, "public key of the captures, for TCP endpoints")
      ->type_name("FILE")
      ->group("CURVE");
  app.add_option("--curve-secret-key-file", words.secret_key, "own secret key, where a capture has a list of clients")
      ->type_name("FILE")
      ->group("CURVE");
  app.footer("Exit codes: 0 ok, 1 usage, 2 cannot listen there, 5 the history cannot be written.");
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

bool is_loopback(const std::string& address) {
  in_addr v4{};
  in6_addr v6{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return ::inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::optional<Error> understand_token(const Words& words, Options& options) {
  if (!words.token_file.empty()) {
    std::ifstream file(words.token_file);
    if (!std::getline(file, options.token) || options.token.size() < 16) {
      return usage(
          fmt::format("--token {}: the file has to be readable, and its first line the token: 16 characters at "
                      "least, as `openssl rand -hex 16` makes them",
                      words.token_file));
    }
  } else if (!options.loopback && !words.insecure) {
    options.token = make_token();
    options.made_token = true;
  }
  return std::nullopt;
}

std::optional<Error> understand(const Words& words, Options& options) {
  if (!split_address(words.listen, options.address, options.port))
    return usage(fmt::format("--listen {}: write ADDRESS:PORT, as 127.0.0.1:8080 or [::1]:8080", words.listen));
  options.loopback = is_loopback(options.address);
  if (auto error = understand_token(words, options)) return error;
  std::string grpc_address;
  std::uint16_t grpc_port = 0;
  if (!options.grpc.empty()) {
    if (!split_address(options.grpc, grpc_address, grpc_port))
      return usage(fmt::format("--grpc {}: write ADDRESS:PORT, as 127.0.0.1:50051", options.grpc));
    if (!is_loopback(grpc_address) && !words.insecure)
      return usage(
          fmt::format("--grpc {}: gRPC has no token; take a loopback address, or say --insecure", options.grpc));
  }
  constexpr std::size_t kLeastMemory = std::size_t{8} << 20;
  if (options.memory < kLeastMemory) return usage("--memory: 8M is the least that serves");
  if (options.history_size < kLeastMemory) return usage("--history-size: 8M is the least that serves");
  if (auto settled = consume::settle(options.sources, words.server_key, words.secret_key); !settled)
    return std::move(settled).error();
  options.sources.topics = {publish::Topic::http, publish::Topic::flow,   publish::Topic::tcp,
                            publish::Topic::udp,  publish::Topic::socket, publish::Topic::stats};
  return std::nullopt;
}

} // namespace

std::variant<Options, Shown, Error> parse_options(int argc, char** argv) {
  Options options;
  Words words;
  CLI::App app{"Serves what xdpcap-run publishes to browsers: a live dashboard, an API, metrics.", "xdpcap-web"};
  app.set_version_flag("--version", "xdpcap " XDPCAP_VERSION);
  app.get_formatter()->column_width(36);
  declare(app, options, words);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Shown{app.help()};
  } catch (const CLI::CallForVersion&) {
    return Shown{app.version() + "\n"};
  } catch (const CLI::ParseError& error) {
    return usage(fmt::format("{} (xdpcap-web --help lists the options)", error.what()));
  }
  if (auto error = understand(words, options)) return *std::move(error);
  return options;
}

} // namespace xdpcap::web
