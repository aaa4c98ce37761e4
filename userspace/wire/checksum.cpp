#include "wire/checksum.hpp"

#include "core/processor.hpp"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace xdpcap::wire {
namespace {

#ifdef __x86_64__
[[gnu::target("avx2")]] inline std::uint64_t sum_of_lanes(__m256i four) noexcept {
  const __m128i two =
      _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(two)) +
         static_cast<std::uint64_t>(_mm_extract_epi64(two, 1));
}

// Lanes of 64 bits hold two numbers of 32. What goes wrong in a sum of whole lanes, which wraps, is
// put right by the sum of their upper halves.
[[gnu::target("avx2")]] std::uint64_t sum_with_avx2(const std::byte* at,
                                                    std::size_t bytes) noexcept {
  constexpr std::size_t kStep = 64;
  __m256i lanes = _mm256_setzero_si256(), highs = _mm256_setzero_si256();
  for (; bytes >= kStep; bytes -= kStep, at += kStep) {
    const __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i second = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + kStep / 2));
    lanes = _mm256_add_epi64(lanes, _mm256_add_epi64(first, second));
    highs = _mm256_add_epi64(
        highs, _mm256_add_epi64(_mm256_srli_epi64(first, 32), _mm256_srli_epi64(second, 32)));
  }
  const std::uint64_t high = sum_of_lanes(highs);
  const std::uint64_t low = sum_of_lanes(lanes) - (high << 32);
  return low + high + sum_of_words(at, bytes);
}
#endif

using Sum = std::uint64_t (*)(const std::byte*, std::size_t) noexcept;

Sum choose() noexcept {
#ifdef __x86_64__
  if (vectors_of_processor() == Vectors::avx2) return sum_with_avx2;
#endif
  return sum_of_words;
}

const Sum chosen = choose();

} // namespace

std::uint64_t sum_of_many(const std::byte* at, std::size_t bytes) noexcept {
  return chosen(at, bytes);
}

} // namespace xdpcap::wire
