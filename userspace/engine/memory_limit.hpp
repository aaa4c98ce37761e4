#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::engine {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// The least limit of memory of this process's cgroup and those above it, of either version; nothing
// where there is none.
std::optional<std::size_t> cgroup_memory_limit(const std::string& hierarchy = "/sys/fs/cgroup",
                                               const std::string& membership = "/proc/self/cgroup");

// What may be used of `wanted` (--memory-limit): not more than the cgroup allows, with a note,
// since the kernel would end the process. A limit beyond the memory of this host is refused.
Result<std::size_t, Error> bound_memory(std::size_t wanted, std::optional<std::size_t> cgroup,
                                        std::size_t of_host, std::vector<std::string>& notes);
std::size_t memory_of_host() noexcept;

} // namespace xdpcap::engine
