#include "apps/xdpcap_run/capture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "apps/xdpcap_run/show.hpp"
#include "apps/xdpcap_run/signals.hpp"
#include "engine/engine.hpp"
#include "sandbox/descriptors.hpp"

namespace xdpcap::run {

int fail(const Error& error) {
  fmt::print(stderr, "xdpcap-run: {}\n", error.sentence);
  return static_cast<int>(error.code);
}

int capture(Options options) {
  constexpr std::size_t kDescriptorsLeast = 256;
  if (auto raised = sandbox::raise_descriptor_limit(kDescriptorsLeast); !raised) return fail(raised.error());
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
    if (heard == Signals::Heard::stop) {
      engine.hurry();
      break;
    }
  }
  signals.release();
  const std::size_t heap_at_end = heap_in_use();
  const engine::Ledger ledger = engine.finish();
  if (!options.quiet) fmt::print(stderr, "{}", summary(ledger, options.in_full));
  if (options.measures())
    tell_figures(options, ledger, engine.worked(), std::max(heap_at_end, heap_when_warm) - heap_when_warm);
  return engine.failure() ? fail(*engine.failure()) : static_cast<int>(ExitCode::ok);
}

} // namespace xdpcap::run
