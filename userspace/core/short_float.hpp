#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace xdpcap {

// A number in 16 bits, for records that have no room for more: exact below 2048, above less than a
// thousandth off. The bits are those of a float, without its sign, the exponents below that of 1,
// and the last bits of the mantissa.
class ShortFloat {
 public:
  static constexpr std::uint64_t max = std::uint64_t{1} << 62;

  ShortFloat() = default;
  explicit constexpr ShortFloat(std::uint64_t value) noexcept {
    const auto number = static_cast<float>(static_cast<std::int64_t>(std::min(value, max)));
    if (value != 0) bits_ = static_cast<std::uint16_t>((bits_of(number) - kBelowOne) >> kCut);
  }
  [[nodiscard]] constexpr std::uint64_t value() const noexcept {
    if (bits_ == 0) return 0;
    const auto number = std::bit_cast<float>((std::uint32_t{bits_} << kCut) + kBelowOne);
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(number));
  }

 private:
  static constexpr std::uint32_t bits_of(float number) noexcept {
    return std::bit_cast<std::uint32_t>(number);
  }
  static constexpr std::uint32_t kBelowOne = std::bit_cast<std::uint32_t>(0.5F);
  static constexpr int kCut = 13;
  std::uint16_t bits_ = 0;
};

} // namespace xdpcap
