#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "apps/xdpcap_sub/filter.hpp"
#include "core/error.hpp"
#include "publish/curve.hpp"
#include "publish/json.hpp"
#include "publish/topic.hpp"

namespace xdpcap::sub {

struct Options {
  std::vector<std::string> connect, pull; // checked endpoints
  std::vector<publish::Topic> topics{publish::Topic::http};
  bool json = false, quiet = false, top = false, until_end = false;
  std::string har_file;
  std::optional<publish::BodyFormat> body;
  std::uint64_t count_max = 0; // 0: no limit
  Filter filter;
  std::optional<std::chrono::duration<double>> timeout;
  std::optional<publish::CurveClient> curve;
  int queue_batches = 4096;
};

// Text to print instead of running, or what to run, or why not.
struct Shown {
  std::string text;
};
std::variant<Options, Shown, Error> parse_options(int argc, char** argv);

} // namespace xdpcap::sub
