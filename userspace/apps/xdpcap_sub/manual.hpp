#pragma once

#include <string>

namespace CLI {
class App;
}

namespace xdpcap::sub {

// The manual page of xdpcap-sub, with the options of `app`.
std::string manual(const CLI::App& app);

} // namespace xdpcap::sub
