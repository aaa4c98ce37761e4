#pragma once

#include <thread>

#include "core/check.hpp"
#include "core/thread_annotations.hpp"

namespace xdpcap {

// The thread that made it, as a capability: members that belong to that thread alone are
// XDPCAP_GUARDED_BY it. A public function that uses them begins with check(), which is a DCHECK and
// what clang wants to see; private ones are XDPCAP_REQUIRES it.
class XDPCAP_CAPABILITY("thread") ThreadChecker {
 public:
  void check() const XDPCAP_ASSERTS() { XDPCAP_DCHECK(std::this_thread::get_id() == thread_); }

 private:
  std::thread::id thread_ = std::this_thread::get_id();
};

} // namespace xdpcap
