#include "apps/xdpcap_web/store/sensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "make.hpp"

namespace xdpcap::web {
namespace {

using ::testing::UnorderedElementsAre;
using Vector = flatbuffers::Vector<flatbuffers::Offset<schema::InterfaceRecord>>;

class SensorsTest : public ::testing::Test {
 protected:
  Sensor& update_socket(const std::string& name) {
    return *sensors_.update_from(**batch_of({{.head = "GET / HTTP/1.1\r\n\r\n"}}, name), now_);
  }
  // A part of a round: interfaces by index, named after it.
  static void report(Sensor& sensor, const std::vector<unsigned>& indices,
                     std::uint32_t network_namespace = 0) {
    flatbuffers::FlatBufferBuilder builder;
    std::vector<flatbuffers::Offset<schema::InterfaceRecord>> records;
    for (const unsigned index : indices) {
      const auto name = builder.CreateString("if" + std::to_string(index));
      schema::InterfaceRecordBuilder record(builder);
      record.add_index(index);
      record.add_number(static_cast<std::int16_t>(index));
      record.add_name(name);
      record.add_network_namespace(network_namespace);
      records.push_back(record.Finish());
    }
    builder.Finish(builder.CreateVector(records));
    Sensors::add(sensor, *flatbuffers::GetRoot<Vector>(builder.GetBufferPointer()));
  }
  static void count(Sensor& sensor, const std::string& name, std::uint64_t value) {
    flatbuffers::FlatBufferBuilder builder;
    const auto text = builder.CreateString(name);
    schema::CounterBuilder counter(builder);
    counter.add_name(text);
    counter.add_value(value);
    const auto one = counter.Finish();
    const auto counters = builder.CreateVector(&one, 1);
    schema::StatsRecordBuilder record(builder);
    record.add_counters(counters);
    builder.Finish(record.Finish());
    Sensors::add(sensor, *flatbuffers::GetRoot<schema::StatsRecord>(builder.GetBufferPointer()));
  }
  static std::vector<std::string> names(const Sensor& sensor) {
    std::vector<std::string> found;
    for (const SensorInterface& interface : sensor.interfaces) found.push_back(interface.name);
    return found;
  }

  SteadyTime now_{std::chrono::hours(1)};
  Sensors sensors_;
};

TEST_F(SensorsTest, NamesThatNoCaptureHasAreCounted) {
  const auto update = [this](const std::string& name) {
    return sensors_.update_from(**batch_of({{.head = "GET / HTTP/1.1\r\n\r\n"}}, name), now_);
  };
  EXPECT_NE(update(std::string(255, 'a')), nullptr);
  EXPECT_EQ(sensors_.refused().batches, 0u);
  for (const std::string& name : {std::string(256, 'b'), std::string(1 << 20, 'b'),
                                  std::string("web\n1"), std::string("\x1b[31m")}) {
    EXPECT_EQ(update(name), nullptr);
    EXPECT_EQ(sensors_.refused().name, name.substr(0, 32));
  }
  EXPECT_EQ(sensors_.refused().batches, 4u);
  EXPECT_EQ(sensors_.all().size(), 1u);
}

TEST_F(SensorsTest, AnInterfaceThatIsGoneIsReportedNoMore) {
  Sensor& sensor = update_socket("web1");
  report(sensor, {1, 2});
  report(sensor, {3}); // the rest of the first round
  EXPECT_THAT(names(sensor), UnorderedElementsAre("if1", "if2", "if3"));
  report(sensor, {1, 2});
  report(sensor, {4}); // the third has gone, and another came
  report(sensor, {1, 2});
  EXPECT_THAT(names(sensor), UnorderedElementsAre("if1", "if2", "if4"));
}

TEST_F(SensorsTest, ANumberOfRecordsLeadsToANamespace) {
  Sensor& sensor = update_socket("web1");
  report(sensor, {5}, 77);
  EXPECT_EQ(sensor.namespace_of(5), 77U);
  EXPECT_EQ(sensor.namespace_of(6), 0U);
}

TEST_F(SensorsTest, NamesWithoutEndTakeMemoryThatEnds) {
  for (int i = 0; i < 1000; ++i) update_socket("sensor" + std::to_string(i));
  EXPECT_LE(sensors_.all().size(), 256U);
  Sensor& sensor = update_socket("web1");
  std::vector<unsigned> many(10'000);
  for (unsigned i = 0; i < many.size(); ++i) many[i] = i + 1;
  report(sensor, many);
  EXPECT_LE(sensor.interfaces.size(), 4096U);
  count(sensor, std::string(100'000, 'x'), 1);
  EXPECT_LE(sensor.counters[0].name.size(), 256U);
}

TEST_F(SensorsTest, WhatGotLostIsDatedByWhenItWasSeenToGrow) {
  Sensor& sensor = update_socket("web1");
  count(sensor, "tap_dropped", 5);
  EXPECT_TRUE(sensor.counters[0].is_loss());
  EXPECT_EQ(sensor.counters[0].grew, SteadyTime{}) << "it may be old";
  now_ += std::chrono::seconds(1);
  count(update_socket("web1"), "tap_dropped", 6);
  EXPECT_EQ(sensor.counters[0].grew, now_);
  now_ += std::chrono::seconds(1);
  count(update_socket("web1"), "tap_dropped", 6);
  EXPECT_EQ(sensor.counters[0].grew, now_ - std::chrono::seconds(1));
}

} // namespace
} // namespace xdpcap::web
