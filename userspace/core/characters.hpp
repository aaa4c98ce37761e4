#pragma once

#include <array>
#include <string_view>

namespace xdpcap {

// A set of characters, made while compiling.
struct Characters {
  std::array<bool, 256> in{};
  consteval explicit Characters(std::string_view list) {
    for (const char c : list) in[static_cast<unsigned char>(c)] = true;
  }
  [[nodiscard]] bool has(char c) const noexcept { return in[static_cast<unsigned char>(c)]; }
};

} // namespace xdpcap
