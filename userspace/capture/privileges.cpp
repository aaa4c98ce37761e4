#include "capture/privileges.hpp"

#include <fmt/format.h>

#include <linux/capability.h>
#include <sys/resource.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/errors.hpp"

namespace xdpcap::capture {
namespace {

struct Capability {
  int bit;
  std::string_view name; // as setcap takes it
};

std::uint64_t effective_capabilities() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("CapEff:")) return std::strtoull(line.c_str() + 7, nullptr, 16);
  }
  return 0;
}

bool locking_is_allowed(std::uint64_t bytes) {
  rlimit limit{};
  return ::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && bytes <= limit.rlim_cur;
}

std::string own_path() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "PROGRAM" : path.string();
}

std::string upper_case(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

} // namespace

std::optional<Error> missing_privilege(const PrivilegeNeeds& needs) {
  const std::uint64_t have = effective_capabilities();
  const auto has = [have](int bit) { return (have >> bit & 1U) != 0; };
  std::vector<std::string_view> needed, missing;
  const auto need = [&](const Capability& capability, bool granted) {
    needed.push_back(capability.name);
    if (!granted) missing.push_back(capability.name);
  };
  // CAP_SYS_ADMIN stands in for CAP_BPF and CAP_PERFMON (capabilities(7)).
  need({CAP_NET_RAW, "cap_net_raw"}, has(CAP_NET_RAW));
  need({CAP_NET_ADMIN, "cap_net_admin"}, has(CAP_NET_ADMIN));
  need({CAP_BPF, "cap_bpf"}, has(CAP_BPF) || has(CAP_SYS_ADMIN));
  need({CAP_PERFMON, "cap_perfmon"}, has(CAP_PERFMON) || has(CAP_SYS_ADMIN));
  need({CAP_IPC_LOCK, "cap_ipc_lock"}, has(CAP_IPC_LOCK) || locking_is_allowed(needs.locked_bytes));
  if (needs.tap) need({CAP_SYS_ADMIN, "cap_sys_admin"}, has(CAP_SYS_ADMIN));
  if (missing.empty()) return std::nullopt;
  return privilege(
      "capturing needs {}, which this process lacks: run it with sudo, or grant them once with: "
      "sudo setcap {}+ep {}",
      upper_case(fmt::format("{}", fmt::join(missing, ", "))), fmt::join(needed, ","), own_path());
}

} // namespace xdpcap::capture
