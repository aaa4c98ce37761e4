#pragma once

#include <string>
#include <vector>

#include "capture/live_options.hpp"
#include "core/error.hpp"

namespace xdpcap::capture {

enum class Health { ok, warn, bad };

// One thing that was looked at, and what to do about it.
struct Finding {
  Health health = Health::ok;
  std::string what; // a sentence
  std::string fix;  // a command or a sentence; empty when there is nothing to fix
  ExitCode code = ExitCode::environment; // what a start would end with, where `bad`
};

// Everything that decides how well an interface can be captured: kernel, driver,
// queues, offloads, other programs, privileges, memory. Changes nothing and needs
// no privilege, though some answers do. An unknown interface is a finding, too.
std::vector<Finding> examine(const std::string& interface,
                             CaptureMode wanted = CaptureMode::automatic, bool steal = false);

} // namespace xdpcap::capture
