#include "apps/xdpcap_web/store/segment_log.hpp"

namespace xdpcap::web {

void SegmentLog::add(const BatchPointer& batch, std::uint64_t source) {
  batches_.push_back({batch, source});
  bytes_ += batch->memory();
  while (bytes_ > bytes_max_ && batches_.size() > 1) {
    bytes_ -= batches_.front().batch->memory();
    batches_.pop_front();
  }
}

std::vector<BatchPointer> SegmentLog::of(std::uint64_t source) const {
  std::vector<BatchPointer> found;
  for (const Kept& kept : batches_) {
    if (kept.source == source) found.push_back(kept.batch);
  }
  return found;
}

} // namespace xdpcap::web
