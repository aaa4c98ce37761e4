#include "tcp/embryo_table.hpp"

#include <algorithm>
#include <bit>

namespace xdpcap::tcp {

EmbryoTable::EmbryoTable(std::uint32_t embryos)
    : buckets_(std::bit_ceil(std::max(embryos / kWays, 1U))), memory_(buckets_ * kWays * sizeof(Embryo)) {}

Embryo* EmbryoTable::find(std::uint64_t fingerprint, Instant now) noexcept {
  Embryo* const ways = bucket(fingerprint);
  for (std::uint32_t way = 0; way < kWays; ++way) {
    if (ways[way].fingerprint != fingerprint) continue;
    const std::uint32_t age_ms = wrapping_ms(now) - ways[way].born_ms;
    if (age_ms > kLifetime / std::chrono::milliseconds{1}) return nullptr;
    return &ways[way];
  }
  return nullptr;
}

Embryo& EmbryoTable::create(std::uint64_t fingerprint, Instant now) noexcept {
  Embryo* const ways = bucket(fingerprint);
  const std::uint32_t now_ms = wrapping_ms(now);
  const auto worth = [&](const Embryo& embryo) -> std::uint64_t { // the lowest gives way
    if (embryo.fingerprint == fingerprint) return 0;              // too old, or find() would have answered it
    if (embryo.fingerprint == 0) return 1;
    return 2 + std::uint64_t{UINT32_MAX - (now_ms - embryo.born_ms)};
  };
  Embryo& chosen =
      *std::min_element(ways, ways + kWays, [&](const Embryo& a, const Embryo& b) { return worth(a) < worth(b); });
  chosen = Embryo{};
  chosen.fingerprint = fingerprint;
  chosen.born_ms = now_ms;
  chosen.syn_us = wrapping_us(now);
  return chosen;
}

} // namespace xdpcap::tcp
