#include "apps/xdpcap_web/api/health.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "capture/problems.hpp"

namespace xdpcap::web {
namespace {

// A gateway knows no list of the engine's: it shows what comes. What the engine has today has a
// sentence, and a new one does not come without.
TEST(Health, EachProblemOfACaptureHasASentence) {
  for (std::size_t i = 0; i < capture::Problems::size; ++i) {
    const std::string name(name_of(static_cast<capture::Problem>(i)));
    std::string words = "health " + name;
    std::replace(words.begin(), words.end(), '_', ' ');
    EXPECT_NE(health_message("health_" + name), words) << name;
  }
  EXPECT_EQ(health_message("health_new_thing"), "health new thing");
}

} // namespace
} // namespace xdpcap::web
