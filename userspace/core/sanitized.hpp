#pragma once

// Whether this program was built with AddressSanitizer or ThreadSanitizer: XDPCAP_SANITIZED is 1 or
// 0.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define XDPCAP_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define XDPCAP_SANITIZED 1
#endif
#endif
#ifndef XDPCAP_SANITIZED
#define XDPCAP_SANITIZED 0
#endif

namespace xdpcap {

inline constexpr bool kSanitized = XDPCAP_SANITIZED != 0;

} // namespace xdpcap
