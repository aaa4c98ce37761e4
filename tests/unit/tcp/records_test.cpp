#include "tcp/records.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <utility>

#include "unit/tcp/observed.hpp"

namespace xdpcap::tcp {
namespace {

HalfConnection half(std::uint32_t next, std::uint32_t acked, std::uint32_t edge) {
  HalfConnection self;
  self.set(HalfConnection::started);
  self.set(HalfConnection::acked_any);
  self.next = {next};
  self.last_ack = {acked};
  self.window_edge = {edge};
  return self;
}

TEST(FlowRecords, SayWhatEachSideWouldTakeAndHasOnItsWay) {
  Connection connection;
  connection.from(Direction::to_server) = half(5000, 0xfffffff0, 1000); // the other's numbers wrap
  connection.from(Direction::to_client) = half(16, 3540, 69076);
  const record::FlowRecord record = flow_record(connection, schema::FlowEvent::update, {});
  const record::FlowHalf& client = record.to_server;
  const record::FlowHalf& server = record.to_client;
  EXPECT_EQ(client.in_flight, 1460U);
  EXPECT_EQ(client.window, 1016U);
  EXPECT_EQ(server.in_flight, 32U);
  EXPECT_EQ(server.window, 65536U);
}

TEST(FlowRecords, SayNothingOfWhatWasNotSeen) {
  Connection connection;
  connection.from(Direction::to_server).set(HalfConnection::started);
  connection.from(Direction::to_server).next = {5000};
  const record::FlowRecord record = flow_record(connection, schema::FlowEvent::update, {});
  for (const record::FlowHalf& side : {record.to_server, record.to_client}) {
    EXPECT_EQ(side.in_flight, 0U);
    EXPECT_EQ(side.window, 0U);
  }
}

// What was acknowledged and not seen is not on its way.
TEST(FlowRecords, AreNotLedAstrayByBytesThatWereNeverSeen) {
  Connection connection;
  connection.from(Direction::to_server) = half(5000, 1, 1);
  connection.from(Direction::to_client) = half(1, 6000, 7000);
  const record::FlowRecord record = flow_record(connection, schema::FlowEvent::update, {});
  EXPECT_EQ(record.to_server.in_flight, 0U);
}

// 1000 bytes each 2 ms, acknowledged 40 ms later, are 500,000 bytes a second.
TEST(FlowRecords, SayHowManyBytesASecondArrive) {
  test::Observed wire;
  wire.handshake();
  for (std::int64_t at = 0; at < 100'000; at += 1000) {
    wire.receive(test::server().at(0).acks(std::max<std::int64_t>(at - 19'000, 0)),
                 Duration{2'000'000});
    wire.receive(test::client().at(at).acks(0).says(std::string(1000, 'x')), Duration{0});
  }
  wire.end();
  const record::FlowRecord record = flow_record(wire.received.last, schema::FlowEvent::closed, {});
  EXPECT_NEAR(static_cast<double>(record.to_server.delivery_rate), 500'000, 500);
  EXPECT_EQ(record.to_client.delivery_rate, 0U) << "it sent nothing";
}

// A segment that was dropped or refused is never published as one in order.
TEST(SegmentRecords, SayWhatBecameOfEachSegment) {
  using schema::Verdict;
  const std::pair<SegmentVerdict, Verdict> expected[] = {
      {SegmentVerdict::delivered, Verdict::in_order},
      {SegmentVerdict::control, Verdict::in_order},
      {SegmentVerdict::opening, Verdict::in_order},
      {SegmentVerdict::reset, Verdict::in_order},
      {SegmentVerdict::duplicate, Verdict::retransmit},
      {SegmentVerdict::held, Verdict::out_of_order},
      {SegmentVerdict::keep_alive, Verdict::keep_alive},
      {SegmentVerdict::old_timestamp, Verdict::paws_rejected},
      {SegmentVerdict::beyond_end, Verdict::out_of_window},
      {SegmentVerdict::after_close, Verdict::out_of_window},
      {SegmentVerdict::reset_ignored, Verdict::out_of_window},
      {SegmentVerdict::no_connection, Verdict::no_connection},
      {SegmentVerdict::out_of_order_full, Verdict::dropped},
      {SegmentVerdict::flow_table_full, Verdict::dropped},
      {SegmentVerdict::bad_checksum, Verdict::bad_checksum},
      {SegmentVerdict::conflict, Verdict::conflict},
  };
  static_assert(std::size(expected) == static_cast<std::size_t>(SegmentVerdict::count_));
  for (const auto& [verdict, published] : expected) {
    EXPECT_EQ(segment_record({}, 0, Direction::to_server, verdict, false).verdict, published)
        << name_of(verdict);
  }
}

} // namespace
} // namespace xdpcap::tcp
