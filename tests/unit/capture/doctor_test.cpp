#include "capture/doctor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xdpcap::capture {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Doctor, FindsTheModeOfTheLoopbackAndNothingAgainstIt) {
  const auto findings = examine("lo");
  EXPECT_THAT(findings,
              Contains(AllOf(Field(&Finding::health, Health::ok), Field(&Finding::what, HasSubstr("lo: tap mode")))));
  EXPECT_THAT(findings, Contains(Field(&Finding::what, HasSubstr("XDP program"))));
}

TEST(Doctor, SaysWhenThereIsNoSuchInterface) {
  EXPECT_THAT(examine("nowhere0"), Contains(AllOf(Field(&Finding::health, Health::bad),
                                                  Field(&Finding::what, HasSubstr("there is no interface nowhere0")))));
}

TEST(Doctor, HasACureForEverythingThatIsNotWell) {
  for (const char* interface : {"lo", "nowhere0"}) {
    for (const Finding& finding : examine(interface)) {
      if (finding.health != Health::ok) EXPECT_THAT(finding.fix, Not(IsEmpty())) << finding.what;
    }
  }
}

} // namespace
} // namespace xdpcap::capture
