#include "apps/xdpcap_web/segment_log.hpp"

namespace xdpcap::web {

void SegmentLog::add(const BatchPointer& batch, std::uint64_t source) {
  batches_.push_back({batch, source});
  octets_ += batch->octets();
  while (octets_ > octets_max_ && batches_.size() > 1) {
    octets_ -= batches_.front().batch->octets();
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
