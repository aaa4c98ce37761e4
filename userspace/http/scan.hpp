#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "core/check.hpp"
#include "http/chars.hpp"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

// The two searches in lines that are not plain, sixteen bytes at a time where the processor can
// (SSE2 is part of x86-64), else byte by byte. Neither reads a byte at or behind `end`. Plain lines
// are read by head_masks.hpp.
namespace xdpcap::http {

inline constexpr bool is_plain_name_char(char c) noexcept {
  return (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c) || c == '-' || c == '_';
}

// The first byte up to 0x0d: it finds line ends and NUL in one comparison; what
// else it stops at (TAB, rarely) the caller steps over.
inline const char* find_low_control(const char* at, const char* end) noexcept {
  XDPCAP_DCHECK(at <= end);
#ifdef __SSE2__
  const __m128i limit = _mm_set1_epi8(0x0d);
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const int low = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(bytes, limit), bytes));
    if (low != 0) return at + std::countr_zero(static_cast<unsigned>(low));
  }
#endif
  while (at != end && static_cast<unsigned char>(*at) > 0x0d) ++at;
  return at;
}

#ifdef __SSE2__
// Bit n: byte n is none that common field names hold.
inline unsigned odd_of_sixteen(__m128i bytes) noexcept {
  const auto in_range = [](__m128i all, char first, char size) {
    const __m128i shifted = _mm_sub_epi8(all, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(shifted, _mm_set1_epi8(static_cast<char>(size - 1))),
                          shifted);
  };
  const __m128i letters = in_range(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 26);
  const __m128i digits = in_range(bytes, '0', 10);
  const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_')));
  const __m128i plain = _mm_or_si128(letters, _mm_or_si128(digits, marks));
  return static_cast<unsigned>(_mm_movemask_epi8(plain)) ^ 0xffffU;
}
#endif

// The first byte that no common field name holds. In almost every line it is the
// colon, and then the name needs no second look.
inline const char* find_plain_name_end(const char* at, const char* end) noexcept {
  XDPCAP_DCHECK(at <= end);
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    const unsigned odd = odd_of_sixteen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
    if (odd != 0) return at + std::countr_zero(odd);
  }
#endif
  while (at != end && is_plain_name_char(*at)) ++at;
  return at;
}

} // namespace xdpcap::http
