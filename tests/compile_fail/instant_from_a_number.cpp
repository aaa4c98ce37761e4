// expect: (could not convert|no viable conversion|conversion from)
// An instant is no count: who has nanoseconds says so.
#include "core/instant.hpp"

xdpcap::Instant start() {
#ifdef MUST_NOT_COMPILE
  return 1'700'000'000;
#else
  return xdpcap::instant_from_ns(1'700'000'000);
#endif
}
