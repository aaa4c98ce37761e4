#pragma once

#include "apps/xdpcap_run/options.hpp"
#include "core/error.hpp"

namespace xdpcap::run {

// Prints the sentence; answers the exit code.
int fail(const Error& error);

// Captures until the source, a signal or a failure ends it; answers the exit code.
int capture(Options options);

} // namespace xdpcap::run
