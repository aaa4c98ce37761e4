#include "tcp/ended_table.hpp"

#include <algorithm>
#include <bit>

#include "core/check.hpp"

namespace xdpcap::tcp {

std::uint64_t EndedTable::buckets_for(std::uint32_t connections) noexcept {
  return std::bit_ceil(std::max(connections / kWays, 1U));
}

std::size_t EndedTable::bytes_for(std::uint32_t connections) noexcept {
  return buckets_for(connections) * kWays * sizeof(Record);
}

EndedTable::EndedTable(std::uint32_t connections)
    : buckets_(buckets_for(connections)), memory_(bytes_for(connections)) {
  XDPCAP_CHECK(std::has_single_bit(buckets_));
}

void EndedTable::add(std::uint64_t fingerprint, std::array<bool, 2> known, std::array<Seq, 2> end,
                     Instant now) noexcept {
  Record* const ways = bucket(fingerprint);
  const std::uint32_t now_ms = wrapping_ms(now);
  const auto worth = [&](const Record& record) -> std::uint64_t { // the lowest gives way
    if (record.fingerprint == fingerprint) return 0;
    if (record.fingerprint == 0) return 1;
    return 2 + std::uint64_t{UINT32_MAX - (now_ms - record.ended_ms)};
  };
  Record& chosen = *std::min_element(
      ways, ways + kWays, [&](const Record& a, const Record& b) { return worth(a) < worth(b); });
  chosen = {.fingerprint = fingerprint, .end = end, .ended_ms = now_ms, .known = known};
}

bool EndedTable::covers(std::uint64_t fingerprint, std::size_t side, Seq segment_end,
                        Instant now) const noexcept {
  XDPCAP_CHECK(side < 2);
  const Record* const ways = bucket(fingerprint);
  const Record* const found = std::find_if(
      ways, ways + kWays, [&](const Record& record) { return record.fingerprint == fingerprint; });
  if (found == ways + kWays || !found->known[side]) return false;
  if (wrapping_ms(now) - found->ended_ms > kLifetime / std::chrono::milliseconds{1}) return false;
  const std::int32_t behind = distance(segment_end, found->end[side]);
  return behind >= 0 && behind <= kRetransmittedMax;
}

} // namespace xdpcap::tcp
