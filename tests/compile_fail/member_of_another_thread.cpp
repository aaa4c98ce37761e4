// expect: requires holding thread 'owner_'
// with: clang++ -Wthread-safety -Werror
#include "core/thread_checker.hpp"

class Figures {
 public:
  void add(int amount) {
#ifndef MUST_NOT_COMPILE
    owner_.check();
#endif
    sum_ += amount;
  }

 private:
  xdpcap::ThreadChecker owner_;
  int sum_ XDPCAP_GUARDED_BY(owner_) = 0;
};
