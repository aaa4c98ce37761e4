#include "apps/xdpcap_web/history/history_file.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/private_file.hpp"

namespace xdpcap::web {
namespace {

constexpr const char* kTables = R"(
  CREATE TABLE process (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, pid INTEGER, uid INTEGER, started_ns INTEGER,
    sensor TEXT, name TEXT, command TEXT, cgroup TEXT, container TEXT);
  CREATE INDEX process_at ON process (at);
  CREATE TABLE exchange (
    id INTEGER PRIMARY KEY, first_ns INTEGER NOT NULL, source INTEGER NOT NULL,
    flow INTEGER NOT NULL, idx INTEGER NOT NULL, method TEXT, status INTEGER, latency_ns INTEGER,
    client_process INTEGER, server_process INTEGER, host TEXT, target TEXT, messages BLOB NOT NULL);
  CREATE INDEX exchange_time ON exchange (first_ns);
  CREATE UNIQUE INDEX exchange_name ON exchange (source, flow, idx);
)";
constexpr const char* kInsert = R"(
  INSERT INTO exchange (first_ns, source, flow, idx, method, status, latency_ns, client_process,
                        server_process, host, target, messages)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
  ON CONFLICT (source, flow, idx) DO UPDATE SET first_ns = ?1, method = ?5, status = ?6,
    latency_ns = ?7, client_process = ?8, server_process = ?9, host = ?10,
    target = ?11, messages = ?12)";
constexpr const char* kInsertProcess = R"(
  INSERT INTO process (at, pid, uid, started_ns, sensor, name, command, cgroup, container)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?))";

Error refusal(const std::string& file, std::string_view what) {
  return {ExitCode::output, fmt::format("the history {} {}", file, what)};
}

// What was captured is nobody else's business: the file and those that SQLite puts beside it are
// their owner's alone, and no link at their place is followed.
Result<void, Error> make_private(const std::string& file) {
  for (const std::string& name : {file, file + "-wal", file + "-shm"}) {
    struct stat status {};
    if (name != file && ::lstat(name.c_str(), &status) != 0) continue;
    if (auto opened = open_private(name, Existing::keep); !opened)
      return Error{ExitCode::output, opened.error().message};
  }
  return {};
}

// Nothing where it is sound, or so large that the time was over before a fault was found.
std::optional<std::string> damage_of(sqlite::Database& database) {
  constexpr std::chrono::seconds kCheckTime{2};
  bool late = false;
  const auto faults = database.number_within(
      "SELECT count(*) FROM pragma_quick_check(10) WHERE quick_check <> 'ok'", kCheckTime, late);
  if (late || faults == 0) return std::nullopt;
  return faults ? "its pages do not fit together" : database.error();
}

} // namespace

Result<std::unique_ptr<HistoryFile>, Error> HistoryFile::open(const std::string& file,
                                                              std::uint64_t size_max) {
  if (auto made = make_private(file); !made) return std::move(made).error();
  std::string reason;
  auto database = sqlite::Database::open(file, sqlite::Database::Access::write, reason);
  if (!database) return refusal(file, fmt::format("cannot be opened: {}", reason));
  const auto tables = database->number("SELECT count(*) FROM sqlite_master");
  if (!tables)
    return refusal(file,
                   fmt::format("cannot be read: {}; move it away, or give --history another file",
                               database->error()));
  const bool is_new = *tables == 0;
  if (!is_new && database->number("PRAGMA application_id") != kApplication)
    return refusal(file, "is the database of another program: give --history another file");
  const auto schema = database->number("PRAGMA user_version");
  if (!is_new && schema != kSchema)
    return refusal(
        file,
        fmt::format(
            "was written by another version (schema {}, this one writes {}): move it away or give "
            "--history another file",
            schema.value_or(0), kSchema));
  if (const auto damage = is_new ? std::nullopt : damage_of(*database))
    return refusal(
        file,
        fmt::format("is damaged: {}; move it away (sqlite3's .recover reads what is left), or give "
                    "--history another file",
                    *damage));
  // auto_vacuum has to come before the first table.
  const bool ready =
      (!is_new || database->run("PRAGMA auto_vacuum = INCREMENTAL")) &&
      database->run("PRAGMA journal_mode = WAL") && database->run("PRAGMA synchronous = NORMAL") &&
      database->run("PRAGMA cache_size = -8192") &&
      (!is_new || (database->run("BEGIN IMMEDIATE") && database->run(kTables) &&
                   database->run(fmt::format("PRAGMA application_id = {}", kApplication).c_str()) &&
                   database->run(fmt::format("PRAGMA user_version = {}", kSchema).c_str()) &&
                   database->run("COMMIT")));
  std::unique_ptr<HistoryFile> opened(new HistoryFile(*std::move(database), size_max));
  if (!ready || !opened->prepare())
    return refusal(file, fmt::format("cannot be written: {}", opened->database_.error()));
  return opened;
}

bool HistoryFile::prepare() {
  page_size_ = static_cast<std::uint64_t>(database_.number("PRAGMA page_size").value_or(4096));
  // The log beside the file stays small against it.
  const std::uint64_t log_pages = std::clamp<std::uint64_t>(size_max_ / 16 / page_size_, 64, 4096);
  database_.run(fmt::format("PRAGMA wal_autocheckpoint = {}", log_pages).c_str());
  insert_ = sqlite::Statement(database_, kInsert);
  insert_process_ = sqlite::Statement(database_, kInsertProcess);
  delete_ = sqlite::Statement(database_, "DELETE FROM exchange WHERE id < ?");
  delete_processes_ = sqlite::Statement(database_, "DELETE FROM process WHERE at < ?");
  last_row_ = database_.number("SELECT ifnull(max(id), 0) FROM exchange").value_or(0);
  processes_since_ = last_row_;
  measure();
  if (!insert_.ok() || !insert_process_.ok() || !delete_.ok() || !delete_processes_.ok())
    return false;
  // Whether the file may be written is asked by a write that changes nothing.
  return database_.run("BEGIN IMMEDIATE") &&
         database_.run(fmt::format("PRAGMA user_version = {}", kSchema).c_str()) &&
         database_.run("COMMIT");
}

