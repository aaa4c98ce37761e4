#include "apps/xdpcap_run/show.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "core/error.hpp"

namespace xdpcap::run {

int show(const std::string& text) {
  fmt::print("{}", text);
  return static_cast<int>(ExitCode::ok);
}

int list_interfaces() {
  return 0;
}
int examine(const std::string&) {
  return 0;
}

} // namespace xdpcap::run
