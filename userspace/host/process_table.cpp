#include "host/process_table.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/utf8.hpp"
#include "host/cgroup.hpp"

namespace xdpcap::host {
namespace {

constexpr std::size_t kCgroupsMax = 4096;
constexpr std::size_t kCgroupMax = 4096; // bytes of a path

} // namespace

std::string command_line(std::string_view arguments) {
  std::string line;
  while (!arguments.empty() && line.size() < ProcessTable::kCommandMax) {
    const std::size_t end = std::min(arguments.find('\0'), arguments.size());
    if (!line.empty()) line += '\0';
    line += clean_text(arguments.substr(0, end), ProcessTable::kCommandMax - line.size());
    arguments.remove_prefix(std::min(end + 1, arguments.size()));
  }
  while (line.ends_with('\0') || line.ends_with(' ')) line.pop_back();
  return line;
}

void ProcessTable::learn(const ProcessNews& news) {
  const Key key{HostClock::ticks_of(news.started_boot_ns), news.pid};
  Process process;
  process.pid = news.pid;
  process.uid = news.uid;
  process.started_ns = clock_.started_ns(key.started_ticks);
  process.name = clean_text(news.name, kNameMax);
  process.command = command_line(news.command);
  // It may be gone already, and its number may be another's.
  if (const auto facts = read_(news.pid); facts && facts->started_ticks == key.started_ticks) {
    std::string whole = command_line(facts->command);
    // Of a process that has called execve() meanwhile the news will come, too.
    if (process.command.empty() || whole.starts_with(process.command))
      process.command = std::move(whole);
    process.cgroup = clean_text(cgroup_path(facts->cgroup), kCgroupMax);
    if (cgroups_.size() < kCgroupsMax) cgroups_[news.cgroup_id] = process.cgroup;
  } else {
    process.cgroup = path_of_cgroup(news.cgroup_id);
  }
  process.container = container_id(process.cgroup);
  keep(key, std::move(process));
}

ProcessRef ProcessTable::find(std::uint32_t pid, std::uint64_t started_boot_ns) {
  if (pid == 0) return nullptr;
  const Key key{HostClock::ticks_of(started_boot_ns), pid};
  if (const auto known = processes_.find(key); known != processes_.end()) {
    known->second.used = ++turn_;
    return known->second.process;
  }
  const auto facts = read_(pid);
  return facts && facts->started_ticks == key.started_ticks ? from_facts(pid, *facts) : nullptr;
}

ProcessRef ProcessTable::look_up(std::uint32_t pid) {
  const auto facts = read_(pid);
  if (!facts) return nullptr;
  const auto known = processes_.find(Key{facts->started_ticks, pid});
  if (known == processes_.end()) return from_facts(pid, *facts);
  known->second.used = ++turn_;
  return known->second.process;
}

ProcessRef ProcessTable::from_facts(std::uint32_t pid, const ProcFacts& facts) {
  Process process;
  process.pid = pid;
  process.uid = facts.uid;
  process.started_ns = clock_.started_ns(facts.started_ticks);
  process.name = clean_text(facts.name, kNameMax);
  process.command = command_line(facts.command);
  process.cgroup = clean_text(cgroup_path(facts.cgroup), kCgroupMax);
  process.container = container_id(process.cgroup);
  return keep({facts.started_ticks, pid}, std::move(process));
}

ProcessRef ProcessTable::keep(const Key& key, Process&& process) {
  make_room();
  process.serial = next_serial_++;
  Known& known = processes_[key];
  known.process = std::make_shared<const Process>(std::move(process));
  known.used = ++turn_;
  return known.process;
}

std::string ProcessTable::path_of_cgroup(std::uint64_t id) const {
  const auto known = cgroups_.find(id);
  return known == cgroups_.end() ? std::string() : known->second;
}

// Half of them go, those unused longest: so it is done rarely.
void ProcessTable::make_room() {
  if (processes_.size() < processes_max_) return;
  std::vector<std::uint64_t> turns;
  turns.reserve(processes_.size());
  for (const auto& [key, known] : processes_) turns.push_back(known.used);
  const auto middle = turns.begin() + static_cast<std::ptrdiff_t>(turns.size() / 2);
  std::nth_element(turns.begin(), middle, turns.end());
  const std::uint64_t limit = *middle;
  std::erase_if(processes_, [limit](const auto& one) { return one.second.used < limit; });
  if (cgroups_.size() >= kCgroupsMax) cgroups_.clear();
}

} // namespace xdpcap::host
