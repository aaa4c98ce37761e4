#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/check.hpp"
#include "core/region.hpp"
#include "core/spsc_ring.hpp"

namespace xdpcap {

// Records of any size from one writing thread to one reading thread. They are laid into blocks of
// one size, which go round: the writer fills one, the reader empties it and gives it back. No side
// waits, and all memory is reserved in the constructor.
class BlockLane {
 public:
  static constexpr std::size_t kAlignment = 16; // of each record

  BlockLane(std::size_t blocks, std::size_t block_bytes)
      : memory_(blocks * block_bytes), block_bytes_(block_bytes), filled_(blocks), free_(blocks) {
    XDPCAP_CHECK(block_bytes % kAlignment == 0 && block_bytes <= UINT32_MAX);
    for (std::size_t i = 0; i < blocks; ++i) give_back(static_cast<std::uint32_t>(i));
  }

  // Writer: room for a record, behind the one before. Nothing where the reader still has every
  // block, and for a record that is larger than a block.
  [[nodiscard]] std::byte* append(std::size_t bytes) noexcept {
    const std::size_t need = round_up(bytes);
    if (need > block_bytes_) return nullptr;
    if (is_open_ && used_ + need > block_bytes_) flush();
    if (!is_open_ && !open_next()) return nullptr;
    std::byte* const at = block(current_) + used_;
    used_ += need;
    return at;
  }
  // Writer, now and then: hands over what there is, unless the reader is behind. Then blocks go on
  // filling instead of running out.
  void offer() noexcept {
    if (filled_.empty()) flush();
  }
  void flush() noexcept {
    if (!is_open_ || used_ == 0) return;
    const bool pushed = filled_.push({current_, static_cast<std::uint32_t>(used_)});
    XDPCAP_CHECK(pushed); // the ring has room for every block
    is_open_ = false;
  }

  // Reader: the records of the next block, oldest first, each at the next multiple of kAlignment;
  // empty: there is none. They live until recycle(), which must come before the next call.
  [[nodiscard]] std::span<std::byte> next() noexcept {
    XDPCAP_CHECK(!is_reading_);
    const auto filled = filled_.pop();
    if (!filled) return {};
    is_reading_ = true;
    reading_ = filled->index;
    return {block(reading_), filled->used};
  }
  void recycle() noexcept {
    XDPCAP_CHECK(is_reading_);
    is_reading_ = false;
    give_back(reading_);
  }

  // Any thread; a moment's estimate. What was not handed over does not count.
  [[nodiscard]] bool empty() const noexcept { return filled_.empty(); }

  static constexpr std::size_t round_up(std::size_t bytes) noexcept {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }

 private:
  struct Filled {
    std::uint32_t index = 0;
    std::uint32_t used = 0;
  };

  [[nodiscard]] std::byte* block(std::uint32_t index) const noexcept {
    return memory_.data() + index * block_bytes_;
  }
  void give_back(std::uint32_t index) noexcept {
    const bool pushed = free_.push(index);
    XDPCAP_CHECK(pushed);
  }
  bool open_next() noexcept {
    const auto next = free_.pop();
    if (!next) return false;
    current_ = *next;
    used_ = 0;
    is_open_ = true;
    return true;
  }

  Region memory_;
  std::size_t block_bytes_;
  SpscRing<Filled> filled_;
  SpscRing<std::uint32_t> free_;
  std::uint32_t current_ = 0; // the writer's
  std::size_t used_ = 0;
  bool is_open_ = false;
  std::uint32_t reading_ = 0; // the reader's
  bool is_reading_ = false;
};

} // namespace xdpcap
