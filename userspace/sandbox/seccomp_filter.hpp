#pragma once

#include "sandbox/sandbox.hpp"

namespace xdpcap::sandbox {

enum class Seccomp { filtered, absent, refused };

// Leaves the calling thread the system calls that a service needs, without those that start
// programs, change users, trace or load anything. Needs no_new_privs.
Seccomp filter_system_calls(const Rights& rights);

} // namespace xdpcap::sandbox
