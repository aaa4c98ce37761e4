// xdpcap-run: from an interface or a file to HTTP messages on ZeroMQ or standard
// output.
#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <new>

#include "apps/xdpcap_run/capture.hpp"
#include "apps/xdpcap_run/options.hpp"
#include "apps/xdpcap_run/show.hpp"

namespace xdpcap::run {
namespace {

int run(int argc, char** argv) {
  auto parsed = parse_options(argc, argv);
  if (const auto* error = std::get_if<Error>(&parsed)) return fail(*error);
  if (const auto* shown = std::get_if<cli::Shown>(&parsed)) return show(shown->text);
  auto& options = std::get<Options>(parsed);
  switch (options.task) {
    case Task::list_interfaces:
      return list_interfaces();
    case Task::doctor:
      return examine(options.config);
    case Task::capture:
      break;
  }
  return capture(std::move(options));
}

} // namespace
} // namespace xdpcap::run

int main(int argc, char** argv) {
  try {
    return xdpcap::run::run(argc, argv);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr,
               "xdpcap-run: The system refused the memory asked for; lower --memory-limit or "
               "--workers.\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "xdpcap-run: {}.\n", error.what());
  }
  return static_cast<int>(xdpcap::ExitCode::environment);
}
