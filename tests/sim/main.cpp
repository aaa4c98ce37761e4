// A run of the whole engine for each seed: see README.md.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "sim/replay.hpp"

namespace xdpcap::sim {
namespace {

// Lines "SEED  what it found".
std::vector<std::uint64_t> seeds_of(const char* path) {
  std::vector<std::uint64_t> seeds;
  std::ifstream file{path};
  if (!file) throw std::runtime_error(fmt::format("cannot read {}", path));
  for (std::string line; std::getline(file, line);) {
    std::uint64_t seed = 0;
    if (std::istringstream{line} >> seed) seeds.push_back(seed);
  }
  return seeds;
}

int main_of(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  const char* const given = std::getenv("XDPCAP_SIM_SECONDS");
  std::chrono::seconds time{given != nullptr ? std::atoi(given) : 3};
  bool verbose = false, stops = true;
  std::size_t tried = 0, failed = 0;
  std::uint64_t next =
      static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) /
      1000;
  const auto attempt = [&](std::uint64_t seed) {
    ++tried;
    failed += replay(seed, verbose) ? 0U : 1U;
  };
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--verbose") == 0)
      verbose = true;
    else if (std::strcmp(argv[i], "--go-on") == 0)
      stops = false;
    else if (i + 1 == argc)
      return fmt::print(stderr, "usage: see tests/sim/README.md\n"), 1;
    else if (std::strcmp(argv[i], "--from") == 0)
      next = std::strtoull(argv[++i], nullptr, 10);
    else if (std::strcmp(argv[i], "--seconds") == 0)
      time = std::chrono::seconds{std::atoi(argv[++i])};
    else if (std::strcmp(argv[i], "--seeds") == 0)
      for (const std::uint64_t seed : seeds_of(argv[++i])) attempt(seed);
    else if (std::strcmp(argv[i], "--seed") == 0) {
      verbose |= std::find_if(argv, argv + argc, [](const char* word) {
                   return std::strcmp(word, "--verbose") == 0;
                 }) != argv + argc;
      attempt(std::strtoull(argv[++i], nullptr, 10));
      time = std::chrono::seconds{0};
    }
  }
  if (time.count() != 0) fmt::print("new seeds from {} on\n", next);
  for (const auto end = Clock::now() + time; Clock::now() < end && (failed == 0 || !stops);)
    attempt(next++);
  fmt::print("{} runs, {} failed\n", tried, failed);
  return failed == 0 ? 0 : 1;
}

} // namespace
} // namespace xdpcap::sim

int main(int argc, char** argv) try {
  return xdpcap::sim::main_of(argc, argv);
} catch (const std::exception& error) {
  return std::fputs(error.what(), stderr), 1;
}
