#include "apps/xdpcap_web/history/sqlite.hpp"

#include <sqlite3.h>

namespace xdpcap::web::sqlite {

void Database::Close::operator()(sqlite3* handle) const noexcept {
  ::sqlite3_close_v2(handle);
}

std::optional<Database> Database::open(const std::string& file, Access access, std::string& error) {
  const int flags =
      access == Access::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* handle = nullptr;
  const int code = ::sqlite3_open_v2(file.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database;
  database.handle_.reset(handle);
  if (code != SQLITE_OK) {
    error = handle == nullptr ? ::sqlite3_errstr(code) : ::sqlite3_errmsg(handle);
    return std::nullopt;
  }
  ::sqlite3_extended_result_codes(handle, 1);
  ::sqlite3_busy_timeout(handle, 2000);
  return database;
}

bool Database::run(const char* sql) noexcept {
  return ::sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

std::optional<std::int64_t> Database::number(const char* sql) noexcept {
  Statement statement(*this, sql);
  if (!statement.ok() || statement.step() != Statement::Step::row) return std::nullopt;
  return statement.number(0);
}

std::optional<std::int64_t> Database::number_within(const char* sql, std::chrono::milliseconds time,
                                                    bool& late) noexcept {
  struct Watch {
    std::chrono::steady_clock::time_point until;
    bool late = false;
  } watch{std::chrono::steady_clock::now() + time};
  constexpr int kSteps = 1000; // of SQLite's machine between two looks at the clock
  ::sqlite3_progress_handler(
      handle_.get(), kSteps,
      [](void* data) {
        auto& one = *static_cast<Watch*>(data);
        one.late = std::chrono::steady_clock::now() > one.until;
        return one.late ? 1 : 0;
      },
      &watch);
  const auto found = number(sql);
  ::sqlite3_progress_handler(handle_.get(), 0, nullptr, nullptr);
  late = watch.late;
  return found;
}

std::string Database::error() const {
  return ::sqlite3_errmsg(handle_.get());
}

std::int64_t Database::pop_last_row() noexcept {
  const std::int64_t row = ::sqlite3_last_insert_rowid(handle_.get());
  ::sqlite3_set_last_insert_rowid(handle_.get(), 0);
  return row;
}

void Statement::Finalize::operator()(sqlite3_stmt* handle) const noexcept {
  ::sqlite3_finalize(handle);
}

Statement::Statement(const Database& database, const char* sql) {
  sqlite3_stmt* handle = nullptr;
  ::sqlite3_prepare_v3(database.handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle,
                       nullptr);
  handle_.reset(handle);
}

void Statement::bind(int place, std::int64_t value) noexcept {
  ::sqlite3_bind_int64(handle_.get(), place, value);
}

void Statement::bind_text(int place, std::string_view text) noexcept {
  ::sqlite3_bind_text64(handle_.get(), place, text.empty() ? "" : text.data(), text.size(),
                        SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind_bytes(int place, std::string_view bytes) noexcept {
  ::sqlite3_bind_blob64(handle_.get(), place, bytes.empty() ? "" : bytes.data(), bytes.size(),
                        SQLITE_STATIC);
}

void Statement::bind_null(int place) noexcept {
  ::sqlite3_bind_null(handle_.get(), place);
}

Statement::Step Statement::step() noexcept {
  const int code = ::sqlite3_step(handle_.get());
  return code == SQLITE_ROW ? Step::row : code == SQLITE_DONE ? Step::done : Step::failed;
}

void Statement::reset() noexcept {
  ::sqlite3_reset(handle_.get());
}

bool Statement::run() noexcept {
  const bool done = step() == Step::done;
  reset();
  return done;
}

bool Statement::is_null(int column) const noexcept {
  return ::sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::number(int column) const noexcept {
  return ::sqlite3_column_int64(handle_.get(), column);
}

std::string_view Statement::bytes(int column) const noexcept {
  const void* data = ::sqlite3_column_blob(handle_.get(), column);
  const int size = ::sqlite3_column_bytes(handle_.get(), column);
  return data == nullptr
             ? std::string_view{}
             : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

} // namespace xdpcap::web::sqlite
