#include "apps/xdpcap_web/server/feeds.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "apps/xdpcap_web/api/capture_feed.hpp"
#include "apps/xdpcap_web/api/health.hpp"
#include "apps/xdpcap_web/api/json_views.hpp"
#include "apps/xdpcap_web/api/parameters.hpp"

namespace xdpcap::web {
namespace {

void append_event(std::string& out, std::string_view event, std::string_view data) {
  out += fmt::format("event: {}\ndata: {}\n\n", event, data);
}

std::string key_of(const Request& request) {
  return request.path + '?' + request.query;
}

// Exchanges as they pass. At most `rate` a second: of more, a sample spread evenly over them is
// shown.
class MessageFeed : public Feed {
 public:
  MessageFeed(Query query, std::uint64_t rate, Api::Parts parts)
      : query_(std::move(query)), rate_(static_cast<double>(rate)), parts_(std::move(parts)) {}

  [[nodiscard]] bool wants_changes() const override { return true; }

  Composed compose(std::vector<Change>& changes, bool second, Time until) override {
    std::vector<Change*> wanted;
    for (Change& change : changes) {
      if (std::chrono::steady_clock::now() > until) {
        ++skipped_; // not looked at
      } else if (query_.matches(change.exchange, change.ends)) {
        wanted.push_back(&change);
      }
    }
    constexpr double kTicksASecond = 10;
    allowance_ = std::min(allowance_ + rate_ / kTicksASecond, rate_);
    const std::size_t shown = std::min(wanted.size(), static_cast<std::size_t>(allowance_));
    allowance_ -= static_cast<double>(shown);
    skipped_ += wanted.size() - shown;
    std::string text;
    for (std::size_t i = 0; i < shown; ++i) {
      Change& change = *wanted[i * wanted.size() / shown];
      if (change.json.empty()) append_exchange(change.json, change.exchange, change.ends);
      append_event(text, "message", change.json);
    }
    if (second) {
      if (skipped_ != 0)
        append_event(text, "skipped", fmt::format(R"({{"skipped":{},"lost":0}})", skipped_));
      skipped_ = 0;
      append_state(text);
    }
    return {std::move(text), shown};
  }

  [[nodiscard]] std::string report_loss(std::uint64_t lost) const override {
    std::string text;
    append_event(text, "skipped", fmt::format(R"({{"skipped":0,"lost":{}}})", lost));
    return text;
  }

 private:
  void append_state(std::string& text) const {
    const Health health = health_of(parts_);
    std::uint64_t lost = 0;
    {
      const MutexLock lock{parts_.model.mutex};
      lost = parts_.model.lost_batches;
    }
    append_event(
        text, "state",
        fmt::format(R"({{"sensors":{},"stale":{},"lost_batches":{},"status":"{}","problems":{}}})",
                    health.sensors, health.alive == 0, lost, name_of(health.status),
                    health.problems.size()));
  }

  Query query_;
  double rate_, allowance_ = 0;
  Api::Parts parts_;
  std::uint64_t skipped_ = 0;
};

class StatsFeed : public Feed {
 public:
  explicit StatsFeed(Api::Parts parts) : parts_(std::move(parts)) {}

  Composed compose(std::vector<Change>& /*changes*/, bool second, Time /*until*/) override {
    std::string text;
    if (second || !is_sent_) append_event(text, "stats", stats_json(parts_));
    is_sent_ = true;
    return {std::move(text), 1};
  }
  // The next statistics say all that the lost ones did.
  [[nodiscard]] std::string report_loss(std::uint64_t /*lost*/) const override { return {}; }

