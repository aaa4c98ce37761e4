#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>

namespace xdpcap::sim {

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every platform, which the
// distributions of the standard library do not promise.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
  }
  std::uint32_t word() noexcept { return static_cast<std::uint32_t>(next() >> 32); }
  // Less than `count`, which is not 0.
  std::size_t below(std::size_t count) noexcept { return static_cast<std::size_t>(next() % count); }
  std::size_t between(std::size_t first, std::size_t last) noexcept {
    return first + below(last - first + 1);
  }
  bool chance(double probability) noexcept {
    return static_cast<double>(next() >> 11) * 0x1p-53 < probability;
  }
  // Small numbers most of the time, and now and then a large one.
  std::size_t skewed(std::size_t most) noexcept { return between(0, most >> below(12)); }
  template <class T>
  T one_of(std::initializer_list<T> choices) noexcept {
    return *std::next(choices.begin(), static_cast<std::ptrdiff_t>(below(choices.size())));
  }
  // With line ends in it, so that a wrong framing finds some.
  std::string text(std::size_t bytes) {
    std::string made(bytes, ' ');
    for (char& c : made) {
      const std::size_t drawn = below(40);
      c = drawn < 26   ? static_cast<char>('a' + drawn)
          : drawn < 36 ? static_cast<char>('0' + drawn - 26)
                       : "\r\n: "[drawn - 36];
    }
    return made;
  }
  // Of its own, so that what one part draws does not change what others draw.
  Random fork() noexcept { return Random{next()}; }

 private:
  std::uint64_t state_;
};

} // namespace xdpcap::sim
