#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace xdpcap::capture {

// What may make the capture of one interface blind, as schemas/README.md lists it.
enum class Problem : std::uint8_t {
  interface_gone,
  interface_down,
  links_detached,
  preceded,
  tap_gone,
  tap_changed,
  mtu,
  no_frames,
  in_use,
  count_,
};

inline std::string_view name_of(Problem problem) noexcept {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Problem::count_)> kNames{
      "interface_gone",
      "interface_down",
      "links_detached",
      "preceded",
      "tap_gone",
      "tap_changed",
      "mtu",
      "no_frames",
      "in_use"};
  return kNames[static_cast<std::size_t>(problem)];
}

// Those that exist now.
class Problems {
 public:
  static constexpr std::size_t size = static_cast<std::size_t>(Problem::count_);

  [[nodiscard]] bool has(Problem problem) const { return set_[static_cast<std::size_t>(problem)]; }
  // Answers whether it is new.
  bool set(Problem problem, bool exists) {
    const bool before = has(problem);
    set_[static_cast<std::size_t>(problem)] = exists;
    return exists && !before;
  }

 private:
  std::bitset<size> set_;
};

} // namespace xdpcap::capture
