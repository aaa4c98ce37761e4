// expect: (no match for|invalid operands)
// Sequence numbers lie on a circle: only their distance means something.
#include "core/seq.hpp"

bool before(xdpcap::Seq a, xdpcap::Seq b) {
#ifdef MUST_NOT_COMPILE
  return a < b;
#else
  return distance(a, b) > 0;
#endif
}
