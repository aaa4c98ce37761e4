#include "apps/xdpcap_sub/terminal.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <numeric>

namespace xdpcap::sub {
namespace {

// Of a process there is one standard input: what it was like, where it was changed.
termios keys_before{};
bool keys_changed = false;

constexpr std::string_view kEllipsis = "...";

// Letters that are seen, and that leave those beside them in their places. The others: C0 and C1
// (ECMA-48), marks, overrides and isolates of direction (UAX #9), separators of lines, and what has
// no width.
bool is_harmless(std::uint32_t letter) noexcept {
  struct Range {
    std::uint32_t first, last;
  };
  static constexpr std::array<Range, 12> kBad{{{0x00, 0x08},
                                               {0x0a, 0x1f},
                                               {0x7f, 0x9f},
                                               {0xad, 0xad},
                                               {0x61c, 0x61c},
                                               {0x180e, 0x180e},
                                               {0x200b, 0x200f},
                                               {0x2028, 0x202e},
                                               {0x2060, 0x206f},
                                               {0xfeff, 0xfeff},
                                               {0xfff9, 0xfffb},
                                               {0xe0000, 0xe007f}}};
  return std::none_of(kBad.begin(), kBad.end(),
                      [letter](Range bad) { return bad.first <= letter && letter <= bad.last; });
}

// The letter that begins at `text`, which is valid UTF-8 and not empty, and how long it is.
std::uint32_t letter_of(std::string_view text, std::size_t& length) noexcept {
  const auto first = static_cast<unsigned char>(text[0]);
  length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  std::uint32_t letter = length == 1 ? first : first & (0x7fU >> length);
  for (std::size_t i = 1; i < length && i < text.size(); ++i)
    letter = letter << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
  return letter;
}

std::size_t shared_length(std::string_view a, std::string_view b) noexcept {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                                  a.begin());
}

// `text` in `columns`, with the character at `differs` in sight.
std::string cut_around(std::string_view text, std::size_t differs, std::size_t columns) {
  if (columns == 0 || text.size() <= columns) return std::string(text);
  if (columns < 4 * kEllipsis.size()) return std::string(text.substr(text.size() - columns));
  const auto cut_end = [columns](std::string_view whole) {
    return whole.size() <= columns
               ? std::string(whole)
               : fmt::format("{}{}", whole.substr(0, columns - kEllipsis.size()), kEllipsis);
  };
  if (differs + 2 * kEllipsis.size() < columns) return cut_end(text);
  // A few characters of the beginning say whose it is.
  const std::size_t head = columns / 4;
  const std::size_t room = columns - head - kEllipsis.size();
  const std::size_t from = std::min(differs - 1, text.size() - room);
  return cut_end(fmt::format("{}{}{}", text.substr(0, head), kEllipsis, text.substr(from)));
}

} // namespace

Terminal Terminal::of_stdout() {
  Terminal terminal;
  terminal.is_terminal = ::isatty(STDOUT_FILENO) == 1;
  const char* no_colour = std::getenv("NO_COLOR");
  terminal.colour = terminal.is_terminal && (no_colour == nullptr || *no_colour == '\0');
  terminal.measure();
  return terminal;
}

void Terminal::measure() {
  winsize size{};
  if (!is_terminal || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return;
  columns = size.ws_col;
  rows = size.ws_row;
}

Keys::Keys() {
  // A process in the background that touches the terminal would be stopped.
  if (::isatty(STDIN_FILENO) != 1 || ::tcgetpgrp(STDIN_FILENO) != ::getpgrp()) return;
  if (::tcgetattr(STDIN_FILENO, &keys_before) != 0) return;
  termios wanted = keys_before;
  wanted.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  keys_changed = ::tcsetattr(STDIN_FILENO, TCSANOW, &wanted) == 0;
}

bool Keys::pressed(char key) {
  bool found = false;
  std::array<char, 64> keys{};
  pollfd input{STDIN_FILENO, POLLIN, 0};
  while (keys_changed && ::poll(&input, 1, 0) == 1) {
    const ssize_t count = ::read(STDIN_FILENO, keys.data(), keys.size());
    if (count <= 0) { // the terminal is gone
      keys_changed = false;
      break;
    }
    found = found || std::find(keys.begin(), keys.begin() + count, key) != keys.begin() + count;
  }
  return found;
}

void Keys::restore() noexcept {
  if (keys_changed) ::tcsetattr(STDIN_FILENO, TCSANOW, &keys_before);
  keys_changed = false;
}

std::string printable(std::string_view bytes, std::size_t columns) {
  std::string text;
  for (const char c : bytes) {
    if (c >= 0x20 && c < 0x7f) {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    if (columns != 0 && text.size() > columns) {
      text.resize(columns > 3 ? columns - 3 : 0);
      return text + "...";
    }
  }
  return text;
}

std::string printable_utf8(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    std::size_t length = 0;
    const std::uint32_t letter = letter_of(text, length);
    if (is_harmless(letter)) {
      shown += text.substr(0, length);
    } else {
      shown += letter < 0x80 ? printable(text.substr(0, 1)) : fmt::format("\\u{:04x}", letter);
    }
    text.remove_prefix(std::min(length, text.size()));
  }
  return shown;
}

std::string cut_middle(std::string_view text, std::size_t columns) {
  return cut_around(text, text.empty() ? 0 : text.size() - 1, columns);
}

std::vector<std::string> cut_where_equal(const std::vector<std::string>& texts,
                                         std::size_t columns) {
  std::vector<std::size_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return texts[a] < texts[b]; });
  std::vector<std::string> cut(texts.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::string& text = texts[order[i]];
    std::size_t differs = 0; // behind what it shares with its neighbours in the alphabet
    if (i > 0) differs = shared_length(text, texts[order[i - 1]]);
    if (i + 1 < order.size()) differs = std::max(differs, shared_length(text, texts[order[i + 1]]));
    cut[order[i]] =
        cut_around(text, std::min(differs, text.empty() ? 0 : text.size() - 1), columns);
  }
  return cut;
}

std::string size_text(std::uint64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits{"B", "kB", "MB", "GB", "TB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, value < 9.95 ? 1 : 0, kUnits[unit]);
}

std::string duration_text(std::uint64_t ns) {
  const double value = static_cast<double>(ns);
  if (value < 999.5e3) return fmt::format("{:.0f} us", value / 1e3);
  if (value < 9.995e6) return fmt::format("{:.2f} ms", value / 1e6);
  if (value < 999.5e6) return fmt::format("{:.0f} ms", value / 1e6);
  return fmt::format("{:.{}f} s", value / 1e9, value < 9.995e9 ? 2 : 0);
}

std::string clock_text(std::uint64_t ns_since_1970) {
  const auto seconds = static_cast<std::time_t>(ns_since_1970 / 1'000'000'000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return fmt::format("{:02}:{:02}:{:02}.{:03}", local.tm_hour, local.tm_min, local.tm_sec,
                     ns_since_1970 / 1'000'000 % 1000);
}

} // namespace xdpcap::sub
