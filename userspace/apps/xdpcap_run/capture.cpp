#include "apps/xdpcap_run/capture.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stop_token>
#include <thread>

#include "apps/xdpcap_run/show.hpp"
#include "apps/xdpcap_run/signals.hpp"
#include "engine/engine.hpp"
#include "sandbox/descriptors.hpp"

namespace xdpcap::run {

int fail(const Error& error) {
  fmt::print(stderr, "xdpcap-run: {}\n", error.message);
  return static_cast<int>(error.code);
}

namespace {

// Ends the capture. Whoever reads the JSON lines of a file may be slow, and the engine waits for
// him: so signals are answered meanwhile. The first one that stops limits the waiting, the next one
// ends the process at once.
engine::Ledger finish(engine::Engine& engine, const Signals& signals, bool stopped, bool in_full) {
  if (stopped) {
    signals.release();
    return engine.finish();
  }
  const std::jthread answering{[&](const std::stop_token& finished) {
    constexpr std::chrono::milliseconds kTurn{5}; // so much later the process ends
    auto request = Signals::Request::nothing;
    while (request != Signals::Request::stop && !finished.stop_requested()) {
      request = signals.wait(kTurn);
      if (request == Signals::Request::report)
        fmt::print(stderr, "{}", summary(engine.ledger(), in_full));
    }
    if (request != Signals::Request::stop) return;
    engine.hurry();
    signals.release();
    while (!finished.stop_requested())
      std::this_thread::sleep_for(kTurn); // the thread that gets the next one
  }};
  return engine.finish();
}

} // namespace

int capture(Options options) {
  constexpr std::size_t kDescriptorsLeast = 256;
  if (auto raised = sandbox::raise_descriptor_limit(kDescriptorsLeast); !raised)
    return fail(raised.error());
  const Signals signals;
  auto opened = engine::Engine::open(options.config);
  if (!opened) return fail(opened.error());
  engine::Engine& engine = **opened;
  const auto print = [&](const std::string& words) {
    if (!options.quiet) fmt::print(stderr, "xdpcap-run: {}\n", words);
  };
  for (const std::string& note : engine.notes()) print(note);

  engine.start();
  constexpr std::chrono::milliseconds kTick{50};
  std::size_t heap_when_warm = heap_in_use();
  bool stopped = false;
  for (bool warm = false; !stopped && engine.running(); warm = true) {
    const Signals::Request request = signals.wait(kTick);
    if (!warm) heap_when_warm = heap_in_use();
    for (const std::string& words : engine.tick()) print(words);
    if (request == Signals::Request::report)
      fmt::print(stderr, "{}", summary(engine.ledger(), options.in_full));
    stopped = request == Signals::Request::stop;
  }
  if (stopped) engine.hurry();
  for (const std::string& words : engine.tick(true)) print(words);
  const std::size_t heap_at_end = heap_in_use();
  const engine::Ledger ledger = finish(engine, signals, stopped, options.in_full);
  if (!options.quiet) fmt::print(stderr, "{}", summary(ledger, options.in_full));
  if (options.measures())
    write_figures(options, ledger, engine.worked(),
                  std::max(heap_at_end, heap_when_warm) - heap_when_warm);
  return engine.failure() ? fail(*engine.failure()) : static_cast<int>(ExitCode::ok);
}

} // namespace xdpcap::run
