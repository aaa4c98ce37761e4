#include "core/mutex.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "core/thread_checker.hpp"

namespace xdpcap {
namespace {

struct Mailbox {
  Mutex mutex;
  CondVar changed;
  int letters XDPCAP_GUARDED_BY(mutex) = 0;
};

TEST(Mutex, WhoWaitsLetsOthersInAndHoldsItAgainAfterwards) {
  Mailbox box;
  std::thread sender([&box] {
    for (int i = 0; i < 1000; ++i) {
      const MutexLock lock{box.mutex};
      ++box.letters;
      box.changed.notify_one();
    }
  });
  {
    const MutexLock lock{box.mutex};
    while (box.letters < 1000) box.changed.wait(box.mutex);
    EXPECT_EQ(box.letters, 1000);
  }
  sender.join();
}

TEST(Mutex, AWaitEndsAtItsDeadline) {
  Mailbox box;
  const MutexLock lock{box.mutex};
  const auto past = std::chrono::steady_clock::now() - std::chrono::seconds{1};
  EXPECT_FALSE(box.changed.wait_until(box.mutex, past));
}

#ifndef NDEBUG
TEST(ThreadCheckerDeathTest, AnotherThreadEndsTheProcess) {
  const ThreadChecker owner;
  owner.check();
  EXPECT_DEATH(std::thread([&owner] { owner.check(); }).join(), "thread_checker.hpp");
}
#endif

} // namespace
} // namespace xdpcap
