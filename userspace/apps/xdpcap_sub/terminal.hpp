#pragma once

#include <termios.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace xdpcap::sub {

// What is known of standard output. Colour only on a terminal, and not where
// NO_COLOR is set (https://no-color.org).
struct Terminal {
  bool is_terminal = false;
  bool colour = false;
  std::size_t columns = 0; // 0: no limit
  std::size_t rows = 0;    // 0: no limit

  static Terminal of_stdout();
  // Reads the size anew: windows change.
  void measure();
};

// Keys as they are pressed, without Return and without echo, where standard input is this
// terminal and ours; else none ever. The terminal is as it was when this ends.
class Keys {
 public:
  Keys();
  ~Keys() { restore(); }
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;

  // Whether `key` was pressed since; other keys are forgotten.
  bool pressed(char key);
  // As the destructor does it. Of use to a signal handler: it calls tcsetattr() alone.
  static void restore() noexcept;
};

// Captured bytes must never steer a terminal: what is not printable ASCII is shown
// as \xNN. At most `columns` characters (0: all), an ellipsis where it was cut.
std::string printable(std::string_view bytes, std::size_t columns = 0);
// The same for text that is valid UTF-8: its letters stay. Control characters do not, and
// neither does what is invisible or turns the direction of writing (U+202E).
std::string printable_utf8(std::string_view text);
// A text of ASCII, at most `columns` long (0: as it is): what is cut out is of its middle, for of
// two addresses the ends differ.
std::string cut_middle(std::string_view text, std::size_t columns);
// Texts of ASCII, each at most `columns` long (0: as they are). What is cut out is first the
// beginning that a text shares with another: those that differ still do.
std::vector<std::string> cut_where_equal(const std::vector<std::string>& texts,
                                         std::size_t columns);

// "812 B", "1.4 kB", "23 MB": at most 7 characters.
std::string size_text(std::uint64_t bytes);
// "85 us", "1.25 ms", "3.1 s": at most 8 characters.
std::string duration_text(std::uint64_t ns);
// "12:00:00.123", local time.
std::string clock_text(std::uint64_t ns_since_1970);

} // namespace xdpcap::sub
