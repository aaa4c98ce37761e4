#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "wire/segment.hpp"

namespace xdpcap::wire {

// An address or endpoint as text, in a buffer of its own: "10.0.0.1:80",
// "[2001:db8::1]:80" (RFC 5952). The view lives as long as this object.
class Text {
 public:
  explicit Text(const Address& address) noexcept;
  explicit Text(const Endpoint& endpoint) noexcept;

  [[nodiscard]] std::string_view view() const noexcept { return {characters_.data(), length_}; }

 private:
  void add_address(const Address& address) noexcept;
  void add(char character) noexcept { characters_[length_++] = character; }

  // 45 for the longest IPv6 address, 2 brackets, a colon, 5 digits.
  std::array<char, 56> characters_{};
  std::size_t length_ = 0;
};

// The other way. Nothing where the text is no IP address, or (endpoint) has no
// port from 0 to 65535 behind it. An IPv6 endpoint needs its brackets.
std::optional<Address> parse_address(std::string_view text) noexcept;
std::optional<Endpoint> parse_endpoint(std::string_view text) noexcept;

} // namespace xdpcap::wire
