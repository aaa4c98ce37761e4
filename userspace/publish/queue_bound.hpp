#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>

namespace xdpcap::publish {

// ZeroMQ bounds the queue of a subscriber by a number of messages. Batches are a
// few hundred octets when traffic is light and 64 KiB and more when it is not, so no
// number is right for both: this one follows their mean, and the queue holds
// about the same octets whatever comes.
class QueueBound {
 public:
  explicit QueueBound(std::size_t octets) noexcept
      : octets_(static_cast<double>(octets)), batches_(batches_of(kTypicalBatch)) {}

  // The high-water mark in batches.
  [[nodiscard]] int batches() const noexcept { return batches_; }

  // A batch of that size goes out. True where batches() has changed, by an eighth or more.
  bool note(std::size_t batch_octets) noexcept {
    mean_ += (static_cast<double>(batch_octets) + kMessageCost - mean_) / kWeight;
    const int wanted = batches_of(mean_);
    if (std::abs(wanted - batches_) < batches_ / 8) return false;
    batches_ = wanted;
    return true;
  }

 private:
  static constexpr double kWeight = 16;         // batches that the mean looks back on
  static constexpr double kMessageCost = 256;   // what ZeroMQ and the allocator add to each
  static constexpr double kTypicalBatch = 8192; // before the first
  static constexpr double kLeast = 16, kMost = 1 << 17;

  [[nodiscard]] int batches_of(double mean) const noexcept {
    return static_cast<int>(std::clamp(octets_ / mean, kLeast, kMost));
  }

  double octets_;
  double mean_ = kTypicalBatch;
  int batches_;
};

} // namespace xdpcap::publish
