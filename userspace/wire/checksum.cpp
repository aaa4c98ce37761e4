#include "wire/checksum.hpp"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace xdpcap::wire {
namespace {

// Four independent lanes keep the adder busy; one would wait for itself.
std::uint64_t sum_in_words(const std::byte* at, std::size_t bytes) noexcept {
  std::uint64_t a = 0, b = 0, c = 0, d = 0;
  for (; bytes >= 16; bytes -= 16, at += 16) {
    a += load_native<std::uint32_t>(at);
    b += load_native<std::uint32_t>(at + 4);
    c += load_native<std::uint32_t>(at + 8);
    d += load_native<std::uint32_t>(at + 12);
  }
  return a + b + c + d;
}

#ifdef __x86_64__
// 32 bytes add eight numbers of 32 bits to lanes of 64.
[[gnu::target("avx2")]] std::uint64_t sum_with_avx2(const std::byte* at,
                                                    std::size_t bytes) noexcept {
  const __m256i low_halves = _mm256_set1_epi64x(0xffffffff);
  __m256i low = _mm256_setzero_si256(), high = _mm256_setzero_si256();
  std::size_t left = bytes;
  for (; left >= 64; left -= 64, at += 64) {
    const __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i second = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 32));
    low = _mm256_add_epi64(low, _mm256_and_si256(first, low_halves));
    high = _mm256_add_epi64(high, _mm256_srli_epi64(first, 32));
    low = _mm256_add_epi64(low, _mm256_and_si256(second, low_halves));
    high = _mm256_add_epi64(high, _mm256_srli_epi64(second, 32));
  }
  const __m256i both = _mm256_add_epi64(low, high);
  const __m128i half =
      _mm_add_epi64(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
  const std::uint64_t sum = static_cast<std::uint64_t>(_mm_cvtsi128_si64(half)) +
                            static_cast<std::uint64_t>(_mm_extract_epi64(half, 1));
  return sum + sum_in_words(at, left);
}
#endif

using Sum = std::uint64_t (*)(const std::byte*, std::size_t) noexcept;

Sum choose() noexcept {
#ifdef __x86_64__
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") != 0) return sum_with_avx2;
#endif
  return sum_in_words;
}

const Sum chosen = choose();

} // namespace

std::uint64_t sum_of_sixteens(const std::byte* at, std::size_t bytes) noexcept {
  return chosen(at, bytes);
}

} // namespace xdpcap::wire
