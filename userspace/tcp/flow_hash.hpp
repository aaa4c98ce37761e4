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

  [[nodiscard]] std::uint64_t operator()(const wire::FlowKey& key) const noexcept {
    State state{v0_, v1_, v2_, v3_};
    const std::uint64_t ports = std::uint64_t{key.low.port} << 16 | key.high.port;
    const wire::Address& low = key.low.address;
    const wire::Address& high = key.high.address;
    std::uint64_t words = 1;
    if (low.is_v4() && high.is_v4()) [[likely]] {
      state.add(std::uint64_t{load_native<std::uint32_t>(low.v4_octets())} << 32 |
                load_native<std::uint32_t>(high.v4_octets()));
    } else {
      words = 4;
      state.add(load_native<std::uint64_t>(low.octets.data()));
      state.add(load_native<std::uint64_t>(low.octets.data() + 8));
      state.add(load_native<std::uint64_t>(high.octets.data()));
      state.add(load_native<std::uint64_t>(high.octets.data() + 8));
    }
    state.add(words << 56 | ports);
    return state.finish();
  }

 private:
  struct State {
    std::uint64_t v0, v1, v2, v3;

    void round() noexcept {
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
    void add(std::uint64_t word) noexcept {
      v3 ^= word;
      round();
      v0 ^= word;
    }
    [[nodiscard]] std::uint64_t finish() noexcept {
      v2 ^= 0xff;
      round();
      round();
      round();
      return v0 ^ v1 ^ v2 ^ v3;
    }
  };

  std::uint64_t v0_, v1_, v2_, v3_;
};

} // namespace xdpcap::tcp
