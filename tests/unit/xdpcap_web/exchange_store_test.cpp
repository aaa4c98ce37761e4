#include "apps/xdpcap_web/store/exchange_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "make.hpp"

namespace xdpcap::web {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t kSecond = 1'000'000'000;

class Store : public ::testing::Test {
 protected:
  void add(const std::vector<MadeMessage>& messages, std::uint64_t now_ns) {
    store.add(batch_of(messages), sensor, now_ns);
  }
  [[nodiscard]] ExchangeId id(std::uint64_t flow, std::uint32_t index) const {
    return {{source_of(*sensor, 7), flow}, index};
  }
  static MadeMessage request(std::uint64_t flow, std::uint32_t index = 0) {
    return {.head = "GET /a HTTP/1.1\r\nHost: h\r\n", .flow = flow, .index = index};
  }
  static MadeMessage response(std::uint64_t flow, std::uint32_t index = 0) {
    return {.head = "HTTP/1.1 200 OK\r\n", .first_ns = 2 * kSecond, .flow = flow, .index = index};
  }

  std::shared_ptr<const std::string> sensor = std::make_shared<const std::string>("web1");
  std::vector<std::string> finished; // id and which halves
  ExchangeStore store{{.age_ns = 60 * kSecond, .bytes = std::size_t{1} << 20},
                      [this](const Exchange& exchange) {
                        finished.push_back(exchange.id.text().substr(exchange.id.text().find('-')) +
                                           (exchange.request ? " request" : "") +
                                           (exchange.response ? " response" : ""));
                      }};
};

TEST_F(Store, JoinsHalvesWhicheverComesFirst) {
  add({request(1)}, kSecond);
  add({response(1)}, kSecond);
  add({response(2)}, kSecond);
  add({request(2)}, kSecond);
  EXPECT_THAT(finished, ElementsAre("-1-0 request response", "-2-0 request response"));
  EXPECT_EQ(store.size(), 2U);
  ASSERT_TRUE(store.find(id(2, 0)));
  EXPECT_EQ(store.find(id(2, 0))->latency_ns(), kSecond);
}

TEST_F(Store, HandsOnARequestAloneAfterTenSecondsAndAgainWithItsLateResponse) {
  add({request(1)}, kSecond);
  store.expire(10 * kSecond);
  EXPECT_THAT(finished, IsEmpty());
  store.expire(12 * kSecond);
  EXPECT_THAT(finished, ElementsAre("-1-0 request"));
  store.expire(13 * kSecond);
  add({response(1)}, 14 * kSecond);
  EXPECT_THAT(finished, ElementsAre("-1-0 request", "-1-0 request response"));
}

TEST_F(Store, ReportsChangesOnceAndInOrder) {
  add({request(1), request(2)}, kSecond);
  add({response(1)}, kSecond);
  EXPECT_THAT(store.pop_changes(), ElementsAre(0U, 1U));
  EXPECT_THAT(store.pop_changes(), IsEmpty());
  add({response(2)}, kSecond);
  EXPECT_THAT(store.pop_changes(), ElementsAre(1U));
}

TEST_F(Store, DropsWhatIsTooOldAndKeepsNumbers) {
  add({request(1)}, kSecond);
  add({request(2)}, 50 * kSecond);
  store.expire(62 * kSecond);
  EXPECT_EQ(store.first_number(), 1U);
  EXPECT_EQ(store.at(1).id, id(2, 0));
  EXPECT_FALSE(store.find(id(1, 0)));
  EXPECT_THAT(finished,
              ElementsAre("-1-0 request", "-2-0 request")); // the other one has waited long enough
}

TEST_F(Store, StaysWithinItsBytesAndTheNewestSurvives) {
  MadeMessage large = response(0);
  large.body = std::string(100'000, 'x');
  for (std::uint64_t flow = 1; flow <= 100; ++flow) {
    large.flow = flow;
    add({large}, kSecond);
    EXPECT_LE(store.bytes(), std::size_t{1} << 20);
  }
  EXPECT_TRUE(store.find(id(100, 0)));
  EXPECT_FALSE(store.find(id(1, 0)));
  EXPECT_EQ(store.dropped() + store.size(), 100U);
}

TEST_F(Store, AnInterimResponseDoesNotTakeThePlaceOfTheAnswer) {
  MadeMessage early = response(1);
  early.head = "HTTP/1.1 100 Continue\r\n";
  early.anomalies = std::uint64_t{1} << static_cast<unsigned>(schema::Anomaly::interim);
  add({early}, kSecond);
  EXPECT_FALSE(store.find(id(1, 0))) << "alone it shows nothing";
  add({request(1), response(1)}, kSecond);
  const auto found = store.find(id(1, 0));
  ASSERT_TRUE(found && found->request && found->response);
  EXPECT_EQ(found->interim.size(), 1U);
}

TEST_F(Store, ASecondRequestOfTheSameNumberBeginsAnotherExchange) {
  add({request(1)}, kSecond);
  add({request(1)}, 2 * kSecond);
  EXPECT_EQ(store.size(), 2U);
  EXPECT_THAT(finished, ElementsAre("-1-0 request"));
}

TEST(Ids, AreTextAndBack) {
  const ExchangeId id{{0xfedcba9876543210, (std::uint64_t{3} << 48) + 5}, 12};
  EXPECT_EQ(ExchangeId::parse(id.text()), id);
  EXPECT_EQ(ConnectionId::parse(id.connection.text()), id.connection);
  for (const char* text :
       {"", "-", "1-2", "1-2-", "1-2-3-4", "1--2", "g-1-2", "1-2-3x", "11111111111111111-1-1"})
    EXPECT_FALSE(ExchangeId::parse(text)) << text;
}

} // namespace
} // namespace xdpcap::web
