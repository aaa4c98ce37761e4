#include "tcp/half_open_table.hpp"

#include <algorithm>
#include <bit>

namespace xdpcap::tcp {

HalfOpenTable::HalfOpenTable(std::uint32_t half_open)
    : buckets_(std::bit_ceil(std::max(half_open / kWays, 1U))),
      memory_(buckets_ * kWays * sizeof(HalfOpen)) {
  XDPCAP_CHECK(std::has_single_bit(buckets_));
}

HalfOpen* HalfOpenTable::find(std::uint64_t fingerprint, Instant now) noexcept {
  HalfOpen* const ways = bucket(fingerprint);
  for (std::uint32_t way = 0; way < kWays; ++way) {
    if (ways[way].fingerprint != fingerprint) continue;
    const std::uint32_t age_ms = wrapping_ms(now) - ways[way].born_ms;
    if (age_ms > kLifetime / std::chrono::milliseconds{1}) return nullptr;
    return &ways[way];
  }
  return nullptr;
}

HalfOpen& HalfOpenTable::create(std::uint64_t fingerprint, Instant now) noexcept {
  XDPCAP_DCHECK(find(fingerprint, now) == nullptr);
  HalfOpen* const ways = bucket(fingerprint);
  const std::uint32_t now_ms = wrapping_ms(now);
  const auto worth = [&](const HalfOpen& half_open) -> std::uint64_t { // the lowest gives way
    if (half_open.fingerprint == fingerprint) return 0; // too old, or find() would have answered it
    if (half_open.fingerprint == 0) return 1;
    return 2 + std::uint64_t{UINT32_MAX - (now_ms - half_open.born_ms)};
  };
  HalfOpen& chosen =
      *std::min_element(ways, ways + kWays,
                        [&](const HalfOpen& a, const HalfOpen& b) { return worth(a) < worth(b); });
  chosen = HalfOpen{};
  chosen.fingerprint = fingerprint;
  chosen.born_ms = now_ms;
  chosen.syn_us = wrapping_us(now);
  return chosen;
}

} // namespace xdpcap::tcp
