#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "core/check.hpp"
#include "core/region.hpp"
#include "core/spsc_ring.hpp"
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
  explicit HandOverLane(std::size_t parcels, std::size_t parcel_bytes = std::size_t{256} << 10)
      : memory_(parcels * parcel_bytes),
        parcel_bytes_(parcel_bytes),
        filled_(parcels),
        free_(parcels) {
    XDPCAP_CHECK(parcels != 0 && parcels < UINT32_MAX);
    for (std::size_t i = 0; i < parcels; ++i) give(free_, static_cast<std::uint32_t>(i));
  }

  // Writer: takes a copy. False where the reader is too far behind.
  [[nodiscard]] bool send(const wire::Segment& segment) noexcept {
    const Bytes header = segment.header();
    const std::size_t bytes = header.size() + segment.payload.size();
    const std::size_t need = sizeof(wire::Segment) + round_up(bytes);
    if (open_ && used_ + need > parcel_bytes_) flush();
    if (!open_ && !open_next()) return false;
    XDPCAP_CHECK(used_ + need <= parcel_bytes_); // no segment is larger than a parcel
    std::byte* at = parcel(current_) + used_;
    std::memcpy(at, &segment, sizeof segment);
    if (bytes != 0)
      std::memcpy(at + sizeof segment, header.data(), bytes); // the payload lies behind it
    used_ += need;
    return true;
  }

  // Writer, at the end of each burst: hands over what there is, unless the
  // reader is behind; then parcels go on filling instead of running out.
  void offer() noexcept {
    if (filled_.empty()) flush();
  }
  void flush() noexcept {
    if (!open_ || used_ == 0) return;
    give(filled_, Parcel{current_, static_cast<std::uint32_t>(used_)});
    open_ = false;
  }

  // Reader: hands each waiting segment to `accept(segment)`. Answers how many.
  template <class Accept>
  std::size_t receive(Accept&& accept) noexcept {
    std::size_t segments = 0;
    while (const auto filled = filled_.pop()) {
      XDPCAP_CHECK(filled->used <= parcel_bytes_);
      std::size_t at = 0;
      while (at < filled->used) {
        std::byte* const place = parcel(filled->index) + at;
        wire::Segment segment;
        std::memcpy(&segment, place, sizeof segment);
        segment.payload =
            Bytes{place + sizeof segment + segment.header_bytes, segment.payload.size()};
        accept(segment);
        at += sizeof segment + round_up(segment.header_bytes + segment.payload.size());
        ++segments;
      }
      XDPCAP_CHECK(at == filled->used);
      give(free_, filled->index);
    }
    return segments;
  }

  [[nodiscard]] bool empty() const noexcept { return filled_.empty(); }

 private:
  struct Parcel {
    std::uint32_t index = 0;
    std::uint32_t used = 0;
  };
  static_assert(std::is_trivially_copyable_v<wire::Segment>);

  static std::size_t round_up(std::size_t bytes) noexcept { return (bytes + 15) / 16 * 16; }
  // Either ring has room for every parcel.
  template <class T>
  static void give(SpscRing<T>& ring, T value) noexcept {
    const bool given = ring.push(value);
    XDPCAP_CHECK(given);
  }
  [[nodiscard]] std::byte* parcel(std::uint32_t index) const noexcept {
    XDPCAP_CHECK((index + std::size_t{1}) * parcel_bytes_ <= memory_.size());
    return memory_.data() + index * parcel_bytes_;
  }
  bool open_next() noexcept {
    const auto next = free_.pop();
    if (!next) return false;
    current_ = *next;
    used_ = 0;
    open_ = true;
    return true;
  }

  Region memory_;
  std::size_t parcel_bytes_;
  SpscRing<Parcel> filled_;
  SpscRing<std::uint32_t> free_;
  std::uint32_t current_ = 0;
  std::size_t used_ = 0;
  bool open_ = false;
};

// The lanes between all workers, and who owns what. Ownership is by the hash of
// the connection, the same for both directions.
class HandOver {
 public:
  HandOver(std::size_t workers, std::size_t memory_bytes_per_lane)
      : workers_(workers), sources_left_(workers) {
    XDPCAP_CHECK(workers > 1 && workers <= UINT16_MAX); // see owner_of()
    const std::size_t parcels = std::max<std::size_t>(memory_bytes_per_lane / (256U << 10), 2);
    for (std::size_t i = 0; i < workers * workers; ++i)
      lanes_.push_back(std::make_unique<HandOverLane>(parcels));
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
