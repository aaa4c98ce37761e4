#pragma once

#include <cstdint>
#include <optional>

#include "core/error.hpp"

namespace xdpcap::capture {

// What a capture needs at its start; afterwards none of it.
struct PrivilegeNeeds {
  bool tap = false;               // a private namespace as well
  std::uint64_t locked_bytes = 0; // UMEM; counts against RLIMIT_MEMLOCK without CAP_IPC_LOCK
};

// Nothing when this process may do it all; else which capabilities are missing
// and the commands that grant them.
std::optional<Error> missing_privilege(const PrivilegeNeeds& needs);

} // namespace xdpcap::capture
