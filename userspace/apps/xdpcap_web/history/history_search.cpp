#include "apps/xdpcap_web/history/history_search.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "apps/xdpcap_web/history/exchange_pack.hpp"

namespace xdpcap::web {
namespace {

// In the order of these the columns are read.
enum Column {
  kId,
  kFirst,
  kSource,
  kFlow,
  kIndex,
  kMethod,
  kStatus,
  kLatency,
  kClient,
  kServer,
  kHost,
  kTarget,
  kMessages
};
std::string select(std::string_view where) {
  return fmt::format(
      "SELECT id, first_ns, source, flow, idx, method, status, latency_ns, client_process, "
      "server_process, host, target, messages FROM exchange WHERE {}",
      where);
}

// Where a page ends: behind this exchange.
struct Cursor {
  std::int64_t first_ns = INT64_MAX, id = INT64_MAX;

  [[nodiscard]] std::string text() const { return fmt::format("{:x}-{:x}", first_ns, id); }
  static std::optional<Cursor> parse(std::string_view text) {
    Cursor cursor;
    for (std::int64_t* number : {&cursor.first_ns, &cursor.id}) {
      const auto [end, error] =
          std::from_chars(text.data(), text.data() + text.size(), *number, 16);
      if (error != std::errc{}) return std::nullopt;
      text.remove_prefix(static_cast<std::size_t>(end - text.data()));
      if (number == &cursor.first_ns) {
        if (!text.starts_with('-')) return std::nullopt;
        text.remove_prefix(1);
      }
    }
    if (!text.empty()) return std::nullopt;
    return cursor;
  }
};

std::int64_t as_signed(std::uint64_t time_ns) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(time_ns, INT64_MAX));
}

} // namespace

Result<std::unique_ptr<HistorySearch>, Error> HistorySearch::open(const std::string& file) {
  std::string reason;
  auto database = sqlite::Database::open(file, sqlite::Database::Access::read, reason);
  if (!database)
    return Error{ExitCode::output, fmt::format("the history {} cannot be read: {}", file, reason)};
  std::unique_ptr<HistorySearch> search(new HistorySearch(*std::move(database)));
  constexpr std::string_view kPart = "(first_ns, id) < (?1, ?2) AND first_ns BETWEEN ?3 AND ?4";
  constexpr std::string_view kNewestFirst = "ORDER BY first_ns DESC, id DESC";
  const auto prepare = [&search](const std::string& sql) {
    return sqlite::Statement(search->database_, sql.c_str());
  };
  search->by_time_ = prepare(select(fmt::format("{} {}", kPart, kNewestFirst)));
  search->by_connection_ =
      prepare(select(fmt::format("{} AND source = ?5 AND flow = ?6 {}", kPart, kNewestFirst)));
  search->by_name_ = prepare(select("source = ?1 AND flow = ?2 AND idx = ?3"));
  search->process_ = sqlite::Statement(search->database_,
                                       "SELECT pid, uid, started_ns, sensor, name, command, "
                                       "cgroup, container FROM process WHERE id = ?");
  if (!search->by_time_.ok() || !search->by_connection_.ok() || !search->by_name_.ok() ||
      !search->process_.ok())
    return search->failed();
  return search;
}

Error HistorySearch::failed() const {
  return {ExitCode::output, fmt::format("the history cannot be read: {}", database_.error())};
}

// A row of a first look; what it lets through is checked again with the whole exchange.
bool HistorySearch::may_match(const Query& query, const sqlite::Statement& row) const {
  consume::ExchangeFacts facts{.has_request = !row.is_null(kMethod),
                               .has_response = !row.is_null(kStatus)};
  if (query.without_response && (facts.has_response ? query.filter.statuses.empty() : true))
    return !facts.has_response;
  facts.host = row.bytes(kHost);
  facts.method = row.bytes(kMethod);
  facts.target = row.bytes(kTarget);
  facts.status = static_cast<std::uint16_t>(row.number(kStatus));
  if (!row.is_null(kLatency)) facts.latency_ns = static_cast<std::uint64_t>(row.number(kLatency));
  return query.filter.matches(facts);
}

