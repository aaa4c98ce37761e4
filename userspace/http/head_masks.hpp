#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/check.hpp"
#include "core/processor.hpp"

// Where the bytes are that the reading of a head stops at, 64 bytes in one go.
namespace xdpcap::http {

// Bit n says something about byte n.
struct HeadMasks {
  // No common field name holds it; in almost every line the first is the colon.
  std::uint64_t odd = 0;
  // At most 0x0d: line ends and NUL; what else it is (TAB, rarely) is no matter.
  std::uint64_t low = 0;
};

// Of the 64 bytes at `at`.
using MasksOf = HeadMasks (*)(const char* at) noexcept;
MasksOf masks_with(Vectors vectors) noexcept;
extern const MasksOf masks_of; // with those of this processor

// Walks forward over a text. The places asked for never go back, so no byte is looked at twice.
class HeadScanner {
 public:
  explicit HeadScanner(std::string_view text) noexcept
      : base_(text.data()), end_(text.data() + text.size()), size_(text.size()) {
    load();
  }

  // The first such byte from `at` on, or the end.
  [[nodiscard]] const char* next_odd(const char* at) noexcept { return next<&HeadMasks::odd>(at); }
  [[nodiscard]] const char* next_low(const char* at) noexcept { return next<&HeadMasks::low>(at); }

 private:
  static constexpr std::ptrdiff_t kBlock = 64;

  template <std::uint64_t HeadMasks::*kMask>
  [[nodiscard]] const char* next(const char* at) noexcept {
    XDPCAP_DCHECK(base_ <= at && at <= end_);
    for (;;) {
      const std::ptrdiff_t inside = at - base_;
      if (inside < kBlock) [[likely]] {
        const std::uint64_t left = masks_.*kMask >> inside;
        if (left != 0) [[likely]]
          return at + static_cast<unsigned>(std::countr_zero(left));
        at = base_ + kBlock;
      }
      if (at >= end_) return end_;
      base_ = at;
      load();
    }
  }

  // All bits behind the end are set, so that no search goes beyond it.
  void load() noexcept {
    const std::ptrdiff_t here = end_ - base_;
    if (here >= kBlock) [[likely]] {
      masks_ = masks_of(base_);
    } else if (size_ >= kBlock) { // the block that ends with the text
      masks_ = masks_of(end_ - kBlock);
      const auto before = static_cast<unsigned>(kBlock - here);
      masks_ = {~(~masks_.odd >> before), ~(~masks_.low >> before)};
    } else {
      char copy[kBlock]{};
      if (here != 0) std::memcpy(copy, base_, static_cast<std::size_t>(here));
      masks_ = masks_of(copy);
    }
  }

  const char* base_;
  const char* end_;
  std::size_t size_;
  HeadMasks masks_; // of the block at `base_`
};

} // namespace xdpcap::http
