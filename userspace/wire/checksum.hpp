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

// The sum of a long piece, by the widest words that the processor has.
std::uint64_t sum_of_many(const std::byte* at, std::size_t bytes) noexcept;

// By words of 64 bits. What is carried out of one counts as one: 2^64 is 1 modulo 65535. Bytes that
// are missing at the end count as zeros.
inline std::uint64_t sum_of_words(const std::byte* at, std::size_t bytes) noexcept {
  __extension__ using Wide = unsigned __int128;
  constexpr std::size_t kWord = 8;
  Wide sum = 0;
  if (bytes >= kWord) {
    const std::byte* const end = at + bytes;
    for (; end - at >= 2 * std::ptrdiff_t{kWord}; at += 2 * kWord) {
      sum += load_native<std::uint64_t>(at);
      sum += load_native<std::uint64_t>(at + kWord);
    }
    if (end - at >= std::ptrdiff_t{kWord}) {
      sum += load_native<std::uint64_t>(at);
      at += kWord;
    }
    // The last ones, out of the word that ends with them; shifted twice, as there may be none.
    const auto rest = static_cast<unsigned>(end - at);
    sum += load_native<std::uint64_t>(end - kWord) >> (8 * (7 - rest)) >> 8;
  } else if (bytes > 0) {
    std::uint64_t rest = 0;
    std::memcpy(&rest, at, bytes);
    sum = rest;
  }
  const auto low = static_cast<std::uint64_t>(sum), high = static_cast<std::uint64_t>(sum >> 64);
  return (low & 0xffffffff) + (low >> 32) + high;
}

// Adds bytes to an unfolded sum. All but the last piece of a sum must have an
// even length. Good for 2^32 bytes.
inline std::uint64_t add_to_sum(std::uint64_t sum, const std::byte* at,
                                std::size_t bytes) noexcept {
  constexpr std::size_t kMany = 160;
  return sum + (bytes < kMany ? sum_of_words(at, bytes) : sum_of_many(at, bytes));
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
  return sum != 0 && sum % 0xffff == 0; // which is what fold() asks, in fewer steps
}

// The part of a pseudo-header that is not addresses, for TCP.
inline std::uint64_t length_and_protocol_sum(std::size_t bytes) noexcept {
  constexpr std::uint32_t kTcp = 6;
  return std::uint64_t{__builtin_bswap32(static_cast<std::uint32_t>(bytes))} +
         __builtin_bswap32(kTcp);
}

// The pseudo-header of a TCP segment of `bytes` bytes (RFC 9293 3.1, RFC 8200
// 8.1). IPv4 addresses serve as they are kept: their prefix adds zero.
inline std::uint64_t pseudo_header_sum(const Address& source, const Address& destination,
                                       std::size_t bytes) noexcept {
  std::uint64_t sum = add_to_sum(0, source.bytes.data(), source.bytes.size());
  sum = add_to_sum(sum, destination.bytes.data(), destination.bytes.size());
  return sum + length_and_protocol_sum(bytes);
}

} // namespace xdpcap::wire
