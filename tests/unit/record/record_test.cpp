#include <gtest/gtest.h>

#include "record/enums.hpp"
#include "record/records.hpp"

namespace xdpcap::record {
namespace {

TEST(Enums, AreNamedAsInTheSchema) {
  EXPECT_EQ(name_of(schema::Direction::to_client), "to_client");
  EXPECT_EQ(name_of(schema::TcpState::fin_wait_2), "fin_wait_2");
  EXPECT_EQ(name_of(schema::Anomaly::MAX), "unproved");
  EXPECT_EQ(name_of(static_cast<schema::Verdict>(200)), "unknown") << "of a newer capture";
}

TEST(Enums, OfBitsAreNumbersOfThem) {
  EXPECT_EQ(bit(schema::FlowFlag::partial), 1U);
  EXPECT_EQ(bit(schema::Anomaly::unproved), std::uint64_t{1} << 34);
}

TEST(Records, BeginWithTheDefaultsOfTheSchema) {
  EXPECT_EQ(InterfaceRecord{}.number, -1);
  EXPECT_EQ(Counter{}.queue, -1);
  EXPECT_EQ(FlowRecord{}.close, schema::CloseReason::open);
  EXPECT_EQ(SocketRecord{}.process, nullptr);
}

TEST(ShortText, HoldsSoMuchAndNoMore) {
  EXPECT_EQ(ShortText<5>(), "");
  EXPECT_EQ(ShortText<5>("cubic"), "cubic");
  EXPECT_EQ(ShortText<5>("cubical"), "cubic");
}

} // namespace
} // namespace xdpcap::record
