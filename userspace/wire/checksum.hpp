#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/bytes.hpp"
#include "wire/segment.hpp"

namespace xdpcap::wire {

// The Internet checksum (RFC 1071): a sum of 16-bit words with the carry added
// back in. Such sums may be made of larger words, in any byte order, and folded
// at the end; these are in host order.

// The sum of `bytes` bytes, a multiple of 16, by the widest words that the processor has.
std::uint64_t sum_of_sixteens(const std::byte* at, std::size_t bytes) noexcept;

// Adds bytes to an unfolded sum. All but the last piece of a sum must have an
// even length. Good for 2^32 bytes.
inline std::uint64_t add_to_sum(std::uint64_t sum, const std::byte* at,
                                std::size_t bytes) noexcept {
  constexpr std::size_t kLong = 64;
  if (bytes >= kLong) {
    const std::size_t sixteens = bytes & ~std::size_t{15};
    sum += sum_of_sixteens(at, sixteens);
    at += sixteens;
    bytes -= sixteens;
  }
  for (; bytes >= 4; bytes -= 4, at += 4) sum += load_native<std::uint32_t>(at);
  if (bytes > 0) {
    std::uint32_t rest = 0; // the missing bytes count as zeros
    std::memcpy(&rest, at, bytes);
    sum += rest;
  }
  return sum;
}

inline std::uint16_t fold(std::uint64_t sum) noexcept {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

// A sum over data that holds its own checksum comes out as all ones.
inline bool sums_up(std::uint64_t sum) noexcept {
  return fold(sum) == 0xffff;
}

// The pseudo-header of a TCP segment of `bytes` bytes (RFC 9293 3.1, RFC 8200
// 8.1). IPv4 addresses serve as they are kept: their prefix adds zero.
inline std::uint64_t pseudo_header_sum(const Address& source, const Address& destination,
                                       std::size_t bytes) noexcept {
  constexpr std::uint32_t kTcp = 6;
  std::uint64_t sum = add_to_sum(0, source.bytes.data(), source.bytes.size());
  sum = add_to_sum(sum, destination.bytes.data(), destination.bytes.size());
  return sum + __builtin_bswap32(static_cast<std::uint32_t>(bytes)) + __builtin_bswap32(kTcp);
}

} // namespace xdpcap::wire
