#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "support/packet.hpp"

// How packet.cpp and packet_build.cpp write bytes.
namespace xdpcap::test {

inline Buffer buffer(std::initializer_list<unsigned> values) {
  Buffer bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

inline Buffer buffer(std::initializer_list<std::uint8_t> values, std::size_t multiple,
                     unsigned filler) {
  Buffer bytes;
  for (const std::uint8_t value : values) bytes.push_back(static_cast<std::byte>(value));
  while (bytes.size() % multiple != 0) bytes.push_back(static_cast<std::byte>(filler));
  return bytes;
}

inline unsigned high(std::uint16_t value) {
  return static_cast<unsigned>(value) >> 8;
}
inline unsigned low(std::uint16_t value) {
  return value & 0xffU;
}

inline void put(Buffer& bytes, std::size_t at, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    bytes.at(at + i) = static_cast<std::byte>(value >> (8 * (size - 1 - i)));
  }
}
inline void put8(Buffer& bytes, std::size_t at, std::uint64_t value) {
  put(bytes, at, value, 1);
}
inline void put16(Buffer& bytes, std::size_t at, std::uint64_t value) {
  put(bytes, at, value, 2);
}
inline void put32(Buffer& bytes, std::size_t at, std::uint64_t value) {
  put(bytes, at, value, 4);
}

inline void append(Buffer& bytes, Bytes more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

// The Internet checksum (RFC 1071) written byte by byte, as unlike the one
// under test as it can be.
inline std::uint32_t sum16(Bytes bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8U : 0U);
    sum = (sum & 0xffffU) + (sum >> 16);
  }
  return sum;
}

} // namespace xdpcap::test
