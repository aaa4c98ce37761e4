#include "cli/environment.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace xdpcap::cli {

void name_environment(CLI::App& app) {
  constexpr std::array<std::string_view, 3> kPrinting{"help", "version", "man"};
  for (CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty()) continue;
    std::string name = option->get_lnames().front();
    if (std::find(kPrinting.begin(), kPrinting.end(), name) != kPrinting.end()) continue;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
      return c == '-' ? '_' : static_cast<char>(std::toupper(c));
    });
    option->envname("XDPCAP_" + name);
  }
}

} // namespace xdpcap::cli
