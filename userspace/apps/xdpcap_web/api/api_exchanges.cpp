#include <fmt/core.h>

#include <charconv>
#include <chrono>

#include "apps/xdpcap_web/api/api.hpp"
#include "apps/xdpcap_web/api/curl_command.hpp"
#include "apps/xdpcap_web/api/json_views.hpp"
#include "apps/xdpcap_web/api/parameters.hpp"
#include "codec/batch_view.hpp"
#include "consume/har.hpp"

// The calls under /api/messages (api.hpp).
namespace xdpcap::web {
namespace {

constexpr std::size_t kCopied = 512;           // exchanges under one lock
constexpr std::chrono::seconds kSearchTime{2}; // of one call
constexpr std::string_view kNoSuch =
    "there is no such exchange here any more; a history (--history) keeps them longer";

void append_row(std::string& rows, const Exchange& exchange, const Ends& ends) {
  if (!rows.empty()) rows += ',';
  append_exchange(rows, exchange, ends);
}

} // namespace

Api::Answer Api::exchanges(const Request& request) const {
  auto parameters =
      Parameters::parse(request.query, {"limit", "before", "source", "count"}, kQueryNames);
  if (!parameters) return std::move(parameters).error();
  auto query = parse_query(*parameters);
  if (!query) return std::move(query).error();
  auto limit = parameters->number("limit", 100, 1, 1000);
  if (!limit) return std::move(limit).error();
  auto source = parameters->one_of("source", {"memory", "history"});
  if (!source) return std::move(source).error();
  auto count = parameters->flag("count");
  if (!count) return std::move(count).error();
  const Wanted wanted{*limit, parameters->one("before"), *count};
  auto page =
      *source == "history" ? page_of_history(*query, wanted) : page_of_memory(*query, wanted);
  if (!page) return std::move(page).error();
  Reply reply;
  {
    JsonObject object(reply.body);
    object.member("data") += "[" + page->rows + "]";
    object.member("next") += page->next.empty() ? "null" : page->next;
    object.number("searched", page->searched);
    object.number("total", page->total);
    object.number("matched", page->matched);
    object.boolean("counted", page->counted);
    object.ms_or_null("oldest", page->oldest_ns);
  }
  reply.body += '\n';
  return reply;
}

// Newest first. A page begins where the one before ended: at a number, which exchanges keep.
Result<Api::Page, ApiError> Api::page_of_memory(const Query& query, const Wanted& wanted) const {
  std::uint64_t end = UINT64_MAX, first = 0;
  if (!wanted.before.empty()) {
    const char* const last = wanted.before.data() + wanted.before.size();
    const auto [stop, error] = std::from_chars(wanted.before.data(), last, end);
    if (error != std::errc{} || stop != last)
      return bad("before",
                 "this is no place in the list; take it from 'next' of an earlier answer");
  }
  const auto deadline = std::chrono::steady_clock::now() + kSearchTime;
  Page page;
  std::size_t rows = 0;
  std::vector<Found> copied;
  bool more = true, late = false;
  const auto is_done = [&] { return late || (rows >= wanted.limit && !wanted.count); };
  while (more && !is_done()) {
    copied.clear();
    {
      const MutexLock lock{parts_.model.mutex};
      end = std::min(end, parts_.model.exchanges.next_number());
      first = parts_.model.exchanges.first_number();
      const std::uint64_t begin = std::max(first, end > kCopied ? end - kCopied : 0);
      page.total = parts_.model.exchanges.size();
      page.oldest_ns = parts_.model.exchanges.oldest_ns();
      for (std::uint64_t number = end; number > begin; --number) {
        const Exchange& exchange = parts_.model.exchanges.at(number - 1);
        copied.push_back({exchange, parts_.model.connections.ends_of(exchange.id.connection)});
      }
      more = begin > first && end > begin;
    }
    for (const Found& found : copied) {
      if (is_done()) break;
      --end;
      if (!found.exchange.request && !found.exchange.response) continue;
      ++page.searched;
      if (query.matches(found.exchange, found.ends)) {
        ++page.matched;
        if (rows < wanted.limit) {
          append_row(page.rows, found.exchange, found.ends);
          if (++rows == wanted.limit) page.next = fmt::format("\"{}\"", end);
        }
      }
      late = std::chrono::steady_clock::now() > deadline;
    }
  }
  page.counted = end <= first;
  if (page.counted && page.matched == rows) page.next.clear();
  if (!page.counted && page.next.empty()) page.next = fmt::format("\"{}\"", end);
  return page;
}

Result<Api::Page, ApiError> Api::page_of_history(const Query& query, const Wanted& wanted) const {
  if (parts_.history == nullptr)
    return bad("source", "no history is kept; start xdpcap-web with --history FILE");
  auto found = parts_.history->find(query, wanted.limit, wanted.before, wanted.count);
  if (!found && found.error().code == ExitCode::usage) return bad("before", found.error().message);
  if (!found) return ApiError{.status = 500, .message = found.error().message};
  Page page;
  for (const auto& row : found->rows) append_row(page.rows, row.exchange, row.ends);
  if (!found->next.empty()) codec::json::append_latin1(page.next, found->next);
  page.searched = found->searched;
  page.total = parts_.history->facts().exchanges;
  page.matched = found->matched;
  page.counted = found->counted;
  page.oldest_ns = found->oldest_ns;
  return page;
}

Result<Api::Found, ApiError> Api::find(const ExchangeId& id) const {
  {
    const MutexLock lock{parts_.model.mutex};
    if (auto exchange = parts_.model.exchanges.find(id))
      return Found{*std::move(exchange), parts_.model.connections.ends_of(id.connection)};
  }
  if (parts_.history != nullptr) {
    auto stored = parts_.history->get(id);
    if (!stored) return ApiError{.status = 500, .message = stored.error().message};
    if (*stored) return Found{std::move((*stored)->exchange), std::move((*stored)->ends)};
  }
  return ApiError{.status = 404, .message = std::string(kNoSuch)};
}

// ID, ID.har, ID/curl
Api::Answer Api::exchange(const Request& request, std::string_view rest) const {
  constexpr std::string_view kHar = ".har", kCurl = "/curl";
  const bool har = rest.ends_with(kHar), curl = rest.ends_with(kCurl);
  if (har) rest.remove_suffix(kHar.size());
  if (curl) rest.remove_suffix(kCurl.size());
  auto parameters = har || curl ? Parameters::parse(request.query, {})
                                : Parameters::parse(request.query, {"body"});
  if (!parameters) return std::move(parameters).error();
  auto body = parameters->one_of("body", {"decoded", "raw"});
  if (!body) return std::move(body).error();
  const auto id = ExchangeId::parse(rest);
  if (!id)
    return ApiError{.status = 404,
                    .message = "this is no id of an exchange; take one from /api/messages"};
  auto found = find(*id);
  if (!found) return std::move(found).error();
  const Exchange& exchange = found->exchange;
  if ((har || curl) && !exchange.request)
    return ApiError{.status = 404,
                    .message = "the request of this exchange was not captured, only its response"};
  if (curl) return Reply{.type = "text/plain; charset=utf-8", .body = curl_command(exchange)};
  if (har) {
    const consume::Exchange seen = exchange.with_contents();
    Reply reply{.body = consume::har_head("xdpcap-web") +
                        consume::har_entry(seen, codec::BodyFormat::text) +
                        std::string(consume::har_tail())};
    reply.fields.emplace_back("Content-Disposition",
                              fmt::format("attachment; filename=\"{}.har\"", id->text()));
    return reply;
  }
  std::optional<Connection> connection;
  {
    const MutexLock lock{parts_.model.mutex};
    if (const Connection* known = parts_.model.connections.find(id->connection))
      connection = *known;
  }
  Reply reply{.body = "{\"data\":"};
  append_exchange_in_full(reply.body, exchange, found->ends, connection ? &*connection : nullptr,
                          *body == "raw");
  reply.body += "}\n";
  return reply;
}

} // namespace xdpcap::web
