#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace xdpcap {

// Bytes that somebody else owns. Whoever hands them out says how long they live;
// without a word they live as long as the call they are an argument of.
using Bytes = std::span<const std::byte>;

// Text read as bytes and bytes read as text; no copy, same lifetime.
inline Bytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Network byte order loads. The caller has checked that the bytes are there.
inline std::uint8_t load_u8(const std::byte* at) noexcept {
  return static_cast<std::uint8_t>(*at);
}
inline std::uint16_t load_be16(const std::byte* at) noexcept {
  return static_cast<std::uint16_t>(load_u8(at) << 8 | load_u8(at + 1));
}
inline std::uint32_t load_be32(const std::byte* at) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  static_assert(std::endian::native == std::endian::little);
  return __builtin_bswap32(value);
}

// Memory in host byte order, wherever it lies.
template <class T>
T load_native(const std::byte* at) noexcept {
  T value{};
  std::memcpy(&value, at, sizeof value);
  return value;
}

} // namespace xdpcap
