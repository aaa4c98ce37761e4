#pragma once

#include <cstddef>

#include "core/sanitized.hpp"

#if XDPCAP_ADDRESS_SANITIZED
#include <sanitizer/asan_interface.h>
#endif

namespace xdpcap {

// Memory of our own pools that nobody may touch now: with AddressSanitizer whoever does is
// reported; without it these do nothing.
inline void poison([[maybe_unused]] const std::byte* at,
                   [[maybe_unused]] std::size_t bytes) noexcept {
#if XDPCAP_ADDRESS_SANITIZED
  __asan_poison_memory_region(at, bytes);
#endif
}
inline void unpoison([[maybe_unused]] const std::byte* at,
                     [[maybe_unused]] std::size_t bytes) noexcept {
#if XDPCAP_ADDRESS_SANITIZED
  __asan_unpoison_memory_region(at, bytes);
#endif
}
// Always false without AddressSanitizer.
inline bool is_poisoned([[maybe_unused]] const std::byte* at) noexcept {
#if XDPCAP_ADDRESS_SANITIZED
  return __asan_address_is_poisoned(at) != 0;
#else
  return false;
#endif
}

} // namespace xdpcap
