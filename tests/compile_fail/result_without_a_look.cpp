// expect: (nodiscard|ignoring return)
// A result that nobody looks at is an error that nobody sees.
#include "core/error.hpp"
#include "core/result.hpp"

xdpcap::Result<void, xdpcap::Error> attempt();

void run() {
#ifdef MUST_NOT_COMPILE
#pragma GCC diagnostic error "-Wunused-result"
  attempt();
#else
  (void)attempt();
#endif
}
