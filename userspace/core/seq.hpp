#pragma once

#include <cstdint>

namespace xdpcap {

// A TCP sequence number. It has no order of its own: on a circle of 2^32 only
// the distance between two points means something (RFC 9293, 3.4).
struct Seq {
  std::uint32_t value = 0;

  friend bool operator==(Seq, Seq) noexcept = default;
  friend Seq operator+(Seq seq, std::uint32_t bytes) noexcept { return {seq.value + bytes}; }
  friend Seq operator-(Seq seq, std::uint32_t bytes) noexcept { return {seq.value - bytes}; }
};

// Bytes from `from` forward to `to`; negative when `to` lies behind. True as
// long as the two are less than 2^31 apart.
inline std::int32_t distance(Seq from, Seq to) noexcept {
  return static_cast<std::int32_t>(to.value - from.value);
}

} // namespace xdpcap
