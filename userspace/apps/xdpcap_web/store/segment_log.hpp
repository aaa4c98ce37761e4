#pragma once

#include <deque>
#include <vector>

#include "apps/xdpcap_web/store/ids.hpp"
#include "apps/xdpcap_web/store/kept_batch.hpp"

namespace xdpcap::web {

// The last segments that were published (topic `tcp`), as the batches they came in. Bounded by
// bytes. Not locked.
class SegmentLog {
 public:
  explicit SegmentLog(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void add(const BatchPointer& batch, std::uint64_t source);
  // The last batches that may hold segments of this source, oldest first: cheap, to be searched
  // without a lock.
  [[nodiscard]] std::vector<BatchPointer> of(std::uint64_t source) const;

 private:
  struct Kept {
    BatchPointer batch;
    std::uint64_t source;
  };
  std::size_t bytes_max_, bytes_ = 0;
  std::deque<Kept> batches_;
};

} // namespace xdpcap::web
