#pragma once

#include <cstdint>

#include "core/check.hpp"
#include "core/instant.hpp"
#include "core/region.hpp"
#include "core/seq.hpp"
#include "wire/segment.hpp"

namespace xdpcap::tcp {

// A connection that is being opened: what its SYNs said, and no more. 32 bytes,
// so that a flood of SYNs costs a fixed table and no flow record.
struct HalfOpen {
  std::uint64_t fingerprint = 0; // hash of the flow key; 0: unused
  Seq isn[2];                    // of key.low and key.high
  std::uint32_t born_ms = 0;     // packet time, wrapping
  std::uint32_t syn_us = 0;      // time of the first SYN, wrapping
  std::uint32_t syn_ack_delay_us = 0;
  std::uint8_t window_scale[2] = {0, 0};
  std::uint8_t flags = 0;
  std::uint8_t packets = 0; // SYNs of key.low, of key.high: four bits each, at most 15

  enum Flag : std::uint8_t {
    low_isn = 1 << 0, // isn[0] is known
    high_isn = 1 << 1,
    low_scale = 1 << 2, // window_scale[0] was offered
    high_scale = 1 << 3,
    client_is_low = 1 << 4,
    syn_ack_seen = 1 << 5,
  };
  [[nodiscard]] bool has(std::uint8_t flag) const noexcept { return (flags & flag) != 0; }
  [[nodiscard]] std::uint8_t packets_of(std::size_t side) const noexcept {
    XDPCAP_DCHECK(side < 2);
    return packets >> (4 * side) & 0xf;
  }
  void count_packet(std::size_t side) noexcept {
    if (packets_of(side) < 0xf) packets = static_cast<std::uint8_t>(packets + (1U << (4 * side)));
  }
  [[nodiscard]] bool knows_isn(std::size_t side) const noexcept {
    XDPCAP_DCHECK(side < 2);
    return has(static_cast<std::uint8_t>(low_isn << side));
  }
};
static_assert(sizeof(HalfOpen) == 32);

// A fixed table of half_open, four to a bucket; a new one takes the place of the
// oldest in its bucket, so a flood only ever pushes out other half-open
// connections. An half_open is found by the 64-bit keyed hash of its key: what it
// says is believed only where the acknowledgement of a later segment agrees.
class HalfOpenTable {
 public:
  static constexpr Duration kLifetime = std::chrono::seconds{30};

  explicit HalfOpenTable(std::uint32_t half_open);

  // Null where there is none, or only one too old.
  [[nodiscard]] HalfOpen* find(std::uint64_t fingerprint, Instant now) noexcept;
  // A fresh one under this fingerprint, which has none.
  [[nodiscard]] HalfOpen& create(std::uint64_t fingerprint, Instant now) noexcept;
  void forget(HalfOpen& half_open) noexcept {
    XDPCAP_CHECK(is_in_bucket(half_open));
    half_open = HalfOpen{};
  }

 private:
  static constexpr std::uint32_t kWays = 4;

  [[nodiscard]] HalfOpen* bucket(std::uint64_t fingerprint) const noexcept {
    return reinterpret_cast<HalfOpen*>(memory_.data()) +
           (fingerprint >> 20 & (buckets_ - 1)) * kWays;
  }
  [[nodiscard]] bool is_in_bucket(const HalfOpen& half_open) const noexcept {
    const HalfOpen* const ways = bucket(half_open.fingerprint);
    return &half_open >= ways && &half_open < ways + kWays;
  }

  std::uint64_t buckets_;
  Region memory_;
};

} // namespace xdpcap::tcp
