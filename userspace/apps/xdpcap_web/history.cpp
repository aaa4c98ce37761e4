#include "apps/xdpcap_web/history.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xdpcap::web {
namespace {

// About what an exchange costs while it waits; its batch may be larger, and is shared by many.
std::size_t octets_of(const Exchange& exchange) {
  std::size_t octets = sizeof(HistoryFile::Written);
  const auto add = [&octets](const Half& half) {
    if (!half) return;
    octets += half->head() == nullptr ? 0 : half->head()->size();
    octets += half->body() == nullptr ? 0 : half->body()->size();
  };
  add(exchange.request);
  add(exchange.response);
  for (const Half& interim : exchange.interim) add(interim);
  return octets;
}

} // namespace

History::History(std::string file, std::uint64_t size_max, Limits limits)
    : name_(std::move(file)), size_max_(size_max), limits_(limits) {
  facts_.file = name_;
  facts_.size_max = size_max_;
}

Result<std::unique_ptr<History>, Error> History::open(const std::string& file, std::uint64_t size_max) {
  return open(file, size_max, Limits{});
}

Result<std::unique_ptr<History>, Error> History::open(const std::string& file, std::uint64_t size_max, Limits limits) {
  auto written = HistoryFile::open(file, size_max);
  if (!written) return std::move(written).error();
  auto search = HistorySearch::open(file);
  if (!search) return std::move(search).error();
  std::unique_ptr<History> history(new History(file, size_max, limits));
  history->file_ = std::move(*written);
  history->search_ = std::move(*search);
  history->note_facts("");
  history->thread_ = std::thread(&History::run, history.get());
  return history;
}

History::~History() {
  stop();
}

void History::add(const Exchange& exchange, const Ends& ends) {
  const std::size_t octets = octets_of(exchange);
  const std::lock_guard lock{mutex_};
  if (stopping_ || waiting_octets_ + octets > limits_.queue_octets) {
    ++facts_.dropped;
    return;
  }
  waiting_octets_ += octets;
  waiting_.push_back({exchange, ends});
  if (waiting_.size() == 1 || waiting_.size() == kTransactionMax) wake_.notify_one();
}

void History::stop() {
  {
    const std::lock_guard lock{mutex_};
    if (stopping_) return;
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void History::run() {
  constexpr std::chrono::seconds kRetry{1};
  std::vector<HistoryFile::Written> taken;
  std::size_t taken_octets = 0;
  for (bool stopping = false; !stopping;) {
    {
      std::unique_lock lock{mutex_};
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      wake_.wait_for(lock, limits_.patience, [this] { return stopping_ || waiting_.size() >= kTransactionMax; });
      stopping = stopping_;
      taken.swap(waiting_);
      taken_octets = waiting_octets_;
    }
    bool written = write(taken);
    while (!written && !stopping) {
      {
        std::unique_lock lock{mutex_};
        wake_.wait_for(lock, kRetry, [this] { return stopping_; });
        stopping = stopping_;
      }
      written = write(taken);
    }
    const std::lock_guard lock{mutex_};
    if (!written) facts_.dropped += taken.size() + waiting_.size();
    waiting_octets_ -= taken_octets;
    taken.clear();
  }
}

bool History::write(const std::vector<HistoryFile::Written>& exchanges) {
  const bool written = file_->write(exchanges) && file_->fit();
  if (!written) {
    note_facts(fmt::format("cannot write it: {}; it is tried again each second", file_->error()));
  } else {
    note_facts(file_->is_readable() ? ""
                                    : fmt::format("it is damaged: {}; start anew with another file", file_->error()));
  }
  return written;
}

void History::note_facts(const std::string& error) {
  const std::lock_guard lock{mutex_};
  facts_.octets = file_->octets();
  facts_.exchanges = file_->exchanges();
  facts_.oldest_ns = file_->oldest_ns();
  facts_.error = error;
}

Result<History::Page, Error> History::find(const Query& query, std::size_t limit, const std::string& before,
                                           bool count) {
  const std::lock_guard search_lock{search_mutex_};
  auto found = search_->find(query, {limit, before, count}, limits_.search);
  if (found || found.error().code == ExitCode::usage) return found;
  const std::lock_guard lock{mutex_};
  facts_.error = found.error().sentence;
  return found;
}

Result<std::optional<History::Row>, Error> History::get(const ExchangeId& id) {
  const std::lock_guard lock{search_mutex_};
  return search_->get(id);
}

History::Facts History::facts() const {
  const std::lock_guard lock{mutex_};
  return facts_;
}

} // namespace xdpcap::web
