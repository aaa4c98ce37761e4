#include "apps/xdpcap_web/store/kept_batch.hpp"

#include <cstring>

namespace xdpcap::web {

KeptBatch::KeptBatch(Bytes bytes) : words_((bytes.size() + 7) / 8), bytes_(bytes.size()) {
  std::memcpy(words_.data(), bytes.data(), bytes.size());
  batch_ = schema::GetBatch(words_.data());
}

BatchPointer KeptBatch::keep(Bytes bytes) {
  return std::make_shared<const KeptBatch>(bytes);
}

} // namespace xdpcap::web
