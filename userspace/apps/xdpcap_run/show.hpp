#pragma once

#include <string>

namespace xdpcap::run {

// Tasks that print something and end; each answers the exit code.
int show(const std::string& text);
int list_interfaces();
// ExitCode::environment where something was found that keeps a capture from working.
int examine(const std::string& interface);

} // namespace xdpcap::run
