#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "apps/xdpcap_web/history/history.hpp"
#include "make.hpp"

// A history in a folder of its own, and what goes into it.
namespace xdpcap::web::history_test {

inline constexpr std::uint64_t kSecond = 1'000'000'000;

inline ProcessPointer process(std::uint32_t pid, const std::string& name) {
  return std::make_shared<const Process>(Process{{.pid = pid,
                                                  .name = name,
                                                  .command = name + " --all",
                                                  .cgroup = "/system.slice",
                                                  .container = "c0ffee",
                                                  .started_ns = 99,
                                                  .uid = 33},
                                                 "web1"});
}

class HistoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("history_test." + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    file_ = (folder_ / "history.db").string();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<History> open(std::uint64_t size_max = 64 << 20,
                                History::Limits limits = {
                                    .timeout = std::chrono::milliseconds(5)}) {
    auto opened = History::open(file_, size_max, limits);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  std::string refusal() {
    auto opened = History::open(file_, 64 << 20);
    if (opened) return "not refused";
    EXPECT_EQ(opened.error().code, ExitCode::output);
    return opened.error().message;
  }
  // The n-th exchange, a second behind the one before.
  Exchange exchange(std::uint32_t number,
                    const std::string& request = "GET /x HTTP/1.1\r\nHost: shop",
                    const std::string& response = "HTTP/1.1 200 OK\r\nServer: s",
                    const std::string& body = "hello") {
    const std::uint64_t at = (1000 + number) * kSecond;
    return exchange_of(
        {.head = request, .first_ns = at, .flow = 7, .index = number},
        {.head = response, .body = body, .first_ns = at + 5'000'000, .flow = 7, .index = number});
  }
  // All that was added is in the file once its thread has ended.
  std::unique_ptr<History> reopened(std::unique_ptr<History> history,
                                    std::uint64_t size_max = 64 << 20) {
    history->stop();
    EXPECT_EQ(history->facts().error, "");
    history.reset();
    return open(size_max);
  }
  static std::vector<std::uint32_t> indexes(History& history, const Query& query = {},
                                            std::size_t limit = 100) {
    auto page = history.find(query, limit, "");
    EXPECT_TRUE(page) << page.error().message;
    std::vector<std::uint32_t> found;
    if (page)
      for (const History::Row& row : page->rows) found.push_back(row.exchange.id.index);
    return found;
  }

  std::filesystem::path folder_;
  std::string file_;
};

} // namespace xdpcap::web::history_test
