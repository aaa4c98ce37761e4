#pragma once

#include "cli/man_page.hpp"

namespace xdpcap::web {

// What the manual page of xdpcap-web says beside its options.
cli::ManPage manual();

} // namespace xdpcap::web
