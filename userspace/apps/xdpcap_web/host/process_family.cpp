#include "apps/xdpcap_web/host/process_family.hpp"

#include <algorithm>

namespace xdpcap::web {

std::string command_pattern(std::string_view command) {
  constexpr std::size_t kLengthMax = 160;
  std::string pattern;
  while (!command.empty() && pattern.size() < kLengthMax) {
    std::string_view word = command.substr(0, command.find(' '));
    command.remove_prefix(std::min(command.size(), word.size() + 1));
    if (word.empty()) continue;
    const std::size_t scheme = word.find("://");
    if (scheme != std::string_view::npos)
      word = word.substr(0, word.find_first_of("/?#", scheme + 3));
    if (word.starts_with("--")) word = word.substr(0, word.find('='));
    if (!pattern.empty()) pattern += ' ';
    const std::size_t begin = pattern.size();
    for (const char c : word) {
      const bool digit = c >= '0' && c <= '9';
      if (!digit || pattern.size() == begin || pattern.back() != '#') pattern += digit ? '#' : c;
    }
  }
  pattern.resize(std::min(pattern.size(), kLengthMax));
  return pattern;
}

Family Families::of(const Process& process) {
  Family family{process.sensor, process.name, command_pattern(process.command)};
  const auto known = patterns_.find({family.sensor, family.name});
  if (known == patterns_.end() && patterns_.size() >= kNamesMax)
    return {family.sensor, std::string(1, '*'), std::string(1, '*')};
  auto& patterns =
      known == patterns_.end() ? patterns_[{family.sensor, family.name}] : known->second;
  if (patterns.contains(family.pattern)) return family;
  if (patterns.size() >= kPatternsMax) {
    family.pattern.assign(1, '*');
  } else {
    patterns.insert(family.pattern);
  }
  return family;
}

} // namespace xdpcap::web
