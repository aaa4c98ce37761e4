#pragma once

// Whether this program was built with AddressSanitizer (XDPCAP_ADDRESS_SANITIZED is 1 or 0), and
// whether with that or ThreadSanitizer (XDPCAP_SANITIZED).
#ifdef __has_feature
#define XDPCAP_HAS_FEATURE(feature) __has_feature(feature)
#else
#define XDPCAP_HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || XDPCAP_HAS_FEATURE(address_sanitizer)
#define XDPCAP_ADDRESS_SANITIZED 1
#else
#define XDPCAP_ADDRESS_SANITIZED 0
#endif
#if XDPCAP_ADDRESS_SANITIZED || defined(__SANITIZE_THREAD__) || XDPCAP_HAS_FEATURE(thread_sanitizer)
#define XDPCAP_SANITIZED 1
#else
#define XDPCAP_SANITIZED 0
#endif
#undef XDPCAP_HAS_FEATURE

namespace xdpcap {

inline constexpr bool kSanitized = XDPCAP_SANITIZED != 0;

} // namespace xdpcap
