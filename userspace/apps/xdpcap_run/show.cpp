#include "apps/xdpcap_run/show.hpp"

#include <fmt/core.h>
#include <malloc.h>

#include <algorithm>
#include <cstdio>

#include "capture/doctor.hpp"
#include "core/error.hpp"
#include "host/interfaces.hpp"
#include "publish/publisher.hpp"

namespace xdpcap::run {

int show(const std::string& text) {
  fmt::print("{}", text);
  return static_cast<int>(ExitCode::ok);
}

int list_interfaces() {
  const auto interfaces = host::list_interfaces();
  if (!interfaces) {
    fmt::print(stderr, "xdpcap-run: {}\n", interfaces.error().message);
    return static_cast<int>(interfaces.error().code);
  }
  for (const host::Interface& interface : *interfaces)
    fmt::print("{}\n", host::describe(interface));
  return static_cast<int>(ExitCode::ok);
}

namespace {

// Opens what the capture would publish at, as a start does, and closes it again.
void examine_outputs(const engine::Config& config, std::vector<capture::Finding>& findings) {
  for (const auto* endpoints : {&config.outputs.pub, &config.outputs.push}) {
    for (const std::string& endpoint : *endpoints) {
      publish::PublisherOptions options = config.outputs;
      options.pub = {endpoint};
      options.push.clear();
      options.json.reset();
      options.queue_batches = std::max(options.queue_batches, 1);
      const auto publisher = publish::Publisher::open(std::move(options));
      if (publisher) {
        findings.push_back({capture::Health::ok, endpoint + " is free to publish at", {}});
      } else {
        findings.push_back({capture::Health::bad, publisher.error().message, "as it says",
                            publisher.error().code});
      }
    }
  }
}

} // namespace

int examine(const engine::Config& config) {
  std::vector<capture::Finding> findings;
  for (const auto& interface : config.live.interfaces) {
    for (auto& finding : capture::examine(interface.name, config.live.mode, config.live.steal)) {
      findings.push_back(std::move(finding));
    }
  }
  examine_outputs(config, findings);
  for (const capture::Finding& finding : findings) {
    const char* const mark = finding.health == capture::Health::ok     ? "ok  "
                             : finding.health == capture::Health::warn ? "warn"
                                                                       : "BAD ";
    fmt::print("{}  {}\n", mark, finding.what);
    if (!finding.fix.empty()) fmt::print("      {}\n", finding.fix);
  }
  const auto first = std::find_if(findings.begin(), findings.end(), [](const auto& finding) {
    return finding.health == capture::Health::bad;
  });
  return static_cast<int>(first == findings.end() ? ExitCode::ok : first->code);
}

std::size_t heap_in_use() {
  const struct mallinfo2 heap = ::mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

void write_figures(const Options& options, const engine::Ledger& ledger,
                   std::chrono::nanoseconds took, std::size_t allocated) {
  const double seconds = std::max(std::chrono::duration<double>(took).count(), 1e-9);
  const auto per_second = [seconds](std::uint64_t count) {
    return static_cast<double>(count) / seconds;
  };
  // Standard output may carry the messages.
  fmt::print(options.config.outputs.json ? stderr : stdout,
             "packets {} in {:.3f} s: {:.3f} Mpps, {:.0f} messages/s, {:.3f} Gbit/s, {} bytes "
             "allocated after warm-up\n",
             ledger.captured, seconds, per_second(ledger.captured) / 1e6,
             per_second(ledger.requests + ledger.responses),
             per_second(ledger.total("bytes_received")) * 8 / 1e9, allocated);
}

} // namespace xdpcap::run
