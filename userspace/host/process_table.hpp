#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "host/clock.hpp"
#include "host/proc.hpp"
#include "host/process.hpp"

namespace xdpcap::host {

// What the kernel side said when it met a process.
struct ProcessNews {
  std::uint32_t pid = 0;
  std::uint64_t started_boot_ns = 0; // CLOCK_BOOTTIME
  std::uint64_t cgroup_id = 0;       // inode of its directory in the unified hierarchy
  std::uint32_t uid = 0;
  std::string_view name;
  std::string_view command; // the first bytes of the arguments, each with its NUL
};

// The processes that own sockets. One may live for milliseconds only, so what the
// kernel side said is taken, and /proc adds to it while it is there. Holds at most
// `processes_max`; the ones unused longest are forgotten. One thread.
class ProcessTable {
 public:
  static constexpr std::size_t kCommandMax = 4096;
  static constexpr std::size_t kNameMax = 15;

  // `read` is read_process(), or a stand-in.
  using Reader = std::optional<ProcFacts> (*)(std::uint32_t pid);
  explicit ProcessTable(std::size_t processes_max = 8192, Reader read = read_process)
      : read_(read), processes_max_(processes_max) {}

  // A process was met, or has called execve() since.
  void learn(const ProcessNews& news);
  // The process of that number that started then; nothing where it is gone and was never met.
  ProcessRef find(std::uint32_t pid, std::uint64_t started_boot_ns);
  // The process that has that number now.
  ProcessRef look_up(std::uint32_t pid);

  [[nodiscard]] std::size_t size() const noexcept { return processes_.size(); }
  [[nodiscard]] const HostClock& clock() const noexcept { return clock_; }

 private:
  struct Key {
    std::uint64_t started_ticks;
    std::uint32_t pid;
    friend bool operator==(const Key&, const Key&) noexcept = default;
  };
  struct HashOfKey {
    std::size_t operator()(const Key& key) const noexcept {
      return (key.started_ticks * 0x9e3779b97f4a7c15U) ^ key.pid;
    }
  };
  struct Known {
    ProcessRef process;
    std::uint64_t used = 0; // turn of the last use
  };

  ProcessRef keep(const Key& key, Process&& process);
  ProcessRef from_facts(std::uint32_t pid, const ProcFacts& facts);
  std::string path_of_cgroup(std::uint64_t id) const;
  void make_room();

  Reader read_;
  std::size_t processes_max_;
  HostClock clock_;
  std::unordered_map<Key, Known, HashOfKey> processes_;
  std::unordered_map<std::uint64_t, std::string> cgroups_; // by id, as processes of it were seen
  std::uint64_t turn_ = 0;
  std::uint64_t next_serial_ = 1;
};

// Arguments made harmless, still parted by NUL: what is secret among them is found by their
// borders.
std::string command_line(std::string_view arguments);

} // namespace xdpcap::host
