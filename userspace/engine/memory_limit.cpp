#include "engine/memory_limit.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "core/check.hpp"

namespace xdpcap::engine {
namespace {

// "max" of version 2 is no number; "no limit" of version 1 is one of an absurd size.
std::optional<std::size_t> limit_in(const std::string& file) {
  std::ifstream stream(file);
  std::size_t limit = 0;
  if (!(stream >> limit)) return std::nullopt;
  return limit;
}

void lower(std::optional<std::size_t>& least, std::optional<std::size_t> limit) {
  if (limit) least = least ? std::min(*least, *limit) : *limit;
}

} // namespace

std::optional<std::size_t> cgroup_memory_limit(const std::string& hierarchy,
                                               const std::string& membership) {
  std::optional<std::size_t> least;
  std::ifstream lines(membership);
  for (std::string line; std::getline(lines, line);) { // number:controllers:path
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool is_v2 = controllers == ",,";
    if (!is_v2 && controllers.find(",memory,") == std::string::npos) continue;
    std::string path = line.substr(second + 1);
    for (;;) {
      if (is_v2) {
        lower(least, limit_in(fmt::format("{}{}/memory.max", hierarchy, path)));
        lower(least, limit_in(fmt::format("{}/unified{}/memory.max", hierarchy, path)));
      } else {
        lower(least, limit_in(fmt::format("{}/memory{}/memory.limit_in_bytes", hierarchy, path)));
      }
      if (path.empty() || path == "/") break;
      path.erase(path.rfind('/'));
    }
  }
  return least;
}

std::size_t memory_of_host() noexcept {
  const long pages = ::sysconf(_SC_PHYS_PAGES), page_bytes = ::sysconf(_SC_PAGESIZE);
  XDPCAP_CHECK(pages > 0 && page_bytes > 0);
  return static_cast<std::size_t>(pages) * static_cast<std::size_t>(page_bytes);
}

Result<std::size_t, Error> bound_memory(std::size_t wanted, std::optional<std::size_t> cgroup,
                                        std::size_t of_host, std::vector<std::string>& notes) {
  if (wanted > of_host) {
    return Error{ExitCode::usage,
                 fmt::format("--memory-limit {}M is more than this host has ({}M); give less.",
                             wanted / kMiB, of_host / kMiB)};
  }
  if (!cgroup || *cgroup >= wanted) return wanted;
  notes.push_back(fmt::format(
      "this process's cgroup allows {} MiB: that is the limit, not the {} MiB of --memory-limit",
      *cgroup / kMiB, wanted / kMiB));
  return *cgroup;
}

} // namespace xdpcap::engine
