#pragma once

#include <array>
#include <cstdint>
#include <vector>

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

  explicit WaitQueue(std::size_t entries) : ring_(entries) {}

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool full() const noexcept { return size_ == ring_.size(); }
  [[nodiscard]] const Entry& front() const noexcept { return ring_[head_]; }

  // The queue must not be full.
  void push(const Entry& entry) noexcept {
    ring_[(head_ + size_) % ring_.size()] = entry;
    ++size_;
  }
  void pop() noexcept {
    head_ = (head_ + 1) % ring_.size();
    --size_;
  }

 private:
  std::vector<Entry> ring_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

} // namespace xdpcap::tcp
