#include "core/check.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string_view>

namespace xdpcap {

void check_failed(const char* condition, const char* file, unsigned line) noexcept {
  std::array<char, std::numeric_limits<unsigned>::digits10 + 1> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), line);
  const std::string_view number{digits.data(),
                                static_cast<std::size_t>(written.ptr - digits.data())};
  const auto part = [](std::string_view text) {
    return iovec{const_cast<char*>(text.data()), text.size()}; // writev() reads it
  };
  const std::array parts{
      part("xdpcap: check failed at "),
      part(file),
      part(":"),
      part(number),
      part(": "),
      part(condition),
      part("\nxdpcap: this is a defect of xdpcap; the ledger of this run is void\n")};
  [[maybe_unused]] const ssize_t ignored = ::writev(STDERR_FILENO, parts.data(), parts.size());
  std::abort();
}

} // namespace xdpcap
