#pragma once

// What clang checks of locks and threads (-Wthread-safety), by the names of its documentation.
// Other compilers skip them. A Mutex is core/mutex.hpp's; a capability can also be a thread
// (core/thread_checker.hpp).
//
//   XDPCAP_GUARDED_BY(mutex_)   behind a member: only who holds mutex_ reads and writes it
//   XDPCAP_REQUIRES(mutex_)     behind a function: its caller holds mutex_
//   XDPCAP_EXCLUDES(mutex_)     behind a function: its caller does not, the function locks it
#ifdef __clang__
#define XDPCAP_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define XDPCAP_THREAD_ANNOTATION(x)
#endif

#define XDPCAP_CAPABILITY(what) XDPCAP_THREAD_ANNOTATION(capability(what))
#define XDPCAP_SCOPED_CAPABILITY XDPCAP_THREAD_ANNOTATION(scoped_lockable)
#define XDPCAP_GUARDED_BY(capability) XDPCAP_THREAD_ANNOTATION(guarded_by(capability))
#define XDPCAP_REQUIRES(...) XDPCAP_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define XDPCAP_EXCLUDES(...) XDPCAP_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define XDPCAP_ACQUIRE(...) XDPCAP_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define XDPCAP_RELEASE(...) XDPCAP_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define XDPCAP_ASSERTS(...) XDPCAP_THREAD_ANNOTATION(assert_capability(__VA_ARGS__))
