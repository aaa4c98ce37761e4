#pragma once

#include <vector>

#include "sandbox/sandbox.hpp"

namespace xdpcap::sandbox {

enum class Landlock { restricted, absent, refused };

// Limits the calling thread to `places` (https://docs.kernel.org/userspace-api/landlock.html).
// Needs no_new_privs. `refused`: errno says why.
Landlock restrict_files(const std::vector<Place>& places);

} // namespace xdpcap::sandbox