Result<HistoryPage, Error> HistorySearch::find(const Query& query, const HistoryWanted& wanted,
                                               std::chrono::milliseconds budget) {
  constexpr std::uint64_t kLook = 64; // exchanges between two looks at the clock
  const auto deadline = std::chrono::steady_clock::now() + budget;
  const auto cursor = wanted.before.empty() ? Cursor{} : Cursor::parse(wanted.before);
  if (!cursor)
    return Error{ExitCode::usage,
                 "this is no 'next' of the history; take it from the answer before"};
  HistoryPage page;
  processes_.clear();
  page.oldest_ns = static_cast<std::uint64_t>(
      database_.number("SELECT ifnull(min(first_ns), 0) FROM exchange").value_or(0));
  sqlite::Statement& rows = query.connection ? by_connection_ : by_time_;
  rows.bind(1, cursor->first_ns);
  rows.bind(2, cursor->id);
  rows.bind(3, as_signed(query.from_ns));
  rows.bind(4, as_signed(query.to_ns));
  if (query.connection) {
    rows.bind(5, query.connection->source);
    rows.bind(6, query.connection->flow);
  }
  sqlite::Statement::Step step{};
  while ((step = rows.step()) == sqlite::Statement::Step::row) {
    ++page.searched;
    const Cursor here{rows.number(kFirst), rows.number(kId)};
    bool looked_closely = false;
    if (may_match(query, rows)) {
      looked_closely = true;
      auto row = unpack(rows);
      if (row && query.matches(row->exchange, row->ends)) {
        ++page.matched;
        if (page.rows.size() < wanted.limit) page.rows.push_back(*std::move(row));
      }
    }
    const bool full = page.rows.size() >= wanted.limit;
    if (full && page.next.empty()) page.next = here.text();
    const bool late = (looked_closely || page.searched % kLook == 0) &&
                      std::chrono::steady_clock::now() > deadline;
    if (!late && (!full || wanted.count)) continue;
    if (page.next.empty()) page.next = here.text();
    break;
  }
  page.counted = step == sqlite::Statement::Step::done;
  const bool failed_here = step == sqlite::Statement::Step::failed;
  const Error error = failed_here ? failed() : Error{};
  rows.reset();
  if (failed_here) return error;
  return page;
}

Result<std::optional<HistoryRow>, Error> HistorySearch::get(const ExchangeId& id) {
  processes_.clear();
  by_name_.bind(1, id.connection.source);
  by_name_.bind(2, id.connection.flow);
  by_name_.bind(3, std::uint64_t{id.index});
  const auto step = by_name_.step();
  std::optional<HistoryRow> row;
  if (step == sqlite::Statement::Step::row) row = unpack(by_name_);
  const bool failed_here = step == sqlite::Statement::Step::failed;
  const Error error = failed_here ? failed() : Error{};
  by_name_.reset();
  if (failed_here) return error;
  return row;
}

std::optional<HistoryRow> HistorySearch::unpack(const sqlite::Statement& row) {
  const ExchangeId id{{static_cast<std::uint64_t>(row.number(kSource)),
                       static_cast<std::uint64_t>(row.number(kFlow))},
                      static_cast<std::uint32_t>(row.number(kIndex))};
  auto exchange = unpack_exchange(row.bytes(kMessages), id);
  if (!exchange) return std::nullopt;
  return HistoryRow{*std::move(exchange), {process(row, kClient), process(row, kServer)}};
}

ProcessPointer HistorySearch::process(const sqlite::Statement& row, int column) {
  if (row.is_null(column)) return nullptr;
  const std::int64_t id = row.number(column);
  const auto known = processes_.find(id);
  if (known != processes_.end()) return known->second;
  process_.bind(1, id);
  ProcessPointer made;
  if (process_.step() == sqlite::Statement::Step::row) {
    record::Process stored{.pid = static_cast<std::uint32_t>(process_.number(0)),
                           .name = std::string(process_.bytes(4)),
                           .command = std::string(process_.bytes(5)),
                           .cgroup = std::string(process_.bytes(6)),
                           .container = std::string(process_.bytes(7)),
                           .started_ns = static_cast<std::uint64_t>(process_.number(2)),
                           .uid = static_cast<std::uint32_t>(process_.number(1))};
    made =
        std::make_shared<const Process>(Process{std::move(stored), std::string(process_.bytes(3))});
  }
  process_.reset();
  constexpr std::size_t kProcessesMax = 8192;
  if (processes_.size() >= kProcessesMax) processes_.clear();
  processes_.emplace(id, made);
  return made;
}

} // namespace xdpcap::web
