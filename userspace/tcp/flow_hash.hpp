#pragma once

#include <bit>
#include <cstdint>

#include "core/bytes.hpp"
#include "wire/segment.hpp"

namespace xdpcap::tcp {

// 128 secret bits. A capture file is read under a fixed one, so that it replays the same way.
struct HashSeed {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  static HashSeed secret(); // from the kernel
};

// SipHash-1-3 (Aumasson and Bernstein, 2012) of a flow key, the same for both directions because
// the key is. A keyed pseudo-random function: whoever chooses addresses and ports without knowing
// the seed cannot make them meet in one bucket more often than chance does. Cheaper mixers
// (products of words with public constants) have addresses that collide under every seed.
//
// Two IPv4 addresses are one word and an IPv6 address is two; the last word holds the ports and
// the number of words before it, which is what SipHash puts there too.
class FlowHash {
 public:
  explicit constexpr FlowHash(const HashSeed& seed) noexcept
      : v0_(seed.low ^ 0x736f6d6570736575ULL),
        v1_(seed.high ^ 0x646f72616e646f6dULL),
        v2_(seed.low ^ 0x6c7967656e657261ULL),
        v3_(seed.high ^ 0x7465646279746573ULL) {}

  [[nodiscard, gnu::always_inline]] std::uint64_t operator()(
      const wire::FlowKey& key) const noexcept {
    std::uint64_t v0 = v0_, v1 = v1_, v2 = v2_, v3 = v3_;
    const std::uint64_t ports = std::uint64_t{key.low.port} << 16 | key.high.port;
    if (!(key.low.address.is_v4() && key.high.address.is_v4())) [[unlikely]] {
      return of_v6(key, ports);
    }
    const std::uint64_t addresses =
        std::uint64_t{load_native<std::uint32_t>(key.low.address.v4_bytes())} << 32 |
        load_native<std::uint32_t>(key.high.address.v4_bytes());
    add(v0, v1, v2, v3, addresses);
    add(v0, v1, v2, v3, std::uint64_t{1} << 56 | ports);
    return finish(v0, v1, v2, v3);
  }

 private:
  [[nodiscard, gnu::noinline]] std::uint64_t of_v6(const wire::FlowKey& key,
                                                   std::uint64_t ports) const noexcept {
    std::uint64_t v0 = v0_, v1 = v1_, v2 = v2_, v3 = v3_;
    for (const wire::Endpoint* end : {&key.low, &key.high}) {
      add(v0, v1, v2, v3, load_native<std::uint64_t>(end->address.bytes.data()));
      add(v0, v1, v2, v3, load_native<std::uint64_t>(end->address.bytes.data() + 8));
    }
    add(v0, v1, v2, v3, std::uint64_t{4} << 56 | ports);
    return finish(v0, v1, v2, v3);
  }

  // The state is four variables and no object, so that it stays in registers.
  [[gnu::always_inline]] static void round(std::uint64_t& v0, std::uint64_t& v1, std::uint64_t& v2,
                                           std::uint64_t& v3) noexcept {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }
  [[gnu::always_inline]] static void add(std::uint64_t& v0, std::uint64_t& v1, std::uint64_t& v2,
                                         std::uint64_t& v3, std::uint64_t word) noexcept {
    v3 ^= word;
    round(v0, v1, v2, v3);
    v0 ^= word;
  }
  [[gnu::always_inline]] static std::uint64_t finish(std::uint64_t v0, std::uint64_t v1,
                                                     std::uint64_t v2, std::uint64_t v3) noexcept {
    v2 ^= 0xff;
    round(v0, v1, v2, v3);
    round(v0, v1, v2, v3);
    round(v0, v1, v2, v3);
    return v0 ^ v1 ^ v2 ^ v3;
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

} // namespace xdpcap::tcp
