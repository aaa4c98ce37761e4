#include "capture/doctor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xdpcap::capture {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;

TEST(Doctor, FindsTheModeOfTheLoopbackAndNothingAgainstIt) {
  const auto findings = examine("lo");
  EXPECT_THAT(findings, Contains(AllOf(Field(&Finding::health, Health::ok),
                                       Field(&Finding::what, HasSubstr("lo: tap mode")))));
  EXPECT_THAT(findings, Contains(Field(&Finding::what, HasSubstr("no XDP or tc program"))));
}

TEST(Doctor, SaysWhenThereIsNoSuchInterface) {
  EXPECT_THAT(examine("nowhere0"),
              Contains(AllOf(Field(&Finding::health, Health::bad),
                             Field(&Finding::what, HasSubstr("there is no interface nowhere0")))));
}

TEST(Doctor, HasACureForEverythingThatIsNotWell) {
  for (const char* interface : {"lo", "nowhere0"}) {
    for (const Finding& finding : examine(interface)) {
      EXPECT_TRUE(finding.health == Health::ok || !finding.fix.empty()) << finding.what;
    }
  }
}

} // namespace
} // namespace xdpcap::capture
