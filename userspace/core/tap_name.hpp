#pragma once

#include <algorithm>
#include <string_view>

namespace xdpcap {

// What tap devices of captures are called: this and a number.
inline constexpr std::string_view tap_name_prefix = "xdpcap";

inline bool is_tap_name(std::string_view name) noexcept {
  if (!name.starts_with(tap_name_prefix) || name.size() == tap_name_prefix.size()) return false;
  name.remove_prefix(tap_name_prefix.size());
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace xdpcap
