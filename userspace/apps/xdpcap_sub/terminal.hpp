#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace xdpcap::sub {

// What is known of standard output. Colour only on a terminal, and not where
// NO_COLOR is set (https://no-color.org).
struct Terminal {
  bool is_terminal = false;
  bool colour = false;
  std::size_t columns = 0; // 0: no limit

  static Terminal of_stdout();
};

// Captured bytes must never steer a terminal: what is not printable ASCII is shown
// as \xNN. At most `columns` characters (0: all), an ellipsis where it was cut.
std::string printable(std::string_view bytes, std::size_t columns = 0);
// The same for text that is valid UTF-8: its letters stay, control characters do not.
std::string printable_utf8(std::string_view text);

// "812 B", "1.4 kB", "23 MB": at most 7 characters.
std::string size_text(std::uint64_t octets);
// "85 us", "1.25 ms", "3.1 s": at most 8 characters.
std::string duration_text(std::uint64_t ns);
// "12:00:00.123", local time.
std::string clock_text(std::uint64_t ns_since_1970);

} // namespace xdpcap::sub
