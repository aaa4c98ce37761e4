// xdpcap-sub: shows what xdpcap-run publishes.
#include <fmt/core.h>
#include <linux/capability.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "apps/xdpcap_sub/options.hpp"
#include "apps/xdpcap_sub/session.hpp"
#include "apps/xdpcap_sub/terminal.hpp"
#include "core/sanitized.hpp"
#include "sandbox/sandbox.hpp"

namespace xdpcap::sub {
namespace {

volatile std::sig_atomic_t stop = 0;

// The first signal asks for an end with totals, the second one ends at once.
void on_signal(int signal) {
  if (stop != 0) {
    Keys::restore();
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  stop = 1;
}

int fail(const Error& error) {
  fmt::print(stderr, "xdpcap-sub: {}\n", error.message);
  return static_cast<int>(error.code);
}

int run(int argc, char** argv) {
  auto parsed = parse_options(argc, argv);
  if (const auto* error = std::get_if<Error>(&parsed)) return fail(*error);
  if (const auto* shown = std::get_if<cli::Shown>(&parsed)) {
    fmt::print("{}", shown->text);
    return 0;
  }
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGPIPE, SIG_IGN);
  // Before the first thread. What root may read and write stays: the endpoint's directory belongs
  // to another user, and --har goes where the user says.
  const auto confined = sandbox::confine({.capabilities = {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH},
                                          .sockets = true,
                                          .leak_check = kSanitized,
                                          .every_file = true});
  if (!confined) return fail(confined.error());
  auto session = Session::open(std::get<Options>(std::move(parsed)));
  if (!session) return fail(session.error());
  if (auto ran = session.value()->run(stop); !ran) return fail(ran.error());
  return 0;
}

} // namespace
} // namespace xdpcap::sub

int main(int argc, char** argv) {
  try {
    return xdpcap::sub::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "xdpcap-sub: ended by an error it did not expect: {}\n", error.what());
    return static_cast<int>(xdpcap::ExitCode::output);
  }
}
