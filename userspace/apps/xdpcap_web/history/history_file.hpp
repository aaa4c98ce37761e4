#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/xdpcap_web/history/exchange_pack.hpp"
#include "apps/xdpcap_web/history/sqlite.hpp"
#include "apps/xdpcap_web/host/process.hpp"
#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::web {

// The writing side of the history's database. One thread.
//
// Exchanges are numbered as they are written, without holes: an exchange whose other half comes
// later keeps its number, and only the lowest numbers are ever deleted. Processes stand in a table
// of their own; a row of it is referred to by at most kProcessUse exchanges that follow it, so that
// it can go when those have.
class HistoryFile {
 public:
  static constexpr int kSchema = 1;
  static constexpr std::int64_t kApplication = 0x58445057; // XDPW
  static constexpr std::int64_t kProcessUse = 10'000;

  struct Written {
    Exchange exchange;
    Ends ends;
  };

  // Makes the file or opens one that this schema wrote, for its owner alone; another one is
  // refused, and one that a quick check (of two seconds at most) finds damaged.
  static Result<std::unique_ptr<HistoryFile>, Error> open(const std::string& file,
                                                          std::uint64_t size_max);

  // All or none of them; where it is none, error() says why.
  bool write(const std::vector<Written>& exchanges);
  // Deletes what is oldest where the file is too large, and gives pages back to the file system
  // where it still is.
  bool fit();
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t exchanges() const noexcept { return exchanges_; }
  [[nodiscard]] std::uint64_t oldest_ns() const noexcept { return oldest_ns_; }
  // Looks the three up.
  void measure();
  // False where that failed the last time: the file is damaged; error() says how.
  [[nodiscard]] bool is_readable() const noexcept { return is_readable_; }

 private:
  explicit HistoryFile(sqlite::Database database, std::uint64_t size_max)
      : database_(std::move(database)), size_max_(size_max) {}
  bool prepare();
  bool write(const Written& written);
  bool refer_to(const ProcessPointer& process, int place);
  bool delete_oldest(std::uint64_t rows);
  bool failed();

  sqlite::Database database_; // outlives its statements
  std::uint64_t size_max_;
  sqlite::Statement insert_, insert_process_, delete_, delete_processes_;
  ExchangePacker packer_;
  std::map<ProcessPointer, std::int64_t> processes_; // rows of the process table in use
  std::int64_t processes_since_ = 0;                 // the last exchange when their use began
  std::int64_t last_row_ = 0;                        // of the exchanges
  std::uint64_t page_size_ = 4096;
  std::string error_;
  bool is_readable_ = true;
  std::uint64_t bytes_ = 0, exchanges_ = 0, oldest_ns_ = 0;
};

} // namespace xdpcap::web
