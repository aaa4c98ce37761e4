// xdpcap-run: from an interface or a file to HTTP messages on ZeroMQ or standard
// output.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>

#include "apps/xdpcap_run/options.hpp"
#include "apps/xdpcap_run/show.hpp"
#include "apps/xdpcap_run/signals.hpp"
#include "engine/engine.hpp"

namespace xdpcap::run {
namespace {

int fail(const Error& error) {
  fmt::print(stderr, "xdpcap-run: {}\n", error.sentence);
  return static_cast<int>(error.code);
}

int capture(Options options) {
  const Signals signals;
  auto opened = engine::Engine::open(options.config);
  if (!opened) return fail(opened.error());
  engine::Engine& engine = **opened;
  const auto say = [&](const std::string& words) {
    if (!options.quiet) fmt::print(stderr, "xdpcap-run: {}\n", words);
  };
  for (const std::string& note : engine.notes()) say(note);

  engine.start();
  constexpr std::chrono::milliseconds kTick{50};
  std::size_t heap_when_warm = heap_in_use();
  for (bool warm = false; engine.running(); warm = true) {
    const Signals::Heard heard = signals.wait(kTick);
    if (!warm) heap_when_warm = heap_in_use();
    for (const std::string& words : engine.tick()) say(words);
    if (heard == Signals::Heard::report) fmt::print(stderr, "{}", summary(engine.ledger(), options.in_full));
    if (heard == Signals::Heard::stop) break;
  }
  signals.release();
  const std::size_t heap_at_end = heap_in_use();
  const engine::Ledger ledger = engine.finish();
  if (!options.quiet) fmt::print(stderr, "{}", summary(ledger, options.in_full));
  if (options.measures())
    tell_figures(options, ledger, engine.worked(), std::max(heap_at_end, heap_when_warm) - heap_when_warm);
  return engine.failure() ? fail(*engine.failure()) : static_cast<int>(ExitCode::ok);
}

int run(int argc, char** argv) {
  auto parsed = parse_options(argc, argv);
  if (const auto* error = std::get_if<Error>(&parsed)) return fail(*error);
  if (const auto* shown = std::get_if<Shown>(&parsed)) return show(shown->text);
  auto& options = std::get<Options>(parsed);
  switch (options.task) {
    case Task::list_interfaces:
      return list_interfaces();
    case Task::doctor:
      return examine(options.config.live.interfaces.front().name);
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
    fmt::print(stderr, "xdpcap-run: The system refused the memory asked for; lower --memory-limit or --workers.\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "xdpcap-run: {}.\n", error.what());
  }
  return static_cast<int>(xdpcap::ExitCode::environment);
}
