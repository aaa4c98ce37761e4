// expect: requires holding mutex 'mutex_'
// with: clang++ -Wthread-safety -Werror
#include "core/mutex.hpp"

class Account {
 public:
  void add(int amount) {
#ifndef MUST_NOT_COMPILE
    const xdpcap::MutexLock lock{mutex_};
#endif
    sum_ += amount;
  }
  void wait_for(int sum) {
    const xdpcap::MutexLock lock{mutex_};
    while (sum_ < sum) changed_.wait(mutex_);
  }

 private:
  xdpcap::Mutex mutex_;
  xdpcap::CondVar changed_;
  int sum_ XDPCAP_GUARDED_BY(mutex_) = 0;
};
