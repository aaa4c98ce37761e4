#pragma once

#include <string_view>

#include "apps/xdpcap_web/store/kept_batch.hpp"
#include "codec/topic.hpp"

namespace xdpcap::web {

// Who wants packets as they come. Called on the ingest thread, so it only takes note: a listener
// keeps the batch in a bounded queue of its own and works elsewhere.
class BatchListener {
 public:
  virtual ~BatchListener() = default;
  virtual void on_batch(const BatchPointer& batch, codec::Topic topic) noexcept = 0;
};

} // namespace xdpcap::web
