#pragma once

#include <string>

#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::web {

// Gives up what a subscriber needs nothing of: every capability, and root where `user` names
// another one (--user), or where systemd started this as a service and there is a user `xdpcap`.
// Answers a sentence for whoever started it as root and named nobody, else an empty one. The first
// thing a run does; threads that are there already do not change.
Result<std::string, Error> drop_privileges(const std::string& user);

} // namespace xdpcap::web
