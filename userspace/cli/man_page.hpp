#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace CLI {
class App;
}

namespace xdpcap::cli {

// What a manual page says beside the table of options.
struct ManPage {
  struct Entry {
    std::string_view name, meaning;
  };
  std::string_view brief;                 // one line, for whatis(1)
  std::string_view description;           // paragraphs, with an empty line between
  std::vector<ExitCode> exit_codes;       // those that the program ends with
  std::vector<Entry> environment;         // variables; those of options are found by themselves
  std::vector<Entry> examples;            // a command, and what it does
  std::vector<std::string_view> see_also; // "tcpdump(8)"
};

// The manual page as man(7) source. Names, groups, values and descriptions of options are those of
// `app`, which --help prints too, so the page cannot say anything else. Hidden options stay out.
std::string man_page(const CLI::App& app, const ManPage& page);

} // namespace xdpcap::cli
