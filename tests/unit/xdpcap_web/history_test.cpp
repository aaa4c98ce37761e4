#include <gmock/gmock.h>

#include <set>

#include "codec/batch_view.hpp"
#include "history_fixture.hpp"

namespace xdpcap::web::history_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(HistoryTest, AnExchangeComesBackAsItWas) {
  auto history = open();
  Exchange whole = exchange(3, "POST /a?b=\xff HTTP/1.1\r\nHost: shop:8080", "HTTP/1.1 503 Down",
                            std::string("\0\xfe", 2));
  const BatchPointer interim = batch_of(
      {{.head = "HTTP/1.1 100 Continue",
        .anomalies = std::uint64_t{1} << static_cast<unsigned>(schema::Anomaly::interim)}});
  whole.interim.push_back({interim, (*interim)->messages()->Get(0)});
  history->add(whole, {process(7, "curl"), process(812, "nginx")});
  history = reopened(std::move(history));
  auto row = history->get(whole.id);
  ASSERT_TRUE(row);
  ASSERT_TRUE(*row);
  const Exchange& stored = (*row)->exchange;
  EXPECT_EQ(stored.id, whole.id);
  EXPECT_EQ(*stored.sensor, "web1");
  EXPECT_EQ(source_of(*stored.sensor, (*stored.request.batch)->epoch()),
            whole.id.connection.source);
  EXPECT_EQ(stored.facts().target, "/a?b=\xff");
  EXPECT_EQ(stored.facts().host, "shop:8080");
  EXPECT_EQ(stored.facts().status, 503);
  EXPECT_EQ(stored.latency_ns(), 5'000'000u);
  EXPECT_EQ(codec::text_of(stored.response->body()), std::string("\0\xfe", 2));
  ASSERT_THAT(stored.interim, SizeIs(1));
  EXPECT_EQ(stored.interim[0]->status(), 100);
  ASSERT_NE((*row)->ends.client, nullptr);
  EXPECT_EQ((*row)->ends.client->name, "curl");
  EXPECT_EQ((*row)->ends.server->pid, 812u);
  EXPECT_EQ((*row)->ends.server->container, "c0ffee");
  EXPECT_FALSE(*history->get({{1, 2}, 3}));
}

TEST_F(HistoryTest, EveryFieldOfAMessageIsCopied) {
  // A message with a value in every field, so that a field that the copy forgets shows.
  flatbuffers::FlatBufferBuilder builder;
  const std::vector<std::uint8_t> bytes{1, 2, 3};
  const auto head = builder.CreateVector(bytes), trailer = builder.CreateVector(bytes),
             body = builder.CreateVector(bytes), hash = builder.CreateVector(bytes);
  const std::vector<schema::FieldSpan> spans{{{0, 1}, {1, 2}}};
  const auto fields = builder.CreateVectorOfStructs(spans),
             trailers = builder.CreateVectorOfStructs(spans);
  const std::vector<schema::Gap> holes{{5, 6, schema::GapCause::capture}};
  const auto gaps = builder.CreateVectorOfStructs(holes);
  const auto community_id = builder.CreateString("1:x");
  const schema::Endpoint client = endpoint("10.0.0.1:1"), server = endpoint("[::2]:2");
  const schema::Span method(0, 1), target(1, 1), reason(2, 1);
  builder.Finish(schema::CreateHttpMessage(
      builder, 1, schema::Kind::response, schema::Direction::to_client, 2,
      schema::Pairing::realigned, &client, &server, 3, 4, 2, 3, 204, &method, &target, &reason,
      head, fields, trailer, trailers, schema::Framing::chunked, true, 5, 6, body, hash, true,
      schema::End::rst, 7, gaps, true, community_id, 8));
  const auto* made = flatbuffers::GetRoot<schema::HttpMessage>(builder.GetBufferPointer());
  flatbuffers::FlatBufferBuilder other;
  other.Finish(copy_message(other, *made));
  const auto* copy = flatbuffers::GetRoot<schema::HttpMessage>(other.GetBufferPointer());
  const auto* made_table = reinterpret_cast<const flatbuffers::Table*>(made);
  const auto* copy_table = reinterpret_cast<const flatbuffers::Table*>(copy);
  const flatbuffers::voffset_t* vtable =
      reinterpret_cast<const flatbuffers::voffset_t*>(made_table->GetVTable());
  for (flatbuffers::voffset_t field = 4; field < vtable[0];
       field = static_cast<flatbuffers::voffset_t>(field + 2)) {
    EXPECT_NE(made_table->GetOptionalFieldOffset(field), 0)
        << "give field " << field << " a value in this test";
    EXPECT_NE(copy_table->GetOptionalFieldOffset(field), 0)
        << "field " << field << " is not copied";
  }
  EXPECT_EQ(copy->gaps()->Get(0)->cause(), schema::GapCause::capture);
  EXPECT_EQ(copy->trailers()->Get(0)->value().length(), 2u);
  EXPECT_EQ(copy->interface(), 8);
  EXPECT_EQ(copy->server()->address_low(), 2u);
}

