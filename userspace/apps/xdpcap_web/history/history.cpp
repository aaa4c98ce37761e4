#include "apps/xdpcap_web/history/history.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace xdpcap::web {
namespace {

// About what an exchange costs while it waits; its batch may be larger, and is shared by many.
std::size_t bytes_of(const Exchange& exchange) {
  std::size_t bytes = sizeof(HistoryFile::Written);
  const auto add = [&bytes](const Half& half) {
    if (!half) return;
    bytes += half->head() == nullptr ? 0 : half->head()->size();
    bytes += half->body() == nullptr ? 0 : half->body()->size();
  };
  add(exchange.request);
  add(exchange.response);
  for (const Half& interim : exchange.interim) add(interim);
  return bytes;
}

} // namespace

History::History(std::string file, std::uint64_t size_max, Limits limits)
    : name_(std::move(file)), size_max_(size_max), limits_(limits) {
  facts_.file = name_;
  facts_.size_max = size_max_;
}

Result<std::unique_ptr<History>, Error> History::open(const std::string& file,
                                                      std::uint64_t size_max) {
  return open(file, size_max, Limits{});
}

Result<std::unique_ptr<History>, Error> History::open(const std::string& file,
                                                      std::uint64_t size_max, Limits limits) {
  auto written = HistoryFile::open(file, size_max);
  if (!written) return std::move(written).error();
  auto search = HistorySearch::open(file);
  if (!search) return std::move(search).error();
  std::unique_ptr<History> history(new History(file, size_max, limits));
  history->file_ = std::move(*written);
  {
    const MutexLock lock{history->search_mutex_};
    history->search_ = std::move(*search);
  }
  history->update_facts("");
  history->thread_ = std::thread(&History::run, history.get());
  return history;
}

History::~History() {
  stop();
}

void History::add(const Exchange& exchange, const Ends& ends) {
  const std::size_t bytes = bytes_of(exchange);
  const MutexLock lock{mutex_};
  if (stopping_ || waiting_bytes_ + bytes > limits_.queue_bytes) {
    ++facts_.dropped;
    return;
  }
  waiting_bytes_ += bytes;
  waiting_.push_back({exchange, ends});
  if (waiting_.size() == 1 || waiting_.size() == kTransactionMax) wake_.notify_one();
}

void History::stop() {
  {
    const MutexLock lock{mutex_};
    if (stopping_) return;
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void History::run() {
  constexpr std::chrono::seconds kRetry{1};
  std::vector<HistoryFile::Written> batch;
  std::size_t page_bytes = 0;
  for (bool stopping = false; !stopping;) {
    {
      const MutexLock lock{mutex_};
      while (!stopping_ && waiting_.empty()) wake_.wait(mutex_);
      const auto until = std::chrono::steady_clock::now() + limits_.timeout;
      while (!stopping_ && waiting_.size() < kTransactionMax && wake_.wait_until(mutex_, until)) {
      }
      stopping = stopping_;
      batch.swap(waiting_);
      page_bytes = waiting_bytes_;
    }
    bool written = write(batch);
    while (!written && !stopping) {
      {
        const MutexLock lock{mutex_};
        const auto until = std::chrono::steady_clock::now() + kRetry;
        while (!stopping_ && wake_.wait_until(mutex_, until)) {
        }
        stopping = stopping_;
      }
      written = write(batch);
    }
    const MutexLock lock{mutex_};
    if (!written) facts_.dropped += batch.size() + waiting_.size();
    waiting_bytes_ -= page_bytes;
    batch.clear();
  }
}

bool History::write(const std::vector<HistoryFile::Written>& exchanges) {
  const bool written = file_->write(exchanges) && file_->fit();
  if (!written) {
    update_facts(fmt::format("cannot write it: {}; it is tried again each second", file_->error()));
  } else {
    update_facts(
        file_->is_readable()
            ? ""
            : fmt::format("it is damaged: {}; start anew with another file", file_->error()));
  }
  return written;
}

void History::update_facts(const std::string& error) {
  const MutexLock lock{mutex_};
  facts_.bytes = file_->bytes();
  facts_.exchanges = file_->exchanges();
  facts_.oldest_ns = file_->oldest_ns();
  facts_.error = error;
}

Result<History::Page, Error> History::find(const Query& query, std::size_t limit,
                                           const std::string& before, bool count) {
  const MutexLock search_lock{search_mutex_};
  auto found = search_->find(query, {limit, before, count}, limits_.search);
  if (found || found.error().code == ExitCode::usage) return found;
  const MutexLock lock{mutex_};
  facts_.error = found.error().message;
  return found;
}

Result<std::optional<History::Row>, Error> History::get(const ExchangeId& id) {
  const MutexLock lock{search_mutex_};
  return search_->get(id);
}

History::Facts History::facts() const {
  const MutexLock lock{mutex_};
  return facts_;
}

} // namespace xdpcap::web
