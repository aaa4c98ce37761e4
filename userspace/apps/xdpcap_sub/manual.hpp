#pragma once

#include "cli/man_page.hpp"

namespace xdpcap::sub {

// What the manual page of xdpcap-sub says beside its options.
cli::ManPage manual();

} // namespace xdpcap::sub
