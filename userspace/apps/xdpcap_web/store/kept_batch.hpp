#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/bytes.hpp"
#include "schemas/xdpcap_generated.h"

namespace xdpcap::web {

// A batch that was verified when it came in, in memory of its own. Whoever holds
// the pointer may read all records of it: nothing is unpacked or copied further.
// Immutable, so any thread may hold one.
class KeptBatch {
 public:
  // `bytes` are a verified batch.
  static std::shared_ptr<const KeptBatch> keep(Bytes bytes);

  explicit KeptBatch(Bytes bytes);
  KeptBatch(const KeptBatch&) = delete;
  KeptBatch& operator=(const KeptBatch&) = delete;

  const schema::Batch& operator*() const noexcept { return *batch_; }
  const schema::Batch* operator->() const noexcept { return batch_; }
  [[nodiscard]] Bytes bytes() const noexcept {
    return {reinterpret_cast<const std::byte*>(words_.data()), bytes_};
  }
  // What it costs in memory.
  [[nodiscard]] std::size_t memory() const noexcept {
    return sizeof(*this) + words_.size() * sizeof(words_[0]);
  }

 private:
  std::vector<std::uint64_t> words_; // FlatBuffers are read at aligned addresses
  std::size_t bytes_;
  const schema::Batch* batch_;
};

using BatchPointer = std::shared_ptr<const KeptBatch>;

} // namespace xdpcap::web