TEST_F(HistoryTest, TheNewestComeFirstAndPagesFollowEachOther) {
  auto history = open();
  for (const std::uint32_t number : {2u, 0u, 4u, 1u, 3u}) history->add(exchange(number), {});
  history = reopened(std::move(history));
  EXPECT_THAT(indexes(*history), ElementsAre(4, 3, 2, 1, 0));
  std::string before;
  std::vector<std::uint32_t> all;
  for (int i = 0; i < 3; ++i) {
    auto page = history->find({}, 2, before);
    ASSERT_TRUE(page);
    EXPECT_EQ(page->oldest_ns, 1000 * kSecond);
    for (const auto& row : page->rows) all.push_back(row.exchange.id.index);
    before = page->next;
    EXPECT_EQ(before.empty(), i == 2);
  }
  EXPECT_THAT(all, ElementsAre(4, 3, 2, 1, 0));
}

TEST_F(HistoryTest, ExchangesOfOneInstantAreAllOnSomePage) {
  auto history = open();
  for (std::uint32_t i = 0; i < 100; ++i)
    history->add(exchange_of({.head = "GET / HTTP/1.1", .first_ns = kSecond, .index = i}), {});
  history = reopened(std::move(history));
  std::set<std::uint32_t> seen;
  for (std::string before;;) {
    auto page = history->find({}, 7, before);
    ASSERT_TRUE(page);
    for (const auto& row : page->rows) EXPECT_TRUE(seen.insert(row.exchange.id.index).second);
    if ((before = page->next).empty()) break;
  }
  EXPECT_THAT(seen, SizeIs(100));
}

TEST_F(HistoryTest, QueriesFindWhatTheyFindInMemory) {
  auto history = open();
  std::vector<Exchange> all;
  const char* requests[] = {"GET /cart HTTP/1.1\r\nHost: shop:80",
                            "POST /pay HTTP/1.1\r\nHost: Bank",
                            "GET /cart?x HTTP/1.1\r\nHost: bank"};
  const char* responses[] = {"HTTP/1.1 200 OK", "HTTP/1.1 404 No",
                             "HTTP/1.1 503 Down\r\nX: needle"};
  for (std::uint32_t i = 0; i < 27; ++i) {
    Exchange one =
        exchange(i, requests[i % 3], responses[i / 3 % 3], i / 9 == 1 ? "Needle" : "hay");
    if (i % 5 == 0)
      one =
          exchange_of({.head = requests[i % 3], .first_ns = one.first_ns(), .flow = 7, .index = i});
    if (i % 7 == 0)
      one = exchange_of(
          {.head = responses[i / 3 % 3], .first_ns = one.first_ns(), .flow = 8, .index = i});
    all.push_back(one);
    history->add(one, {i % 2 == 0 ? process(7, "curl") : nullptr, process(812, "nginx")});
  }
  history = reopened(std::move(history));
  std::vector<Query> queries(14);
  queries[0].filter.hosts = {"shop"};
  queries[1].filter.hosts = {"b*k"};
  queries[2].filter.methods = {"post"};
  queries[3].filter.statuses = {"4xx", "503"};
  queries[4].without_response = true;
  queries[5].without_response = true;
  queries[5].filter.statuses = {"200"};
  queries[6].filter.paths = {"cart"};
  queries[7].filter.paths = {"/c*?x"};
  queries[8].text = "needle";
  queries[9].process = "curl";
  queries[10].connection = all[1].id.connection;
  queries[11].from_ns = 1005 * kSecond;
  queries[11].to_ns = 1010 * kSecond;
  queries[12].filter.min_latency_ns = 5'000'000;
  queries[13].without_response = true;
  queries[13].filter.methods = {"GET"};
  for (std::size_t q = 0; q < queries.size(); ++q) {
    std::vector<std::uint32_t> expected;
    for (std::uint32_t i = 27; i-- > 0;) {
      if (queries[q].matches(all[i],
                             {i % 2 == 0 ? process(7, "curl") : nullptr, process(812, "nginx")}))
        expected.push_back(i);
    }
    EXPECT_THAT(expected, ::testing::Not(IsEmpty())) << q;
    EXPECT_EQ(indexes(*history, queries[q]), expected) << q;
  }
}

TEST_F(HistoryTest, AnExchangeThatCameWholeLaterReplacesItsHalf) {
  auto history = open();
  const Exchange whole = exchange(1);
  Exchange half = whole;
  half.response = {};
  history->add(half, {});
  history->add(exchange(0), {});
  history->add(whole, {process(1, "late"), nullptr});
  history = reopened(std::move(history));
  EXPECT_THAT(indexes(*history), ElementsAre(1, 0));
  EXPECT_TRUE((*history->get(whole.id))->exchange.response);
  EXPECT_EQ((*history->get(whole.id))->ends.client->name, "late");
  EXPECT_EQ(history->facts().exchanges, 2u);
}

} // namespace
} // namespace xdpcap::web::history_test
