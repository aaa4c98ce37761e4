#pragma once

#include "cli/man_page.hpp"

namespace xdpcap::run {

// What the manual page of xdpcap-run says beside its options.
cli::ManPage manual();

} // namespace xdpcap::run
