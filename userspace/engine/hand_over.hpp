#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "core/block_lane.hpp"
#include "core/check.hpp"
#include "wire/segment.hpp"

namespace xdpcap::engine {

// Segments on their way from the worker that received them to the worker that
// owns their connection, where the two directions of a connection arrive on
// different queues. The payload is copied: a frame never outlives its burst and
// never leaves its thread, and a copy costs less than the cache line that a
// returned frame would move twice. One writing thread, one reading thread; all
// memory in the constructor.
class HandOverLane {
 public:
  static constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

  explicit HandOverLane(std::size_t blocks, std::size_t block_bytes = kBlockBytes)
      : blocks_(blocks, block_bytes) {}

  // Writer: takes a copy. False where the reader is too far behind.
  [[nodiscard]] bool send(const wire::Segment& segment) noexcept {
    const Bytes header = segment.header();
    const std::size_t bytes = header.size() + segment.payload.size();
    std::byte* const at = blocks_.append(sizeof segment + bytes);
    if (at == nullptr) return false;
    std::memcpy(at, &segment, sizeof segment);
    if (bytes != 0)
      std::memcpy(at + sizeof segment, header.data(), bytes); // the payload lies behind it
    return true;
  }
  // Writer, at the end of each burst, and at the end.
  void offer() noexcept { blocks_.offer(); }
  void flush() noexcept { blocks_.flush(); }

  // Reader: hands each waiting segment to `accept(segment)`. Answers how many.
  template <class Accept>
  std::size_t receive(Accept&& accept) noexcept {
    std::size_t segments = 0;
    for (std::span<std::byte> block = blocks_.next(); !block.empty(); block = blocks_.next()) {
      std::size_t at = 0;
      while (at < block.size()) {
        std::byte* const place = block.data() + at;
        wire::Segment segment;
        std::memcpy(&segment, place, sizeof segment);
        segment.payload =
            Bytes{place + sizeof segment + segment.header_bytes, segment.payload.size()};
        accept(segment);
        at += BlockLane::round_up(sizeof segment + segment.header_bytes + segment.payload.size());
        ++segments;
      }
      XDPCAP_CHECK(at == block.size());
      blocks_.recycle();
    }
    return segments;
  }

  [[nodiscard]] bool empty() const noexcept { return blocks_.empty(); }

 private:
  static_assert(std::is_trivially_copyable_v<wire::Segment>);

  BlockLane blocks_;
};

// The lanes between all workers, and who owns what. Ownership is by the hash of
// the connection, the same for both directions.
class HandOver {
 public:
  HandOver(std::size_t workers, std::size_t memory_bytes_per_lane)
      : workers_(workers), sources_left_(workers) {
    XDPCAP_CHECK(workers > 1 && workers <= UINT16_MAX); // see owner_of()
    const std::size_t blocks =
        std::max<std::size_t>(memory_bytes_per_lane / HandOverLane::kBlockBytes, 2);
    for (std::size_t i = 0; i < workers * workers; ++i)
      lanes_.push_back(std::make_unique<HandOverLane>(blocks));
  }

  // By the highest bits: the flow index of the owner uses the low ones, so its buckets are shared
  // by all of its connections.
  [[nodiscard]] std::size_t owner_of(std::uint64_t hash) const noexcept {
    return (hash >> 48) * workers_ >> 16;
  }
  [[nodiscard]] HandOverLane& lane(std::size_t from, std::size_t to) noexcept {
    XDPCAP_DCHECK(from < workers_ && to < workers_);
    return *lanes_[from * workers_ + to];
  }
  [[nodiscard]] std::size_t workers() const noexcept { return workers_; }
  // Nothing is under way.
  [[nodiscard]] bool is_empty() const noexcept {
    return std::all_of(lanes_.begin(), lanes_.end(),
                       [](const auto& lane) { return lane->empty(); });
  }

  // To be called once by each worker, after its last send() and the flush of its lanes. Until all
  // have, each goes on receiving. Any thread.
  void mark_source_ended() noexcept {
    const std::size_t before = sources_left_.fetch_sub(1, std::memory_order_release);
    XDPCAP_CHECK(before != 0);
  }
  [[nodiscard]] bool all_sources_ended() const noexcept {
    return sources_left_.load(std::memory_order_acquire) == 0;
  }

 private:
  std::size_t workers_;
  std::atomic<std::size_t> sources_left_;
  std::vector<std::unique_ptr<HandOverLane>> lanes_;
};

} // namespace xdpcap::engine
