#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "apps/xdpcap_web/store/exchange.hpp"

namespace xdpcap::web {

// The exchanges of the last minutes, in the order of their first records. Bounded by age
// and by bytes: past either the oldest goes. Not locked: its owner is (model.hpp).
class ExchangeStore {
 public:
  struct Limits {
    std::uint64_t age_ns = std::uint64_t{600} * 1'000'000'000;
    std::size_t bytes = std::size_t{96} << 20;
  };
  // Handed on when both halves are there; and before, alone, when the other half is late or will
  // not come.
  using Finished = std::function<void(const Exchange&)>;

  ExchangeStore(Limits limits, Finished finished)
      : limits_(limits), finished_(std::move(finished)) {}

  // All messages of a batch. `now_ns`: monotonic_now_ns().
  void add(const BatchPointer& batch, const std::shared_ptr<const std::string>& sensor,
           std::uint64_t now_ns);
  // Drops what is too old; hands on what has waited ten seconds for its other half.
  void expire(std::uint64_t now_ns);

  // Hands on what still waits.
  void finish();

  [[nodiscard]] std::optional<Exchange> find(const ExchangeId& id) const;
  // Exchanges are numbered from 0 as they come and keep their number: [first_number(),
  // next_number()) are there.
  [[nodiscard]] std::uint64_t first_number() const noexcept { return base_; }
  [[nodiscard]] std::uint64_t next_number() const noexcept { return base_ + entries_.size(); }
  [[nodiscard]] const Exchange& at(std::uint64_t number) const {
    return entries_[number - base_].exchange;
  }

  // When the oldest one began whose messages are there; 0: there is none.
  [[nodiscard]] std::uint64_t oldest_ns() const noexcept;

  // Numbers of exchanges that are new or have got their other half since the call before,
  // ascending, each once.
  std::vector<std::uint64_t> pop_changes();

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return base_; } // all that ever left
  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }

 private:
  struct Entry {
    Exchange exchange;
    std::uint64_t arrived_ns;
    std::size_t bytes;
    bool handed_on = false, handed_on_whole = false, changed = false;
  };
  static constexpr std::uint64_t kTimeoutNs = std::uint64_t{10} * 1'000'000'000;

  void place(Half half, const std::shared_ptr<const std::string>& sensor, std::uint64_t source,
             std::size_t bytes, std::uint64_t now_ns);
  Entry& enter(const ExchangeId& id, const std::shared_ptr<const std::string>& sensor,
               std::uint64_t now_ns);
  void add_change(std::uint64_t number);
  void hand_on(Entry& entry);
  void drop_oldest();

  Limits limits_;
  Finished finished_;
  std::deque<Entry> entries_;
  std::uint64_t base_ = 0;
  std::uint64_t waited_ = 0; // entries before this number have been handed on or waited long enough
  std::unordered_map<ExchangeId, std::uint64_t, IdHash> by_id_;
  std::vector<std::uint64_t> changes_;
  std::size_t bytes_ = 0;
};

} // namespace xdpcap::web
