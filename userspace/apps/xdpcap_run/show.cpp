#include "apps/xdpcap_run/show.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "capture/doctor.hpp"
#include "core/error.hpp"
#include "host/interfaces.hpp"

namespace xdpcap::run {

int show(const std::string& text) {
  fmt::print("{}", text);
  return static_cast<int>(ExitCode::ok);
}

int list_interfaces() {
  const auto interfaces = host::list_interfaces();
  if (!interfaces) {
    fmt::print(stderr, "xdpcap-run: {}\n", interfaces.error().sentence);
    return static_cast<int>(interfaces.error().code);
  }
  for (const host::Interface& interface : *interfaces) fmt::print("{}\n", host::describe(interface));
  return static_cast<int>(ExitCode::ok);
}

int examine(const std::string& interface) {
  const std::vector<capture::Finding> findings = capture::examine(interface);
  for (const capture::Finding& finding : findings) {
    const char* const mark = finding.health == capture::Health::ok     ? "ok  "
                             : finding.health == capture::Health::warn ? "warn"
                                                                       : "BAD ";
    fmt::print("{}  {}\n", mark, finding.what);
    if (!finding.fix.empty()) fmt::print("      {}\n", finding.fix);
  }
  const bool sick = std::any_of(findings.begin(), findings.end(),
                                [](const auto& finding) { return finding.health == capture::Health::bad; });
  return static_cast<int>(sick ? ExitCode::environment : ExitCode::ok);
}

} // namespace xdpcap::run
