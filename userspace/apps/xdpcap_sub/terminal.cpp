#include "apps/xdpcap_sub/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>

namespace xdpcap::sub {

Terminal Terminal::of_stdout() {
  Terminal terminal;
  terminal.is_terminal = ::isatty(STDOUT_FILENO) == 1;
  const char* no_colour = std::getenv("NO_COLOR");
  terminal.colour = terminal.is_terminal && (no_colour == nullptr || *no_colour == '\0');
  winsize size{};
  if (terminal.is_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) terminal.columns = size.ws_col;
  return terminal;
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
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters as well (ECMA-48): C2 80 to C2 9F.
    const bool control = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (control) {
      shown += printable(text.substr(i++, 2));
    } else if (byte >= 0x80 || byte == '\t') {
      shown += text[i];
    } else {
      shown += printable(text.substr(i, 1));
    }
  }
  return shown;
}

std::string size_text(std::uint64_t octets) {
  static constexpr std::array<const char*, 5> kUnits{"B", "kB", "MB", "GB", "TB"};
  if (octets < 1000) return fmt::format("{} B", octets);
  double value = static_cast<double>(octets);
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
