#include "core/check.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <string>

#include "core/byte_chain.hpp"
#include "core/owned_fd.hpp"
#include "core/result.hpp"
#include "core/slab_pool.hpp"

namespace xdpcap::test {
namespace {

using Number = Result<int, std::string>;

TEST(Check, OneThatHoldsCostsNothingAndSaysNothing) {
  XDPCAP_CHECK(1 + 1 == 2);
  XDPCAP_DCHECK(1 + 1 == 2);
}

TEST(CheckDeathTest, OneThatFailsEndsTheProcessWithPlaceAndSentence) {
  const int sides = 3;
  EXPECT_EXIT(XDPCAP_CHECK(sides == 2), testing::KilledBySignal(SIGABRT),
              "check failed at tests/unit/core/check_test.cpp:[0-9]+: sides == 2\n.*ledger of this "
              "run is void");
}

TEST(CheckDeathTest, ADeveloperCheckIsNotEvaluatedInARelease) {
  int asked = 0;
  XDPCAP_DCHECK(++asked == 1);
#ifdef NDEBUG
  EXPECT_EQ(asked, 0);
#else
  EXPECT_EQ(asked, 1);
#endif
}

TEST(CheckDeathTest, AResultIsNotAskedForWhatItDoesNotHold) {
  EXPECT_DEATH((void)Number{std::string{"why"}}.value(),
               "check failed at userspace/core/result.hpp");
  EXPECT_DEATH((void)Number{1}.error(), "check failed at userspace/core/result.hpp");
  const Number wrong{std::string{"why"}};
  EXPECT_DEATH((void)*wrong, "check failed");
  EXPECT_DEATH((void)(Result<void, std::string>{}.error()), "check failed");
}

TEST(CheckDeathTest, ASlabIsNotGivenBackTwice) {
  SlabPool pool{64, 2};
  const SlabPool::Index slab = pool.allocate();
  pool.release(slab);
  EXPECT_DEATH(pool.release(slab), "check failed at userspace/core/slab_pool.hpp");
}

TEST(CheckDeathTest, AChainGoesBackToThePoolItCameFrom) {
  SlabPool pool{64, 4}, other{64, 4};
  ByteChain chain;
  ASSERT_EQ(chain.append(pool, as_bytes("twelve bytes")), 12U);
  EXPECT_DEATH(chain.clear(other), "check failed");
  chain.clear(pool);
  EXPECT_EQ(pool.in_use(), 0U);
}

TEST(CheckDeathTest, AFileIsClosedOnce) {
  EXPECT_DEATH(
      {
        const OwnedFd fd{::open("/dev/null", O_RDONLY)};
        ::close(fd.get());
      },
      "check failed at userspace/core/owned_fd.hpp");
}

#if XDPCAP_ADDRESS_SANITIZED
TEST(CheckDeathTest, ASlabThatIsFreeIsNotTouched) {
  SlabPool pool{64, 2};
  const SlabPool::Index first = pool.allocate(), second = pool.allocate();
  std::byte* const at = pool.at(first);
  pool.release(first);
  EXPECT_DEATH(*at = std::byte{1}, "use-after-poison");
  EXPECT_DEATH(pool.release(first), "check failed at userspace/core/slab_pool.hpp");
  *pool.at(second) = std::byte{1};
  ASSERT_EQ(pool.allocate(), first);
  *at = std::byte{1};
}
#endif

} // namespace
} // namespace xdpcap::test
