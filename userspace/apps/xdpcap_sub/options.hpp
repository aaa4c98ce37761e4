#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/command_line.hpp"
#include "codec/json.hpp"
#include "codec/topic.hpp"
#include "consume/filter.hpp"
#include "consume/receiver.hpp"
#include "core/error.hpp"

namespace xdpcap::sub {

struct Options {
  consume::Sources sources;
  bool json = false, quiet = false, top = false, until_end = false;
  std::string har_file;
  std::optional<codec::BodyFormat> body;
  std::uint64_t count_max = 0; // 0: no limit
  consume::Filter filter;
  std::optional<std::chrono::duration<double>> timeout;
};

// Text to print instead of running, or what to run, or why not.
std::variant<Options, cli::Shown, Error> parse_options(int argc, char** argv);

} // namespace xdpcap::sub