 private:
  Api::Parts parts_;
  bool is_sent_ = false;
};

} // namespace

std::shared_ptr<Feed> Feeds::find(const Request& request) const {
  const auto known = feeds_.find(key_of(request));
  return known == feeds_.end() ? nullptr : known->second;
}

std::vector<std::string> Feeds::names_in(const Request& request) {
  return request.path == "/api/capture" ? CaptureFeed::names_in(request)
                                        : std::vector<std::string>{};
}

Result<std::shared_ptr<Feed>, ApiError> Feeds::make(const Request& request,
                                                    const HostAddresses& looked_up) const {
  if (request.path == "/api/capture") return CaptureFeed::open(request, parts_, looked_up);
  if (request.path == "/api/messages") {
    auto parameters = Parameters::parse(request.query, {"rate"}, kQueryNames);
    if (!parameters) return std::move(parameters).error();
    auto query = parse_query(*parameters);
    if (!query) return std::move(query).error();
    auto rate = parameters->number("rate", 500, 1, 5000);
    if (!rate) return std::move(rate).error();
    return std::shared_ptr<Feed>(std::make_shared<MessageFeed>(std::move(*query), *rate, parts_));
  }
  if (auto parameters = Parameters::parse(request.query, {}); !parameters)
    return std::move(parameters).error();
  return std::shared_ptr<Feed>(std::make_shared<StatsFeed>(parts_));
}

std::shared_ptr<Feed> Feeds::enter(const Request& request, const std::shared_ptr<Feed>& feed) {
  return feeds_.try_emplace(key_of(request), feed).first->second;
}

void Feeds::tick() {
  if (composing_) return; // what changes meanwhile waits in the store
  constexpr std::chrono::seconds kSecond{1};
  const auto now = std::chrono::steady_clock::now();
  const bool second = now - last_second_ >= kSecond;
  if (second) last_second_ = now;
  std::vector<std::shared_ptr<Feed>> followed;
  for (auto at = feeds_.begin(); at != feeds_.end();) {
    Feed& feed = *at->second;
    std::erase_if(feed.streams, [](const auto& stream) { return stream->closed(); });
    if (feed.streams.empty()) {
      at = feeds_.erase(at);
      continue;
    }
    followed.push_back((at++)->second);
  }
  streams_ = count_streams();
  composing_ = true;
  boost::asio::post(composer_, [this, followed = std::move(followed), second]() mutable {
    auto all = compose(followed, second);
    boost::asio::post(context_,
                      [this, followed = std::move(followed), all = std::move(all)]() mutable {
                        composing_ = false;
                        hand_out(std::move(all));
                      });
  });
}

std::vector<Feeds::Said> Feeds::compose(const std::vector<std::shared_ptr<Feed>>& feeds,
                                        bool second) {
  std::vector<Change> changes = pop_changes(std::any_of(
      feeds.begin(), feeds.end(), [](const auto& each) { return each->wants_changes(); }));
  std::vector<Said> all;
  all.reserve(feeds.size());
  for (std::size_t i = 0; i < feeds.size(); ++i) {
    // What one did not use is there for the others.
    const auto share = kComposeTime / static_cast<std::chrono::milliseconds::rep>(feeds.size());
    all.push_back(
        {feeds[i], feeds[i]->compose(changes, second, std::chrono::steady_clock::now() + share)});
  }
  return all;
}

void Feeds::hand_out(std::vector<Said>&& all) {
  struct Piece {
    std::shared_ptr<ByteBudget> budget;
    ByteBudget::Share share;
    std::string text;
  };
  for (auto& [feed, composed] : all) {
    if (composed.text.empty()) continue;
    ByteBudget::Share share = bytes_->reserve(composed.text.size());
    if (!share) {
      for (const auto& stream : feed->streams) stream->lose(composed.events);
      continue;
    }
    auto piece =
        std::make_shared<const Piece>(Piece{bytes_, std::move(share), std::move(composed.text)});
    const Chunk chunk{{piece, &piece->text}, composed.events};
    for (const auto& stream : feed->streams) stream->offer(chunk);
  }
}

std::vector<Change> Feeds::pop_changes(bool wanted) {
  std::vector<Change> changes;
  const MutexLock lock{parts_.model.mutex};
  held_.push_back(parts_.model.exchanges.pop_changes());
  if (held_.size() <= kTicksHeld) return changes;
  const std::vector<std::uint64_t> due = std::move(held_.front());
  held_.pop_front();
  if (!wanted) return changes;
  changes.reserve(due.size());
  for (const std::uint64_t number : due) {
    if (number < parts_.model.exchanges.first_number()) continue; // left memory meanwhile
    const Exchange& exchange = parts_.model.exchanges.at(number);
    changes.push_back({exchange, parts_.model.connections.ends_of(exchange.id.connection), {}});
  }
  return changes;
}

std::size_t Feeds::count_streams() const {
  std::size_t streams = 0;
  for (const auto& [key, feed] : feeds_) streams += feed->streams.size();
  return streams;
}

void Feeds::close() {
  composer_.join();
  const Chunk last{std::make_shared<const std::string>(farewell()), 0};
  for (const auto& [key, feed] : feeds_) {
    for (const auto& stream : feed->streams) stream->end(last);
  }
  feeds_.clear();
}

} // namespace xdpcap::web