// Before the rollback, which has words of its own.
bool HistoryFile::failed() {
  error_ = database_.error();
  database_.run("ROLLBACK");
  return false;
}

bool HistoryFile::write(const std::vector<Written>& exchanges) {
  const std::int64_t row_before = last_row_;
  const bool written = database_.run("BEGIN IMMEDIATE") &&
                       std::all_of(exchanges.begin(), exchanges.end(),
                                   [this](const Written& one) { return write(one); }) &&
                       database_.run("COMMIT");
  if (written) return true;
  processes_.clear(); // their rows are rolled back
  last_row_ = row_before;
  return failed();
}

bool HistoryFile::write(const Written& written) {
  const Exchange& exchange = written.exchange;
  if (last_row_ - processes_since_ >= kProcessUse) {
    processes_.clear();
    processes_since_ = last_row_;
  }
  if (!refer_to(written.ends.client, 8) || !refer_to(written.ends.server, 9)) return false;
  const consume::ExchangeFacts facts = exchange.facts();
  const auto latency = exchange.latency_ns();
  insert_.bind(1, exchange.first_ns());
  insert_.bind(2, exchange.id.connection.source);
  insert_.bind(3, exchange.id.connection.flow);
  insert_.bind(4, std::uint64_t{exchange.id.index});
  for (const int place : {5, 6, 7, 10, 11}) insert_.bind_null(place);
  if (facts.has_request) {
    insert_.bind_text(5, facts.method);
    insert_.bind_text(10, facts.host);
    insert_.bind_text(11, facts.target);
  }
  if (facts.has_response) insert_.bind(6, std::uint64_t{facts.status});
  if (latency) insert_.bind(7, *latency);
  insert_.bind_bytes(12, packer_.pack(exchange));
  database_.pop_last_row();
  if (!insert_.run()) return false;
  last_row_ = std::max(last_row_, database_.pop_last_row());
  return true;
}

// Binds the row of a process, which is written where there is none in use.
bool HistoryFile::refer_to(const ProcessPointer& process, int place) {
  if (process == nullptr) {
    insert_.bind_null(place);
    return true;
  }
  const auto known = processes_.find(process);
  if (known != processes_.end()) {
    insert_.bind(place, known->second);
    return true;
  }
  insert_process_.bind(1, processes_since_);
  insert_process_.bind(2, std::uint64_t{process->pid});
  insert_process_.bind(3, std::uint64_t{process->uid});
  insert_process_.bind(4, process->started_ns);
  insert_process_.bind_text(5, process->sensor);
  insert_process_.bind_text(6, process->name);
  insert_process_.bind_text(7, process->command);
  insert_process_.bind_text(8, process->cgroup);
  insert_process_.bind_text(9, process->container);
  if (!insert_process_.run()) return false;
  const std::int64_t row = database_.pop_last_row();
  constexpr std::size_t kProcessesMax = 8192; // kept in memory for this
  if (processes_.size() >= kProcessesMax) processes_.clear();
  processes_.emplace(process, row);
  insert_.bind(place, row);
  return true;
}

bool HistoryFile::delete_oldest(std::uint64_t rows) {
  const auto first = database_.number("SELECT min(id) FROM exchange");
  if (!first) return false;
  const std::int64_t end = *first + static_cast<std::int64_t>(rows);
  delete_.bind(1, end);
  delete_processes_.bind(1, end - kProcessUse - 1);
  if (database_.run("BEGIN IMMEDIATE") && delete_.run() && delete_processes_.run() &&
      database_.run("COMMIT"))
    return true;
  return failed();
}

bool HistoryFile::fit() {
  const std::uint64_t most = size_max_ / page_size_, wanted = most - most / 16;
  for (measure(); bytes_ / page_size_ > wanted && exchanges_ != 0; measure()) {
    const auto free =
        static_cast<std::uint64_t>(database_.number("PRAGMA freelist_count").value_or(0));
    if (bytes_ / page_size_ - free <= wanted) break;
    if (!delete_oldest(std::max<std::uint64_t>(exchanges_ / 32, 64))) return false;
  }
  const std::uint64_t pages = bytes_ / page_size_;
  if (pages <= most) return true;
  if (!database_.run(fmt::format("PRAGMA incremental_vacuum({})", pages - most).c_str()))
    return failed();
  measure();
  return true;
}

void HistoryFile::measure() {
  const auto pages = database_.number("PRAGMA page_count");
  const auto first = database_.number("SELECT ifnull(min(id), 0) FROM exchange");
  const auto oldest = database_.number("SELECT ifnull(min(first_ns), 0) FROM exchange");
  is_readable_ = pages && first && oldest;
  if (!is_readable_) error_ = database_.error();
  bytes_ = static_cast<std::uint64_t>(pages.value_or(0)) * page_size_;
  exchanges_ = first.value_or(0) == 0 ? 0 : static_cast<std::uint64_t>(last_row_ - *first + 1);
  oldest_ns_ = static_cast<std::uint64_t>(oldest.value_or(0));
}

} // namespace xdpcap::web
