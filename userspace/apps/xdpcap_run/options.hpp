#pragma once

#include <string>
#include <variant>

#include "cli/command_line.hpp"
#include "core/error.hpp"
#include "engine/config.hpp"

namespace xdpcap::run {

// What the user asked this invocation for.
enum class Task { capture, list_interfaces, doctor };

struct Options {
  Task task = Task::capture;
  engine::Config config;
  bool quiet = false;   // nothing but errors on standard error
  bool in_full = false; // -v: the whole ledger at the end
  [[nodiscard]] bool measures() const noexcept {
    return config.repeat_count != 0 || config.sink != engine::Sink::zmq;
  }
};

// Understands the command line, the configuration file and the environment
// (XDPCAP_*), in this order of precedence.
std::variant<Options, cli::Shown, Error> parse_options(int argc, char** argv);

} // namespace xdpcap::run
