#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "apps/xdpcap_web/history/history_file.hpp"
#include "apps/xdpcap_web/history/history_search.hpp"
#include "core/mutex.hpp"

namespace xdpcap::web {

// Exchanges in a SQLite file (--history), for search after the fact. A thread of its own writes
// them, in one transaction for what came within kTimeout. What waits is bounded in bytes: past that
// exchanges are dropped and counted, and so are those of a file that cannot be written for long;
// writing is tried again each second, and facts() has the reason.
class History {
 public:
  using Row = HistoryRow;
  using Page = HistoryPage;
  struct Facts {
    std::string file;
    std::uint64_t bytes = 0, size_max = 0; // of the file
    std::uint64_t exchanges = 0, oldest_ns = 0, dropped = 0;
    std::string error; // empty: all is well
  };
  struct Limits {
    std::size_t queue_bytes = std::size_t{32} << 20;
    std::chrono::milliseconds timeout{200};
    std::chrono::milliseconds search{2000}; // of one find()
  };

  static Result<std::unique_ptr<History>, Error> open(const std::string& file,
                                                      std::uint64_t size_max);
  static Result<std::unique_ptr<History>, Error> open(const std::string& file,
                                                      std::uint64_t size_max, Limits limits);
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  // Never waits for the file. The same id again replaces what was added before. One thread at a
  // time.
  void add(const Exchange& exchange, const Ends& ends);
  // Writes what waits and ends the thread; what comes later is dropped. Once.
  void stop();

  // Newest first; what was added within the last kTimeout may not be there yet. Any thread, one
  // after the other.
  Result<Page, Error> find(const Query& query, std::size_t limit, const std::string& before,
                           bool count = false);
  Result<std::optional<Row>, Error> get(const ExchangeId& id);
  [[nodiscard]] Facts facts() const;

 private:
  History(std::string file, std::uint64_t size_max, Limits limits);
  void run();
  bool write(const std::vector<HistoryFile::Written>& exchanges);
  void update_facts(const std::string& error);

  static constexpr std::size_t kTransactionMax = 4096; // exchanges

  const std::string name_;
  const std::uint64_t size_max_;
  const Limits limits_;
  std::unique_ptr<HistoryFile> file_; // of the thread, once it runs
  Mutex search_mutex_;
  std::unique_ptr<HistorySearch> search_ XDPCAP_GUARDED_BY(search_mutex_);

  mutable Mutex mutex_;
  CondVar wake_;
  std::vector<HistoryFile::Written> waiting_ XDPCAP_GUARDED_BY(mutex_);
  // With those that are being written.
  std::size_t waiting_bytes_ XDPCAP_GUARDED_BY(mutex_) = 0;
  bool stopping_ XDPCAP_GUARDED_BY(mutex_) = false;
  Facts facts_ XDPCAP_GUARDED_BY(mutex_);

  std::thread thread_;
};

} // namespace xdpcap::web
