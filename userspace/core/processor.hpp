#pragma once

#include <cstdint>

namespace xdpcap {

// The vector instructions that code may use beyond those that every processor of its kind has. The
// only place that asks the processor.
enum class Vectors : std::uint8_t { baseline, avx2 };

inline Vectors vectors_of_processor() noexcept {
#ifdef __x86_64__
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") != 0) return Vectors::avx2;
#endif
  return Vectors::baseline;
}

} // namespace xdpcap
