#pragma once

#include <cstdint>
#include <new>
#include <vector>

#include "core/check.hpp"
#include "core/region.hpp"
#include "tcp/connection.hpp"
#include "tcp/flow_hash.hpp"
#include "tcp/flow_index.hpp"

namespace xdpcap::tcp {

// The live connections of one worker, in slots that never move. `Flow` is a
// record whose member `tcp` is a Connection; what else it holds is its owner's.
// All memory is reserved in the constructor and committed as flows come; a full
// table answers null, and the caller decides who has to go. One thread.
template <class Flow>
class FlowTable {
 public:
  static constexpr std::uint32_t none = FlowIndex::none;

  FlowTable(std::uint32_t flows_max, const HashSeed& hash_seed)
      : hash_(hash_seed),
        index_(flows_max),
        memory_(std::size_t{flows_max} * sizeof(Flow)),
        flows_max_(flows_max) {
    XDPCAP_CHECK(flows_max != 0 && flows_max != none);
    free_.reserve(flows_max);
  }

  [[nodiscard]] std::uint64_t hash_of(const wire::FlowKey& key) const noexcept {
    return hash_(key);
  }

  [[nodiscard]] Flow* find(const wire::FlowKey& key, std::uint64_t hash) const noexcept {
    const std::uint32_t slot =
        index_.find(hash, [&](std::uint32_t candidate) { return at(candidate).tcp.key == key; });
    return slot == none ? nullptr : &at(slot);
  }

  // A fresh flow under a key that has none, or null when the table is full.
  [[nodiscard]] Flow* create(const wire::FlowKey& key, std::uint64_t hash) noexcept {
    XDPCAP_DCHECK(hash == hash_(key) && find(key, hash) == nullptr);
    std::uint32_t slot = none;
    if (!free_.empty()) {
      slot = free_.back();
      free_.pop_back();
    } else if (touched_ < flows_max_) {
      slot = touched_++;
    } else {
      return nullptr;
    }
    XDPCAP_CHECK(at(slot).tcp.id == 0); // else two connections share it
    Flow* flow = new (&at(slot)) Flow{};
    flow->tcp.key = key;
    index_.insert(hash, slot);
    return flow;
  }

  void erase(Flow& flow) noexcept {
    const std::uint32_t slot = slot_of(flow);
    XDPCAP_CHECK(flow.tcp.id != 0 && free_.size() < touched_); // else it is erased twice
    index_.erase(hash_(flow.tcp.key), slot);
    flow.tcp.id = 0;
    free_.push_back(slot);
  }

  [[nodiscard]] Flow& at(std::uint32_t slot) const noexcept {
    XDPCAP_DCHECK(slot < touched_);
    return reinterpret_cast<Flow*>(memory_.data())[slot];
  }
  [[nodiscard]] std::uint32_t slot_of(const Flow& flow) const noexcept {
    const auto slot =
        static_cast<std::uint32_t>(&flow - reinterpret_cast<const Flow*>(memory_.data()));
    XDPCAP_DCHECK(slot < touched_ && &at(slot) == &flow);
    return slot;
  }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return flows_max_; }
  [[nodiscard]] std::uint32_t size() const noexcept {
    return touched_ - static_cast<std::uint32_t>(free_.size());
  }
  // Slots from here on were never used; those below may be free (their id is 0).
  [[nodiscard]] std::uint32_t slots_touched() const noexcept { return touched_; }

 private:
  FlowHash hash_;
  FlowIndex index_;
  Region memory_;
  std::vector<std::uint32_t> free_; // never grows past its reservation
  std::uint32_t flows_max_;
  std::uint32_t touched_ = 0;
};

} // namespace xdpcap::tcp
