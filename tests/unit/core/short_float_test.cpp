#include "core/short_float.hpp"

#include <gtest/gtest.h>

namespace xdpcap {
namespace {

TEST(ShortFloat, IsExactWhereItIsSmallAndLessThanAThousandthOffWhereNot) {
  for (std::uint64_t value = 0; value < 2048; ++value) EXPECT_EQ(ShortFloat(value).value(), value);
  for (std::uint64_t value = 2048; value < ShortFloat::max; value += value / 7) {
    const std::uint64_t kept = ShortFloat(value).value();
    EXPECT_LT((kept > value ? kept - value : value - kept), value / 1000) << value;
  }
  EXPECT_EQ(ShortFloat(ShortFloat::max).value(), ShortFloat::max);
  EXPECT_EQ(ShortFloat(UINT64_MAX).value(), ShortFloat::max) << "it stays at its maximum";
}

} // namespace
} // namespace xdpcap
