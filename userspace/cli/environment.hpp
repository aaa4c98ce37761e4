#pragma once

namespace CLI {
class App;
}

namespace xdpcap::cli {

// Gives every long option its environment variable: --max-body is XDPCAP_MAX_BODY. Flags that only
// print something and end have none.
void name_environment(CLI::App& app);

} // namespace xdpcap::cli
