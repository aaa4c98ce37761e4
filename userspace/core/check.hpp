#pragma once

// What a function relies on stands in it as a check. A check that fails is a defect of this
// program, whatever came from the wire: it ends the process, because a capture that goes on with
// wrong numbers is worth less than none.
//
//   XDPCAP_CHECK(condition)    in every build
//   XDPCAP_DCHECK(condition)   in the builds for developers (dev, sanitizers, fuzz), where NDEBUG
//                              is not defined; elsewhere it compiles and is never evaluated
//   XDPCAP_UNREACHABLE()       in every build, behind a switch that knows every value of an enum
//
// A failed check writes one line to standard error (file, line, condition, and that the ledger of
// this run is void) and raises SIGABRT. Any thread; allocates nothing.
namespace xdpcap {

[[noreturn, gnu::cold, gnu::noinline]] void check_failed(const char* condition, const char* file,
                                                         unsigned line) noexcept;

} // namespace xdpcap

#define XDPCAP_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::xdpcap::check_failed(#condition, __FILE__, __LINE__))

#define XDPCAP_UNREACHABLE() ::xdpcap::check_failed("unreachable", __FILE__, __LINE__)

#ifdef NDEBUG
#define XDPCAP_DCHECK(condition) static_cast<void>(sizeof((condition) ? 1 : 0))
#else
#define XDPCAP_DCHECK(condition) XDPCAP_CHECK(condition)
#endif
