#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace xdpcap::record {

// A text of at most `max` bytes in place; more is cut off.
template <std::size_t max>
class ShortText {
 public:
  ShortText() = default;
  ShortText(std::string_view text) noexcept // NOLINT(google-explicit-constructor): it is one
      : size_(std::min(text.size(), max)) {
    std::copy_n(text.data(), size_, bytes_.data());
  }
  ShortText(const char* text) noexcept // NOLINT(google-explicit-constructor): it is one
      : ShortText(std::string_view(text)) {}

  operator std::string_view() const noexcept { // NOLINT(google-explicit-constructor): it is one
    return {bytes_.data(), size_};
  }
  friend bool operator==(const ShortText& a, std::string_view b) noexcept {
    return std::string_view(a) == b;
  }

 private:
  std::array<char, max> bytes_{};
  std::size_t size_ = 0;
};

} // namespace xdpcap::record
