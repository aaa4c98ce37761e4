#include "publish/batch.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>

#include "core/check.hpp"

namespace xdpcap::publish {
namespace {

constexpr std::size_t kPage = 4096;
// Pages a large batch keeps: enough for what is only somewhat larger than normal.
constexpr std::size_t kKeptBytes = std::size_t{1} << 20;

constexpr std::size_t round_up(std::size_t bytes) noexcept {
  return (bytes + kPage - 1) / kPage * kPage;
}
std::size_t capacity_for(std::size_t payload) noexcept {
  return round_up(payload + Batch::kEnvelope);
}

} // namespace

std::uint8_t* FixedMemory::allocate(std::size_t size) {
  XDPCAP_CHECK(size <= size_);
  return reinterpret_cast<std::uint8_t*>(at_);
}

std::uint8_t* FixedMemory::reallocate_downward(std::uint8_t*, std::size_t, std::size_t, std::size_t,
                                               std::size_t) {
  XDPCAP_UNREACHABLE();
}

Batch::Batch(std::byte* memory, std::size_t capacity, bool large)
    : memory_(memory),
      capacity_(capacity),
      large_(large),
      allocator_(memory, capacity),
      builder_(capacity, &allocator_) {
  XDPCAP_CHECK(capacity % 64 == 0 && capacity > kEnvelope);
}

std::size_t Batch::room() const noexcept {
  const std::size_t used = builder_.GetSize() + kEnvelope;
  return used < capacity_ ? capacity_ - used : 0;
}

Bytes Batch::bytes() const noexcept {
  return {reinterpret_cast<const std::byte*>(builder_.GetBufferPointer()), builder_.GetSize()};
}

void Batch::release_pages() noexcept {
  // The builder writes downward from the end, and its scratch pad upward from
  // the start: the pages between the two are the ones a large body dirtied.
  if (!large_ || builder_.GetSize() <= kKeptBytes) return;
  XDPCAP_CHECK(kKeptBytes + kPage <= capacity_);
  ::madvise(memory_ + kPage, capacity_ - kKeptBytes - kPage, MADV_DONTNEED);
}

BatchLane::BatchLane(const LaneShape& shape, std::uint16_t shard, Doorbell& doorbell)
    : shard_(shard),
      doorbell_(doorbell),
      memory_(shape.normal_batches * capacity_for(shape.normal_bytes) +
              shape.large_batches * capacity_for(shape.large_bytes)),
      filled_(shape.normal_batches + shape.large_batches),
      returned_(shape.normal_batches + shape.large_batches) {
  XDPCAP_CHECK(shape.normal_batches != 0);
  free_normal_.reserve(shape.normal_batches);
  free_large_.reserve(shape.large_batches);
  std::byte* at = memory_.data();
  for (std::size_t i = 0; i < shape.normal_batches; ++i, at += capacity_for(shape.normal_bytes)) {
    free_normal_.push_back(&batches_.emplace_back(at, capacity_for(shape.normal_bytes), false));
  }
  for (std::size_t i = 0; i < shape.large_batches; ++i, at += capacity_for(shape.large_bytes)) {
    free_large_.push_back(&batches_.emplace_back(at, capacity_for(shape.large_bytes), true));
  }
  // Lowest addresses are used first: what is never needed is never committed.
  std::reverse(free_normal_.begin(), free_normal_.end());
  std::reverse(free_large_.begin(), free_large_.end());
  normal_room_ = capacity_for(shape.normal_bytes) - Batch::kEnvelope;
  large_room_ = shape.large_batches == 0 ? 0 : capacity_for(shape.large_bytes) - Batch::kEnvelope;
}

// Takes back what the publisher has returned.
void BatchLane::collect() noexcept {
  while (auto returned = returned_.pop()) {
    auto& free = (*returned)->large() ? free_large_ : free_normal_;
    XDPCAP_CHECK(free.size() < free.capacity()); // else one came back twice
    free.push_back(*returned);
  }
}

bool BatchLane::is_crowded() noexcept {
  collect();
  return free_normal_.size() < free_normal_.capacity() / 2;
}

Batch* BatchLane::acquire(bool large) noexcept {
  collect();
  auto& free = large ? free_large_ : free_normal_;
  if (free.empty()) {
    ring();
    return nullptr;
  }
  Batch* batch = free.back();
  free.pop_back();
  XDPCAP_CHECK(batch->large() == large && batch->builder().GetSize() == 0);
  return batch;
}

void BatchLane::publish(Batch* batch) noexcept {
  XDPCAP_CHECK(batch != nullptr && batch->records != 0);
  const bool pushed = filled_.push(batch);
  XDPCAP_CHECK(pushed);
  if (++unrung_ >= kUnrungMax) ring();
}

Batch* BatchLane::next() noexcept {
  return filled_.pop().value_or(nullptr);
}

void BatchLane::recycle(Batch* batch) noexcept {
  XDPCAP_CHECK(batch != nullptr);
  batch->release_pages();
  batch->reset();
  const bool pushed = returned_.push(batch);
  XDPCAP_CHECK(pushed);
}

} // namespace xdpcap::publish
