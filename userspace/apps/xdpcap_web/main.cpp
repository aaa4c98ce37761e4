// xdpcap-web: serves what xdpcap-run publishes to browsers.
#include <fmt/core.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "apps/xdpcap_web/gateway.hpp"
#include "apps/xdpcap_web/options.hpp"
#include "apps/xdpcap_web/own_user.hpp"
#include "core/sanitized.hpp"
#include "sandbox/sandbox.hpp"

namespace xdpcap::web {
namespace {

int fail(const Error& error) {
  fmt::print(stderr, "xdpcap-web: {}\n", error.message);
  return static_cast<int>(error.code);
}

int run(int argc, char** argv) {
  auto parsed = parse_options(argc, argv);
  if (const auto* error = std::get_if<Error>(&parsed)) return fail(*error);
  if (const auto* shown = std::get_if<cli::Shown>(&parsed)) {
    fmt::print("{}", shown->text);
    return 0;
  }
  std::signal(SIGPIPE, SIG_IGN);
  auto& options = std::get<Options>(parsed);
  auto privileges = drop_privileges(options.user);
  if (!privileges) return fail(privileges.error());
  // Before the first thread: no program can be started, nothing be traced, mounted or loaded.
  const auto confined =
      sandbox::confine({.sockets = true, .leak_check = kSanitized, .every_file = true});
  if (!confined) return fail(confined.error());
  for (const std::string& note : *confined) fmt::print(stderr, "xdpcap-web: {}\n", note);
  auto gateway = Gateway::open(std::move(options));
  if (!gateway) return fail(gateway.error());
  if (!privileges->empty()) fmt::print(stderr, "xdpcap-web: {}\n", *privileges);
  for (const std::string& note : (*gateway)->notes()) fmt::print(stderr, "xdpcap-web: {}\n", note);
  (*gateway)->run();
  return 0;
}

} // namespace
} // namespace xdpcap::web

int main(int argc, char** argv) {
  try {
    return xdpcap::web::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "xdpcap-web: ended by an error it did not expect: {}\n", error.what());
    return static_cast<int>(xdpcap::ExitCode::output);
  }
}
