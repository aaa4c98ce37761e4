#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "apps/xdpcap_web/history/history.hpp"
#include "apps/xdpcap_web/server/http_types.hpp"
#include "apps/xdpcap_web/store/ingest.hpp"
#include "apps/xdpcap_web/store/model.hpp"

namespace xdpcap::web {

// The calls of README.md that are answered at once. Stateless but for what it looks at, so any
// thread may call it; the model is locked for as long as pointers and figures are copied, never
// while text is searched. Only the map is written as JSON under the lock: it is bounded, and a copy
// of it would cost as much.
class Api {
 public:
  struct Parts {
    Model& model;
    Ingest& ingest;
    History* history = nullptr;                // null: no history is kept
    std::function<std::size_t()> streams = {}; // how many event streams are open
    std::size_t memory_max = 0;
    std::function<std::uint64_t()> wrong_tokens = {}; // that clients sent
  };
  explicit Api(Parts parts) : parts_(std::move(parts)) {}

  // What a call takes: figures are copied at once; a search may take the whole time limit.
  enum class Cost { figures, search, other };
  [[nodiscard]] static Cost cost_of(const Request& request);

  [[nodiscard]] Reply answer(const Request& request) const;

 private:
  using Answer = Result<Reply, ApiError>;

  [[nodiscard]] Answer route(const Request& request) const;
  [[nodiscard]] Answer exchanges(const Request& request) const;
  [[nodiscard]] Answer exchange(const Request& request, std::string_view rest) const;
  [[nodiscard]] Answer connections(const Request& request) const;
  [[nodiscard]] Answer connection(const Request& request, std::string_view rest) const;
  [[nodiscard]] Answer segments(const ConnectionId& id) const;
  [[nodiscard]] Answer graph(const Request& request) const;
  [[nodiscard]] Answer interfaces(const Request& request) const;
  [[nodiscard]] Answer stats(const Request& request) const;
  [[nodiscard]] Answer metrics(const Request& request) const;
  [[nodiscard]] Answer health(const Request& request) const;
  [[nodiscard]] Answer health_in_words(const Request& request) const;

  struct Page {
    std::string rows; // JSON, with commas between
    std::string next; // JSON
    std::uint64_t searched = 0, total = 0, oldest_ns = 0;
    std::uint64_t matched = 0; // with those that did not fit the page, as far as they were counted
    bool counted = false;      // `matched` is all there are
  };
  struct Wanted {
    std::size_t limit = 0;
    std::string before;
    bool count = false; // go on behind the page, to know how many there are
  };
  [[nodiscard]] Result<Page, ApiError> page_of_memory(const Query& query,
                                                      const Wanted& wanted) const;
  [[nodiscard]] Result<Page, ApiError> page_of_history(const Query& query,
                                                       const Wanted& wanted) const;
  struct Found {
    Exchange exchange;
    Ends ends;
  };
  [[nodiscard]] Result<Found, ApiError> find(const ExchangeId& id) const;

  Parts parts_;
};

// `GET /api/stats` as JSON; the stream of statistics sends the same.
std::string stats_json(const Api::Parts& parts);

} // namespace xdpcap::web
