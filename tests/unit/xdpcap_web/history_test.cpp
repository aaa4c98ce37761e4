#include "apps/xdpcap_web/history.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "make.hpp"
#include "publish/batch_view.hpp"

namespace xdpcap::web {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t kSecond = 1'000'000'000;

ProcessPointer process(std::uint32_t pid, const std::string& name) {
  return std::make_shared<const Process>(Process{.sensor = "web1",
                                                 .pid = pid,
                                                 .uid = 33,
                                                 .started_ns = 99,
                                                 .name = name,
                                                 .command = name + " --all",
                                                 .cgroup = "/system.slice",
                                                 .container = "c0ffee"});
}

class HistoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("history_test." + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    file_ = (folder_ / "history.db").string();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<History> open(std::uint64_t size_max = 64 << 20, History::Limits limits = {.patience = 5ms}) {
    auto opened = History::open(file_, size_max, limits);
    EXPECT_TRUE(opened) << opened.error().sentence;
    return opened ? std::move(*opened) : nullptr;
  }
  std::string refusal() {
    auto opened = History::open(file_, 64 << 20);
    if (opened) return "not refused";
    EXPECT_EQ(opened.error().code, ExitCode::output);
    return opened.error().sentence;
  }
  // The n-th exchange, a second behind the one before.
  Exchange exchange(std::uint32_t number, const std::string& request = "GET /x HTTP/1.1\r\nHost: shop",
                    const std::string& response = "HTTP/1.1 200 OK\r\nServer: s", const std::string& body = "hello") {
    const std::uint64_t at = (1000 + number) * kSecond;
    return exchange_of({.head = request, .first_ns = at, .flow = 7, .index = number},
                       {.head = response, .body = body, .first_ns = at + 5'000'000, .flow = 7, .index = number});
  }
  // All that was added is in the file once its thread has ended.
  std::unique_ptr<History> reopened(std::unique_ptr<History> history, std::uint64_t size_max = 64 << 20) {
    history->stop();
    EXPECT_EQ(history->facts().error, "");
    history.reset();
    return open(size_max);
  }
  static std::vector<std::uint32_t> indexes(History& history, const Query& query = {}, std::size_t limit = 100) {
    auto page = history.find(query, limit, "");
    EXPECT_TRUE(page) << page.error().sentence;
    std::vector<std::uint32_t> found;
    if (page)
      for (const History::Row& row : page->rows) found.push_back(row.exchange.id.index);
    return found;
  }

  std::filesystem::path folder_;
  std::string file_;
};

TEST_F(HistoryTest, AnExchangeComesBackAsItWas) {
  auto history = open();
  Exchange whole =
      exchange(3, "POST /a?b=\xff HTTP/1.1\r\nHost: shop:8080", "HTTP/1.1 503 Down", std::string("\0\xfe", 2));
  const BatchPointer interim =
      batch_of({{.head = "HTTP/1.1 100 Continue",
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
  EXPECT_EQ(source_of(*stored.sensor, (*stored.request.batch)->epoch()), whole.id.connection.source);
  EXPECT_EQ(stored.facts().target, "/a?b=\xff");
  EXPECT_EQ(stored.facts().host, "shop:8080");
  EXPECT_EQ(stored.facts().status, 503);
  EXPECT_EQ(stored.latency_ns(), 5'000'000u);
  EXPECT_EQ(publish::text_of(stored.response->body()), std::string("\0\xfe", 2));
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
  const std::vector<std::uint8_t> octets{1, 2, 3};
  const auto head = builder.CreateVector(octets), trailer = builder.CreateVector(octets),
             body = builder.CreateVector(octets), hash = builder.CreateVector(octets);
  const std::vector<schema::FieldSpan> spans{{{0, 1}, {1, 2}}};
  const auto fields = builder.CreateVectorOfStructs(spans), trailers = builder.CreateVectorOfStructs(spans);
  const std::vector<schema::Gap> holes{{5, 6, schema::GapCause::capture}};
  const auto gaps = builder.CreateVectorOfStructs(holes);
  const auto community_id = builder.CreateString("1:x");
  const schema::Endpoint client = endpoint("10.0.0.1:1"), server = endpoint("[::2]:2");
  const schema::Span method(0, 1), target(1, 1), reason(2, 1);
  builder.Finish(schema::CreateHttpMessage(
      builder, 1, schema::Kind::response, schema::Direction::to_client, 2, schema::Pairing::realigned, &client, &server,
      3, 4, 2, 3, 204, &method, &target, &reason, head, fields, trailer, trailers, schema::Framing::chunked, true, 5, 6,
      body, hash, true, schema::End::rst, 7, gaps, true, community_id, 8));
  const auto* made = flatbuffers::GetRoot<schema::HttpMessage>(builder.GetBufferPointer());
  flatbuffers::FlatBufferBuilder other;
  other.Finish(copy_message(other, *made));
  const auto* copy = flatbuffers::GetRoot<schema::HttpMessage>(other.GetBufferPointer());
  const auto* made_table = reinterpret_cast<const flatbuffers::Table*>(made);
  const auto* copy_table = reinterpret_cast<const flatbuffers::Table*>(copy);
  const flatbuffers::voffset_t* vtable = reinterpret_cast<const flatbuffers::voffset_t*>(made_table->GetVTable());
  for (flatbuffers::voffset_t field = 4; field < vtable[0]; field = static_cast<flatbuffers::voffset_t>(field + 2)) {
    EXPECT_NE(made_table->GetOptionalFieldOffset(field), 0) << "give field " << field << " a value in this test";
    EXPECT_NE(copy_table->GetOptionalFieldOffset(field), 0) << "field " << field << " is not copied";
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
  for (std::string before = "";;) {
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
  const char* requests[] = {"GET /cart HTTP/1.1\r\nHost: shop:80", "POST /pay HTTP/1.1\r\nHost: Bank",
                            "GET /cart?x HTTP/1.1\r\nHost: bank"};
  const char* responses[] = {"HTTP/1.1 200 OK", "HTTP/1.1 404 No", "HTTP/1.1 503 Down\r\nX: needle"};
  for (std::uint32_t i = 0; i < 27; ++i) {
    Exchange one = exchange(i, requests[i % 3], responses[i / 3 % 3], i / 9 == 1 ? "Needle" : "hay");
    if (i % 5 == 0) one = exchange_of({.head = requests[i % 3], .first_ns = one.first_ns(), .flow = 7, .index = i});
    if (i % 7 == 0)
      one = exchange_of({.head = responses[i / 3 % 3], .first_ns = one.first_ns(), .flow = 8, .index = i});
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
      if (queries[q].matches(all[i], {i % 2 == 0 ? process(7, "curl") : nullptr, process(812, "nginx")}))
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

TEST_F(HistoryTest, PastItsSizeTheOldestGo) {
  constexpr std::uint64_t kSize = 1 << 20;
  auto history = open(kSize);
  std::string noise;
  for (std::uint32_t i = 0; i < 700; ++i) noise += static_cast<char>(i * i * 2654435761u >> 13);
  for (std::uint32_t i = 0; i < 6000; ++i) {
    history->add(exchange(i, "GET / HTTP/1.1", "HTTP/1.1 200 OK", noise), {process(i, "p"), nullptr});
    if (i % 500 == 0) std::this_thread::sleep_for(10ms);
  }
  history = reopened(std::move(history), kSize);
  const History::Facts facts = history->facts();
  EXPECT_LE(facts.octets, kSize);
  EXPECT_GT(facts.octets, kSize / 2);
  EXPECT_EQ(facts.dropped, 0u);
  const auto found = indexes(*history, {}, 10'000);
  EXPECT_EQ(found.size(), facts.exchanges);
  EXPECT_EQ(found.front(), 5999u);
  EXPECT_EQ(found.back(), 6000 - facts.exchanges) << "without holes";
  EXPECT_EQ(facts.oldest_ns, (1000 + found.back()) * kSecond);
  EXPECT_LE(std::filesystem::file_size(file_), kSize);
}

TEST_F(HistoryTest, AFileThatIsTooLargeAtTheStartShrinks) {
  auto history = open();
  for (std::uint32_t i = 0; i < 5000; ++i) history->add(exchange(i), {});
  history = reopened(std::move(history), 256 << 10);
  history->add(exchange(5000), {});
  history->stop();
  EXPECT_LE(history->facts().octets, 256u << 10);
  EXPECT_EQ(indexes(*history).front(), 5000u);
}

TEST_F(HistoryTest, ProcessesGoWithTheExchangesThatNameThem) {
  {
    auto file = HistoryFile::open(file_, 64 << 20);
    ASSERT_TRUE(file);
    std::vector<HistoryFile::Written> many;
    for (std::uint32_t i = 0; i < 2 * HistoryFile::kProcessUse + 10; i += 1) {
      many.push_back({exchange_of({.head = "GET / HTTP/1.1", .index = i}), {process(i % 3, "p"), nullptr}});
      if (many.size() == 10'000) {
        ASSERT_TRUE((*file)->write(many));
        many.clear();
      }
    }
    ASSERT_TRUE((*file)->write(many));
  }
  auto file = HistoryFile::open(file_, 64 << 10);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->fit());
  EXPECT_LT((*file)->exchanges(), 10'000u);
  std::string reason;
  auto database = sqlite::Database::open(file_, sqlite::Database::Access::read, reason);
  EXPECT_EQ(database->number("SELECT count(*) FROM exchange WHERE client_process NOT IN (SELECT id FROM process)"), 0);
  EXPECT_LT(database->number("SELECT count(*) FROM process").value_or(0), 200'010) << "old ones are gone";
}

TEST_F(HistoryTest, WhatTheQueueHasNoRoomForIsCounted) {
  auto history = open(64 << 20, {.queue_octets = 100'000, .patience = 1h});
  for (std::uint32_t i = 0; i < 1000; ++i)
    history->add(exchange(i, "GET / HTTP/1.1", "HTTP/1.1 200 OK", std::string(1000, 'x')), {});
  history->stop();
  const auto facts = history->facts();
  EXPECT_GT(facts.dropped, 800u);
  EXPECT_EQ(facts.exchanges + facts.dropped, 1000u);
  history->add(exchange(1), {});
  EXPECT_EQ(history->facts().dropped, facts.dropped + 1) << "after its end";
}

TEST_F(HistoryTest, ASearchThatTakesTooLongGivesWhatItFoundAndWhereItStopped) {
  auto history = open(64 << 20, {.patience = 5ms, .search = 0ms});
  for (std::uint32_t i = 0; i < 500; ++i) history->add(exchange(i), {});
  history->stop();
  Query query;
  query.text = "hello";
  std::size_t found = 0, pages = 0;
  for (std::string before = "";; ++pages) {
    auto page = history->find(query, 1000, before);
    ASSERT_TRUE(page);
    EXPECT_TRUE(page->searched > 0 || page->next.empty());
    EXPECT_LE(page->searched, 64u);
    found += page->rows.size();
    if ((before = page->next).empty()) break;
  }
  EXPECT_EQ(found, 500u);
  EXPECT_GT(pages, 6u);
}

TEST_F(HistoryTest, AForeignCursorIsRefused) {
  auto history = open();
  for (const char* before : {"x", "1-", "-1", "1-2-3", "1-2 ", "ffffffffffffffffff-1"}) {
    auto page = history->find({}, 1, before);
    ASSERT_FALSE(page) << before;
    EXPECT_EQ(page.error().code, ExitCode::usage);
  }
}

TEST_F(HistoryTest, AFileOfAnotherKindIsRefusedAndLeftAsItWas) {
  std::ofstream(file_)
      << "this is a text of mine, and it is longer than a header of SQLite would be: keep it, please. It goes on.";
  const auto size = std::filesystem::file_size(file_);
  EXPECT_THAT(refusal(), HasSubstr("give --history another file"));
  EXPECT_EQ(std::filesystem::file_size(file_), size);
  std::filesystem::remove(file_);
  std::string reason;
  {
    auto other = sqlite::Database::open(file_, sqlite::Database::Access::write, reason);
    ASSERT_TRUE(other->run("CREATE TABLE mine (x)"));
  }
  EXPECT_THAT(refusal(), HasSubstr("of another program"));
}

TEST_F(HistoryTest, AnotherVersionOfTheSchemaIsRefused) {
  open().reset();
  std::string reason;
  {
    auto other = sqlite::Database::open(file_, sqlite::Database::Access::write, reason);
    ASSERT_TRUE(other->run("PRAGMA user_version = 7"));
  }
  EXPECT_THAT(refusal(), HasSubstr("schema 7"));
}

TEST_F(HistoryTest, AFolderThatIsNotThereIsSaid) {
  file_ = (folder_ / "no" / "such.db").string();
  EXPECT_THAT(refusal(), HasSubstr("No such file"));
}

TEST_F(HistoryTest, OnlyItsOwnerMayReadIt) {
  auto history = open();
  history->add(exchange(1), {});
  history->stop();
  for (const std::string end : {"", "-wal"}) {
    struct stat facts {};
    if (::stat((file_ + end).c_str(), &facts) != 0) continue;
    EXPECT_EQ(facts.st_mode & 0777u, 0600u) << end;
  }
}

TEST_F(HistoryTest, ADamagedExchangeIsPassedOver) {
  auto history = open();
  for (std::uint32_t i = 0; i < 3; ++i) history->add(exchange(i), {});
  history->stop();
  std::string reason;
  {
    auto other = sqlite::Database::open(file_, sqlite::Database::Access::write, reason);
    ASSERT_TRUE(other->run("UPDATE exchange SET messages = x'5a00ff' WHERE idx = 1"));
    ASSERT_TRUE(other->run("UPDATE exchange SET messages = x'42deadbeefdeadbeef' WHERE idx = 2"));
  }
  EXPECT_THAT(indexes(*history), ElementsAre(0));
}

// A limit of the process stands for a disk without room: SQLite gets EFBIG for what goes past it.
TEST_F(HistoryTest, AFileThatCannotGrowIsAnErrorThatPasses) {
  auto history = open();
  history->add(exchange(0), {});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 100'000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string noise;
  for (std::uint32_t i = 0; i < 20'000; ++i) noise += static_cast<char>(i * i * 2654435761u >> 13);
  for (std::uint32_t i = 1; i < 100; ++i) history->add(exchange(i, "GET / HTTP/1.1", "HTTP/1.1 200 OK", noise), {});
  std::string error;
  for (int i = 0; i < 500 && error.empty(); ++i) {
    std::this_thread::sleep_for(10ms);
    error = history->facts().error;
  }
  EXPECT_THAT(error, HasSubstr("tried again each second"));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  for (int i = 0; i < 1000 && !history->facts().error.empty(); ++i) std::this_thread::sleep_for(10ms);
  history->stop();
  EXPECT_EQ(history->facts().error, "");
  EXPECT_EQ(history->facts().dropped, 0u);
  EXPECT_THAT(indexes(*history), SizeIs(100));
}

} // namespace
} // namespace xdpcap::web
