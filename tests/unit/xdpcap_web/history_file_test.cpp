#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "history_fixture.hpp"

namespace xdpcap::web::history_test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

using HistoryFileTest = HistoryTest;

TEST_F(HistoryFileTest, PastItsSizeTheOldestGo) {
  constexpr std::uint64_t kSize = 1 << 20;
  auto history = open(kSize);
  std::string noise;
  for (std::uint32_t i = 0; i < 700; ++i) noise += static_cast<char>(i * i * 2654435761u >> 13);
  for (std::uint32_t i = 0; i < 6000; ++i) {
    history->add(exchange(i, "GET / HTTP/1.1", "HTTP/1.1 200 OK", noise),
                 {process(i, "p"), nullptr});
    if (i % 500 == 0) std::this_thread::sleep_for(10ms);
  }
  history = reopened(std::move(history), kSize);
  const History::Facts facts = history->facts();
  EXPECT_LE(facts.bytes, kSize);
  EXPECT_GT(facts.bytes, kSize / 2);
  EXPECT_EQ(facts.dropped, 0u);
  const auto found = indexes(*history, {}, 10'000);
  EXPECT_EQ(found.size(), facts.exchanges);
  EXPECT_EQ(found.front(), 5999u);
  EXPECT_EQ(found.back(), 6000 - facts.exchanges) << "without holes";
  EXPECT_EQ(facts.oldest_ns, (1000 + found.back()) * kSecond);
  EXPECT_LE(std::filesystem::file_size(file_), kSize);
}

TEST_F(HistoryFileTest, AFileThatIsTooLargeAtTheStartShrinks) {
  auto history = open();
  for (std::uint32_t i = 0; i < 5000; ++i) history->add(exchange(i), {});
  history = reopened(std::move(history), 256 << 10);
  history->add(exchange(5000), {});
  history->stop();
  EXPECT_LE(history->facts().bytes, 256u << 10);
  EXPECT_EQ(indexes(*history).front(), 5000u);
}

TEST_F(HistoryFileTest, ProcessesGoWithTheExchangesThatNameThem) {
  {
    auto file = HistoryFile::open(file_, 64 << 20);
    ASSERT_TRUE(file);
    std::vector<HistoryFile::Written> many;
    for (std::uint32_t i = 0; i < 2 * HistoryFile::kProcessUse + 10; i += 1) {
      many.push_back(
          {exchange_of({.head = "GET / HTTP/1.1", .index = i}), {process(i % 3, "p"), nullptr}});
      if (many.size() == 1'000) {
        ASSERT_TRUE((*file)->write(many));
        many.clear();
      }
    }
    ASSERT_TRUE((*file)->write(many));
  }
  auto file = HistoryFile::open(file_, 64 << 10);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->fit());
  EXPECT_LT((*file)->exchanges(), 1'000u);
  std::string reason;
  auto database = sqlite::Database::open(file_, sqlite::Database::Access::read, reason);
  EXPECT_EQ(
      database->number(
          "SELECT count(*) FROM exchange WHERE client_process NOT IN (SELECT id FROM process)"),
      0);
  EXPECT_LE(database->number("SELECT count(*) FROM process").value_or(0), 10'010)
      << "old ones are gone";
}

TEST_F(HistoryFileTest, WhatTheQueueHasNoRoomForIsCounted) {
  auto history = open(64 << 20, {.queue_bytes = 100'000, .timeout = 1h});
  for (std::uint32_t i = 0; i < 1000; ++i)
    history->add(exchange(i, "GET / HTTP/1.1", "HTTP/1.1 200 OK", std::string(1000, 'x')), {});
  history->stop();
  const auto facts = history->facts();
  EXPECT_GT(facts.dropped, 800u);
  EXPECT_EQ(facts.exchanges + facts.dropped, 1000u);
  history->add(exchange(1), {});
  EXPECT_EQ(history->facts().dropped, facts.dropped + 1) << "after its end";
}

TEST_F(HistoryFileTest, ASearchThatTakesTooLongGivesWhatItFoundAndWhereItStopped) {
  auto history = open(64 << 20, {.timeout = 5ms, .search = 0ms});
  for (std::uint32_t i = 0; i < 500; ++i) history->add(exchange(i), {});
  history->stop();
  Query query;
  query.text = "hello";
  std::size_t found = 0, pages = 0;
  for (std::string before;; ++pages) {
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

TEST_F(HistoryFileTest, AForeignCursorIsRefused) {
  auto history = open();
  for (const char* before : {"x", "1-", "-1", "1-2-3", "1-2 ", "ffffffffffffffffff-1"}) {
    auto page = history->find({}, 1, before);
    ASSERT_FALSE(page) << before;
    EXPECT_EQ(page.error().code, ExitCode::usage);
  }
}

TEST_F(HistoryFileTest, AFileOfAnotherKindIsRefusedAndLeftAsItWas) {
  std::ofstream(file_) << "this is a text of mine, and it is longer than a header of SQLite would "
                          "be: keep it, please. It goes on.";
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

TEST_F(HistoryFileTest, AnotherVersionOfTheSchemaIsRefused) {
  open().reset();
  std::string reason;
  {
    auto other = sqlite::Database::open(file_, sqlite::Database::Access::write, reason);
    ASSERT_TRUE(other->run("PRAGMA user_version = 7"));
  }
  EXPECT_THAT(refusal(), HasSubstr("schema 7"));
}

TEST_F(HistoryFileTest, AFolderThatIsNotThereIsSaid) {
  file_ = (folder_ / "no" / "such.db").string();
  EXPECT_THAT(refusal(), HasSubstr("its directory does not exist"));
}

TEST_F(HistoryFileTest, OnlyItsOwnerMayReadIt) {
  auto history = open();
  history->add(exchange(1), {});
  history->stop();
  for (const std::string end : {"", "-wal"}) {
    struct stat facts {};
    if (::stat((file_ + end).c_str(), &facts) != 0) continue;
    EXPECT_EQ(facts.st_mode & 0777u, 0600u) << end;
  }
}

TEST_F(HistoryFileTest, AFileThatWasOpenToOthersIsClosedToThem) {
  open().reset();
  ASSERT_EQ(::chmod(file_.c_str(), 0644), 0);
  open().reset();
  struct stat facts {};
  ASSERT_EQ(::stat(file_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777u, 0600u);
}

TEST_F(HistoryFileTest, ALinkAtItsPlaceOrBesideItIsRefused) {
  const std::string victim = (folder_ / "victim").string();
  for (const std::string end : {"", "-wal", "-shm"}) {
    std::ofstream(victim) << "mine";
    std::filesystem::create_symlink(victim, file_ + end);
    EXPECT_THAT(refusal(), HasSubstr(file_ + end)) << end;
    std::string kept;
    std::ifstream(victim) >> kept;
    EXPECT_EQ(kept, "mine");
    std::filesystem::remove(file_ + end);
  }
}

TEST_F(HistoryFileTest, ADamagedOrShortenedFileIsRefusedWithACure) {
  const auto fill = [this] {
    auto history = open();
    for (std::uint32_t i = 0; i < 500; ++i) history->add(exchange(i), {});
    history->stop();
  };
  fill();
  std::filesystem::resize_file(file_, std::filesystem::file_size(file_) / 2 / 4096 * 4096);
  EXPECT_THAT(refusal(), HasSubstr("move it away"));
  std::filesystem::remove(file_);
  fill();
  {
    std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
    for (std::streamoff at = std::streamoff{4} * 4096;
         at < static_cast<std::streamoff>(std::filesystem::file_size(file_)); at += 4096) {
      file.seekp(at);
      file << std::string(64, '\xff');
    }
  }
  EXPECT_THAT(refusal(), HasSubstr("move it away"));
}

TEST_F(HistoryFileTest, ADamagedExchangeIsPassedOver) {
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
TEST_F(HistoryFileTest, AFileThatCannotGrowIsAnErrorThatPasses) {
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
  for (std::uint32_t i = 1; i < 100; ++i)
    history->add(exchange(i, "GET / HTTP/1.1", "HTTP/1.1 200 OK", noise), {});
  std::string error;
  for (int i = 0; i < 500 && error.empty(); ++i) {
    std::this_thread::sleep_for(10ms);
    error = history->facts().error;
  }
  EXPECT_THAT(error, HasSubstr("tried again each second"));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  for (int i = 0; i < 1000 && !history->facts().error.empty(); ++i)
    std::this_thread::sleep_for(10ms);
  history->stop();
  EXPECT_EQ(history->facts().error, "");
  EXPECT_EQ(history->facts().dropped, 0u);
  EXPECT_THAT(indexes(*history), SizeIs(100));
}

} // namespace
} // namespace xdpcap::web::history_test
