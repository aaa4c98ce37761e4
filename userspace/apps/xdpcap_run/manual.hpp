#pragma once

#include <string>

namespace CLI {
class App;
}

namespace xdpcap::run {

// The manual page of xdpcap-run, with the options of `app`.
std::string manual(const CLI::App& app);

} // namespace xdpcap::run
