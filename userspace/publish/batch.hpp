#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "codec/topic.hpp"
#include "core/bytes.hpp"
#include "core/region.hpp"
#include "core/spsc_ring.hpp"
#include "flatbuffers/flatbuffers.h"
#include "publish/builder.hpp"
#include "publish/doorbell.hpp"
#include "publish/message_table.hpp"

namespace xdpcap::publish {

// Memory of fixed size for one FlatBufferBuilder. Who builds measures first: a
// builder that asks for more is a defect, and ends the process rather than
// allocate behind its back.
class FixedMemory final : public flatbuffers::Allocator {
 public:
  FixedMemory(std::byte* at, std::size_t size) noexcept : at_(at), size_(size) {}
  std::uint8_t* allocate(std::size_t size) override;
  void deallocate(std::uint8_t*, std::size_t) override {}
  std::uint8_t* reallocate_downward(std::uint8_t*, std::size_t, std::size_t, std::size_t,
                                    std::size_t) override;

 private:
  std::byte* at_;
  std::size_t size_;
};

// One buffer that becomes the second frame of a ZeroMQ message. It belongs to
// the worker while it is filled and to the publisher while it is sent; the rings
// of its lane hand it over. Pages are committed when first written.
class Batch {
 public:
  // `capacity` in bytes, a multiple of 64.
  Batch(std::byte* memory, std::size_t capacity, bool large);
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  [[nodiscard]] Builder& builder() noexcept { return builder_; }
  [[nodiscard]] MessageTables& tables() noexcept { return tables_; }
  [[nodiscard]] bool large() const noexcept { return large_; }
  // Bytes that records may still take; what the envelope needs is set aside.
  [[nodiscard]] std::size_t room() const noexcept;

  // The finished buffer, aligned for reading in place. Borrowed until reset().
  [[nodiscard]] Bytes bytes() const noexcept;
  [[nodiscard]] std::byte* data() noexcept {
    return reinterpret_cast<std::byte*>(builder_.GetBufferPointer());
  }
  void reset() noexcept {
    builder_.Clear();
    tables_.clear();
  }
  // Gives the pages of a large buffer back to the kernel: a body of many
  // megabytes is rare, and the process should not keep its shadow.
  void release_pages() noexcept;

  // Set by the encoder when it finishes the batch.
  codec::Topic topic = codec::Topic::http;
  std::uint64_t topic_seq = 0;
  std::uint32_t records = 0;

  // What a batch needs besides its records: envelope, its vtables, alignment.
  static constexpr std::size_t kEnvelope = 2048;

 private:
  std::byte* memory_;
  std::size_t capacity_;
  bool large_;
  FixedMemory allocator_;
  Builder builder_;
  MessageTables tables_; // of the messages in it
};

// How many batches a worker has, and how large they are, in bytes.
struct LaneShape {
  std::size_t normal_batches = 64;
  std::size_t normal_bytes = std::size_t{64} << 10;
  std::size_t large_batches = 4; // for one message too large for a normal batch
  std::size_t large_bytes = std::size_t{2} << 20;
};

// The way of batches from one worker to the publisher and back. All memory is
// reserved in the constructor. Either ring holds every batch of the lane, so a
// push cannot fail; a worker runs out of free batches, never of ring.
class BatchLane {
 public:
  BatchLane(const LaneShape& shape, std::uint16_t shard, Doorbell& doorbell);

  [[nodiscard]] std::uint16_t shard() const noexcept { return shard_; }
  [[nodiscard]] std::size_t batches() const noexcept { return batches_.size(); }
  // Bytes that the records of one batch may take.
  [[nodiscard]] std::size_t normal_room() const noexcept { return normal_room_; }
  [[nodiscard]] std::size_t large_room() const noexcept { return large_room_; }

  // Worker: a batch to fill, the one used last first, or nothing where the
  // publisher still has them all.
  [[nodiscard]] Batch* acquire(bool large) noexcept;
  // Worker: hands a finished batch to the publisher, which may sleep on until there
  // are some: waking it costs microseconds.
  void publish(Batch* batch) noexcept;
  // Worker: what was published so far is to go out now.
  void ring() noexcept {
    if (std::exchange(unrung_, 0) != 0) doorbell_.ring();
  }
  // Worker: what the next batch of a topic will be numbered, said after publish().
  void set_next_seq(codec::Topic topic, std::uint64_t next_seq) noexcept {
    next_seq_[index_of(topic)].store(next_seq, std::memory_order_release);
  }
  // Worker: the publisher has more than half of the batches still; what is sent now should be
  // large.
  [[nodiscard]] bool is_crowded() noexcept;
  // Worker: nobody takes batches any more; waiting for one would be for ever.
  [[nodiscard]] bool abandoned() const noexcept {
    return abandoned_.load(std::memory_order_acquire);
  }

  // Publisher: the next finished batch, or nothing.
  [[nodiscard]] Batch* next() noexcept;
  void recycle(Batch* batch) noexcept;
  [[nodiscard]] bool has_next() const noexcept { return !filled_.empty(); }
  // Publisher: every batch numbered below the answer is in the ring, was sent, or was dropped.
  [[nodiscard]] std::uint64_t next_seq(codec::Topic topic) const noexcept {
    return next_seq_[index_of(topic)].load(std::memory_order_acquire);
  }
  void abandon() noexcept { abandoned_.store(true, std::memory_order_release); }

 private:
  void collect() noexcept;

  std::uint16_t shard_;
  Doorbell& doorbell_;
  Region memory_;
  std::deque<Batch> batches_;
  static constexpr unsigned kUnrungMax = 4;
  unsigned unrung_ = 0;                          // the worker's: published since the last ring()
  std::vector<Batch*> free_normal_, free_large_; // the worker's; never grow past their reservation
  SpscRing<Batch*> filled_, returned_;
  std::size_t normal_room_ = 0, large_room_ = 0;
  std::array<std::atomic<std::uint64_t>, codec::kTopics> next_seq_{};
  std::atomic<bool> abandoned_{false};
};

} // namespace xdpcap::publish
