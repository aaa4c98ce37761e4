#pragma once

#include <string>

namespace CLI {
class App;
}

namespace xdpcap::web {

// The manual page of xdpcap-web, with the options of `app`.
std::string manual(const CLI::App& app);

} // namespace xdpcap::web
