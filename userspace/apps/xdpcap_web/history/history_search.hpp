#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/xdpcap_web/api/query.hpp"
#include "apps/xdpcap_web/history/sqlite.hpp"
#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::web {

// A stored exchange. `exchange` has memory of its own.
struct HistoryRow {
  Exchange exchange;
  Ends ends;
};

// Newest first.
struct HistoryPage {
  std::vector<HistoryRow> rows;
  std::string next; // `before` of the page behind it; empty: there is none
  std::uint64_t searched = 0, oldest_ns = 0;
  std::uint64_t matched = 0; // with those behind the page that were counted
  bool counted = false;      // `matched` is all there are
};

struct HistoryWanted {
  std::size_t limit = 0;
  std::string before; // `next` of an earlier page
  bool count = false; // go on behind the page while there is time
};

// The reading side of the history's database, by a connection of its own. One thread.
class HistorySearch {
 public:
  static Result<std::unique_ptr<HistorySearch>, Error> open(const std::string& file);

  // Time and connection are looked up, the rest is checked exchange by exchange: by columns first,
  // so that only those that may match are unpacked. After `budget`, what was found until then comes
  // with a `next`. An error of the code `usage` means that `before` is none of ours.
  Result<HistoryPage, Error> find(const Query& query, const HistoryWanted& wanted,
                                  std::chrono::milliseconds budget);
  Result<std::optional<HistoryRow>, Error> get(const ExchangeId& id);

 private:
  explicit HistorySearch(sqlite::Database database) : database_(std::move(database)) {}
  [[nodiscard]] Error failed() const;
  [[nodiscard]] bool may_match(const Query& query, const sqlite::Statement& row) const;
  std::optional<HistoryRow> unpack(const sqlite::Statement& row);
  ProcessPointer process(const sqlite::Statement& row, int column);

  sqlite::Database database_; // outlives its statements
  sqlite::Statement by_time_, by_connection_, by_name_, process_;
  std::map<std::int64_t, ProcessPointer> processes_; // of one search
};

} // namespace xdpcap::web
