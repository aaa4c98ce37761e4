#pragma once

#include <cstdint>

#include "wire/segment.hpp"

namespace xdpcap::tcp {

// Hash of a flow key under a secret seed, the same for both directions because
// the key is. Folded 64x64->128 bit products, the mixing step of wyhash: five
// independent multiplications, no branch. The seed keeps a sender from choosing
// addresses that all meet in one bucket.
class FlowHash {
 public:
  explicit constexpr FlowHash(std::uint64_t seed) noexcept : seed_(seed) {}

  [[nodiscard]] std::uint64_t operator()(const wire::FlowKey& key) const noexcept {
    const std::byte* low = key.low.address.octets.data();
    const std::byte* high = key.high.address.octets.data();
    const std::uint64_t ports = std::uint64_t{key.low.port} << 16 | key.high.port;
    const std::uint64_t a = fold(load_native<std::uint64_t>(low) ^ k0_, load_native<std::uint64_t>(low + 8) ^ seed_);
    const std::uint64_t b = fold(load_native<std::uint64_t>(high) ^ k1_, load_native<std::uint64_t>(high + 8) ^ ~seed_);
    return fold(a ^ ports ^ k2_, b ^ seed_);
  }

 private:
  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }

  static constexpr std::uint64_t k0_ = 0xa0761d6478bd642fULL;
  static constexpr std::uint64_t k1_ = 0xe7037ed1a0b428dbULL;
  static constexpr std::uint64_t k2_ = 0x8ebc6af09c88c6e3ULL;

  std::uint64_t seed_;
};

} // namespace xdpcap::tcp
