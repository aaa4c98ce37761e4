#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/check.hpp"
#include "core/instant.hpp"
#include "core/seq.hpp"

namespace xdpcap::tcp {

// Connections that wait for something (missing bytes, being told of), in the
// order in which they began to: every wait of a queue has the same length, so the
// order of beginning is that of ending. An entry names a slot and the connection
// that was in it; one whose connection has gone is skipped by whoever takes it. Fixed size; one
// thread.
class WaitQueue {
 public:
  struct Entry {
    std::uint64_t id = 0;
    Instant queued;                    // for this round of grace
    std::array<Seq, 2> acknowledged{}; // by direction: how far when the round began
    std::uint32_t slot = 0;
  };

  explicit WaitQueue(std::size_t entries) : ring_(entries) { XDPCAP_CHECK(entries != 0); }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool full() const noexcept { return size_ == ring_.size(); }
  [[nodiscard]] const Entry& front() const noexcept {
    XDPCAP_CHECK(!empty() && ring_[head_].id != 0);
    return ring_[head_];
  }

  // The queue must not be full, and nobody in it begins later.
  void push(const Entry& entry) noexcept {
    XDPCAP_CHECK(!full() && entry.id != 0 && at(size_).id == 0);
    XDPCAP_DCHECK(empty() || at(size_ - 1).queued <= entry.queued);
    at(size_) = entry;
    ++size_;
  }
  void pop() noexcept {
    XDPCAP_CHECK(!empty());
    ring_[head_].id = 0;
    head_ = (head_ + 1) % ring_.size();
    --size_;
  }

 private:
  [[nodiscard]] Entry& at(std::size_t position) noexcept {
    return ring_[(head_ + position) % ring_.size()];
  }

  std::vector<Entry> ring_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

} // namespace xdpcap::tcp
