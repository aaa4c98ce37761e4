#include "http/head_masks.hpp"

#include "http/scan.hpp"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace xdpcap::http {
namespace {

#ifdef __x86_64__

// SSE2 is part of x86-64.
HeadMasks masks_with_sse2(const char* at) noexcept {
  const __m128i limit = _mm_set1_epi8(0x0d);
  HeadMasks masks;
  for (unsigned part = 0; part < 64; part += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + part));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, limit), bytes);
    masks.odd |= std::uint64_t{odd_of_sixteen(bytes)} << part;
    masks.low |= std::uint64_t{static_cast<unsigned>(_mm_movemask_epi8(low))} << part;
  }
  return masks;
}

[[gnu::target("avx2")]] inline std::uint64_t bits_of(__m256i first, __m256i second) noexcept {
  return std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(first))} |
         std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(second))} << 32;
}

// A byte is one of a name where the row of its upper half and the column of its lower half have a
// bit in common. Rows: digits, and letters of two kinds of columns; a byte from 0x80 on has none.
[[gnu::target("avx2")]] inline __m256i odd_of_32(__m256i bytes) noexcept {
  //                                       0     1     2     3     4     5     6     7
  const __m256i columns = _mm256_setr_epi8(0x1a, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, //
                                           0x1e, 0x1e, 0x1c, 0x04, 0x04, 0x05, 0x04, 0x0c, //
                                           0x1a, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, //
                                           0x1e, 0x1e, 0x1c, 0x04, 0x04, 0x05, 0x04, 0x0c);
  const __m256i rows =
      _mm256_setr_epi8(0, 0, 0x01, 0x02, 0x04, 0x08, 0x04, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01,
                       0x02, 0x04, 0x08, 0x04, 0x10, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
  const __m256i common =
      _mm256_and_si256(_mm256_shuffle_epi8(columns, bytes), _mm256_shuffle_epi8(rows, upper));
  return _mm256_cmpeq_epi8(common, _mm256_setzero_si256());
}

[[gnu::target("avx2")]] HeadMasks masks_with_avx2(const char* at) noexcept {
  const __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  const __m256i second = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 32));
  const __m256i limit = _mm256_set1_epi8(0x0d);
  return {bits_of(odd_of_32(first), odd_of_32(second)),
          bits_of(_mm256_cmpeq_epi8(_mm256_min_epu8(first, limit), first),
                  _mm256_cmpeq_epi8(_mm256_min_epu8(second, limit), second))};
}

#else

HeadMasks masks_by_byte(const char* at) noexcept {
  HeadMasks masks;
  for (unsigned i = 0; i < 64; ++i) {
    masks.odd |= std::uint64_t{!is_plain_name_char(at[i])} << i;
    masks.low |= std::uint64_t{static_cast<unsigned char>(at[i]) <= 0x0d} << i;
  }
  return masks;
}

#endif

} // namespace

MasksOf masks_with([[maybe_unused]] Vectors vectors) noexcept {
#ifdef __x86_64__
  return vectors == Vectors::avx2 ? masks_with_avx2 : masks_with_sse2;
#else
  return masks_by_byte;
#endif
}

const MasksOf masks_of = masks_with(vectors_of_processor());

} // namespace xdpcap::http
