#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

// The little of SQLite that the history needs. One thread for each Database and its statements.
namespace xdpcap::web::sqlite {

class Statement;

class Database {
 public:
  enum class Access { read, write };
  // Nothing where it cannot be opened; `error` then says why.
  static std::optional<Database> open(const std::string& file, Access access, std::string& error);

  // Runs statements that give no rows that matter. False on failure.
  bool run(const char* sql) noexcept;
  // The first number of the first row; nothing on failure or without a row.
  std::optional<std::int64_t> number(const char* sql) noexcept;
  // The same within a time: nothing as well where that is over, and then `late` is true.
  std::optional<std::int64_t> number_within(const char* sql, std::chrono::milliseconds time,
                                            bool& late) noexcept;
  [[nodiscard]] std::string error() const;
  // The row that was inserted last, 0 for none since the call before.
  std::int64_t pop_last_row() noexcept;

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* handle) const noexcept;
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

// A prepared statement, used again and again. Text and bytes that are bound or read are borrowed:
// bound ones until reset(), read ones until the next step() or reset().
class Statement {
 public:
  Statement() = default;
  // `ok()` is false where the SQL does not fit the database.
  Statement(const Database& database, const char* sql);
  [[nodiscard]] bool ok() const noexcept { return handle_ != nullptr; }

  void bind(int place, std::int64_t value) noexcept;
  void bind(int place, std::uint64_t value) noexcept {
    bind(place, static_cast<std::int64_t>(value));
  }
  void bind_text(int place, std::string_view text) noexcept;
  void bind_bytes(int place, std::string_view bytes) noexcept;
  void bind_null(int place) noexcept;

  enum class Step { row, done, failed };
  Step step() noexcept;
  void reset() noexcept;
  // For statements without rows: true when done; ready for the next time either way.
  bool run() noexcept;

  [[nodiscard]] bool is_null(int column) const noexcept;
  [[nodiscard]] std::int64_t number(int column) const noexcept;
  [[nodiscard]] std::string_view bytes(int column) const noexcept;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const noexcept;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

} // namespace xdpcap::web::sqlite
