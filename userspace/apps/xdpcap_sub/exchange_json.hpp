#pragma once

#include <string>

#include "consume/seen.hpp"

namespace xdpcap::sub {

// One line: an exchange with the names that the API of xdpcap-web has for it, null for what is not
// known, and its halves as xdpcap-run --json shows messages. Its halves were seen with
// Keep::json_line. The shape is that of schemas/README.md, "JSON lines".
void append_json(std::string& out, const consume::Exchange& exchange);

} // namespace xdpcap::sub
