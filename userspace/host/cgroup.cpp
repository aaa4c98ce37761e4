#include "host/cgroup.hpp"

#include <algorithm>

namespace xdpcap::host {
namespace {

constexpr std::size_t kIdDigits = 64;

bool is_hex(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// The 64 digits in a directory's name, alone or between a prefix and a suffix:
// "<id>", "docker-<id>.scope", "kubepods-pod1.slice:cri-containerd:<id>".
std::string_view id_in(std::string_view name) noexcept {
  if (name.find("conmon") != std::string_view::npos) return {};
  std::size_t run = 0;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (i < name.size() && is_hex(name[i])) {
      ++run;
      continue;
    }
    const bool parted_before = run == i || name[i - run - 1] == '-' || name[i - run - 1] == ':';
    const bool parted_behind = i == name.size() || name[i] == '.';
    if (run == kIdDigits && parted_before && parted_behind) return name.substr(i - run, run);
    run = 0;
  }
  return {};
}

// How much a path says: nothing, some place, a container.
int worth(std::string_view path) {
  if (path.empty() || path == "/") return 0;
  return container_id(path).empty() ? 1 : 2;
}

} // namespace

std::string container_id(std::string_view path) {
  // A container in a container: the innermost one counts.
  while (!path.empty()) {
    const std::size_t slash = path.rfind('/');
    const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
    const std::string_view id = id_in(path.substr(begin));
    if (!id.empty()) return std::string(id);
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
  return {};
}

std::string cgroup_path(std::string_view text) {
  std::string_view best;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view path = line.substr(second + 1);
    const bool is_unified = line.substr(0, second + 1) == "0::";
    if (worth(path) > worth(best) || (is_unified && worth(path) == worth(best))) best = path;
  }
  return std::string(best);
}

} // namespace xdpcap::host
