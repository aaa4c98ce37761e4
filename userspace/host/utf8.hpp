#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace xdpcap::host {

// Text that a process chose, at most `bytes_max` of it, made harmless: control
// characters become blanks, what is not UTF-8 becomes '?', blanks at the end go.
std::string clean_text(std::string_view bytes, std::size_t bytes_max);

} // namespace xdpcap::host
