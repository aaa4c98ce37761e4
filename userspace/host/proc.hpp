#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace xdpcap::host {

// What /proc says of one process (proc(5)), readable for everybody unless /proc is
// mounted with hidepid. Texts as they are.
struct ProcFacts {
  std::string name;
  std::string command; // arguments, each with its NUL
  std::string cgroup;  // all lines
  std::uint64_t started_ticks = 0;
  std::uint32_t uid = 0;
};

// Nothing where the process is gone.
std::optional<ProcFacts> read_process(std::uint32_t pid);

// Field 22 of /proc/PID/stat, behind a name that may hold anything.
std::optional<std::uint64_t> started_ticks(std::string_view stat);
// The effective uid of /proc/PID/status.
std::optional<std::uint32_t> uid_in(std::string_view status);

// Calls visit(pid) for each process there is.
void each_process(const std::function<void(std::uint32_t)>& visit);

// Calls visit(inode) for each socket among the descriptors of a process; needs the
// right to trace it (CAP_SYS_PTRACE). Answers whether it was allowed.
bool each_socket_of(std::uint32_t pid, const std::function<void(std::uint64_t)>& visit);

// Inode of the network namespace a process is in, nothing where that is not ours to know.
std::optional<std::uint32_t> network_namespace_of(std::uint32_t pid);
std::uint32_t own_network_namespace();

} // namespace xdpcap::host
