#include "apps/xdpcap_web/store/exchange_store.hpp"

#include <algorithm>

#include "codec/batch_view.hpp"

namespace xdpcap::web {

void ExchangeStore::add(const BatchPointer& batch, const std::shared_ptr<const std::string>& sensor,
                        std::uint64_t now_ns) {
  const auto* const messages = (*batch)->messages();
  if (messages == nullptr || messages->size() == 0) return;
  const std::uint64_t source = source_of(*sensor, (*batch)->epoch());
  const std::size_t share = batch->memory() / messages->size();
  for (const schema::HttpMessage* message : *messages)
    place({batch, message}, sensor, source, share, now_ns);
  while (bytes_ > limits_.bytes && entries_.size() > 1) drop_oldest();
}

void ExchangeStore::place(Half half, const std::shared_ptr<const std::string>& sensor,
                          std::uint64_t source, std::size_t bytes, std::uint64_t now_ns) {
  const ExchangeId id{{source, half->flow()}, half->index()};
  const bool is_request = half->kind() == schema::Kind::request;
  const bool is_interim = codec::has(*half, schema::Anomaly::interim);
  const auto known = by_id_.find(id);
  Entry* entry = known == by_id_.end() ? nullptr : &entries_[known->second - base_];
  // Two of a kind with one number: the older one will never be answered.
  if (entry != nullptr && !is_interim &&
      (is_request ? entry->exchange.request : entry->exchange.response)) {
    hand_on(*entry);
    entry = nullptr;
  }
  if (entry == nullptr) entry = &enter(id, sensor, now_ns);
  entry->bytes += bytes;
  bytes_ += bytes;
  if (is_interim && !is_request) {
    entry->exchange.interim.push_back(std::move(half));
  } else {
    (is_request ? entry->exchange.request : entry->exchange.response) = std::move(half);
  }
  if (!entry->exchange.request && !entry->exchange.response)
    return; // an interim response alone shows nothing yet
  add_change(by_id_.at(id));
  if (entry->exchange.request && entry->exchange.response) hand_on(*entry);
}

ExchangeStore::Entry& ExchangeStore::enter(const ExchangeId& id,
                                           const std::shared_ptr<const std::string>& sensor,
                                           std::uint64_t now_ns) {
  by_id_[id] = next_number();
  Exchange exchange;
  exchange.id = id;
  exchange.sensor = sensor;
  constexpr std::size_t kBookkeeping = sizeof(Entry) + 64; // and its place in the index
  entries_.push_back({std::move(exchange), now_ns, kBookkeeping});
  bytes_ += kBookkeeping;
  return entries_.back();
}

void ExchangeStore::add_change(std::uint64_t number) {
  Entry& entry = entries_[number - base_];
  if (entry.changed) return;
  entry.changed = true;
  changes_.push_back(number);
}

void ExchangeStore::hand_on(Entry& entry) {
  const Exchange& exchange = entry.exchange;
  const bool whole = exchange.request && exchange.response;
  if ((whole ? entry.handed_on_whole : entry.handed_on) ||
      (!exchange.request && !exchange.response))
    return;
  entry.handed_on = true;
  entry.handed_on_whole = whole;
  finished_(exchange);
}

void ExchangeStore::drop_oldest() {
  Entry& oldest = entries_.front();
  hand_on(oldest);
  bytes_ -= oldest.bytes;
  const auto known = by_id_.find(oldest.exchange.id);
  if (known != by_id_.end() && known->second == base_) by_id_.erase(known);
  entries_.pop_front();
  ++base_;
}

void ExchangeStore::expire(std::uint64_t now_ns) {
  while (!entries_.empty() && entries_.front().arrived_ns + limits_.age_ns < now_ns) drop_oldest();
  for (waited_ = std::max(waited_, base_); waited_ < next_number(); ++waited_) {
    Entry& entry = entries_[waited_ - base_];
    if (entry.arrived_ns + kTimeoutNs > now_ns) break;
    hand_on(entry);
  }
}

void ExchangeStore::finish() {
  for (Entry& entry : entries_) hand_on(entry);
}

std::optional<Exchange> ExchangeStore::find(const ExchangeId& id) const {
  const auto known = by_id_.find(id);
  if (known == by_id_.end()) return std::nullopt;
  const Exchange& exchange = at(known->second);
  if (!exchange.request && !exchange.response) return std::nullopt;
  return exchange;
}

std::uint64_t ExchangeStore::oldest_ns() const noexcept {
  for (const Entry& entry : entries_) {
    if (entry.exchange.request || entry.exchange.response) return entry.exchange.first_ns();
  }
  return 0;
}

std::vector<std::uint64_t> ExchangeStore::pop_changes() {
  std::vector<std::uint64_t> changes;
  changes.swap(changes_);
  std::erase_if(changes, [this](std::uint64_t number) { return number < base_; });
  std::sort(changes.begin(), changes.end());
  for (const std::uint64_t number : changes) entries_[number - base_].changed = false;
  return changes;
}

} // namespace xdpcap::web
