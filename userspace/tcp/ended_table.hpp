#pragma once

#include <array>
#include <cstdint>

#include "core/instant.hpp"
#include "core/region.hpp"
#include "core/seq.hpp"

namespace xdpcap::tcp {

// Connections that are over, by the keyed hash of their key: the sequence number behind the last
// byte of each direction. Tells a retransmission that comes late, when the connection has no record
// any more, from the first segment of another connection. Fixed size, four records to a bucket; a
// new one takes the place of the oldest in its bucket. One thread.
class EndedTable {
 public:
  // A sender gives up after some minutes (RFC 9293, 3.8.3: at least 100 s).
  static constexpr Duration kLifetime = std::chrono::minutes{5};
  // Bytes. Farther behind the end lies no retransmission, but a later connection of the same ports.
  static constexpr std::int32_t kRetransmittedMax = 1 << 24;

  explicit EndedTable(std::uint32_t connections);

  static std::size_t bytes_for(std::uint32_t connections) noexcept;

  // `known` and `end` are those of the flow key's lower and higher endpoint as senders.
  void add(std::uint64_t fingerprint, std::array<bool, 2> known, std::array<Seq, 2> end,
           Instant now) noexcept;

  // True if a segment that ends before `segment_end`, sent by `side` (0: the lower endpoint), has
  // nothing that the connection which was here has not sent before.
  [[nodiscard]] bool covers(std::uint64_t fingerprint, std::size_t side, Seq segment_end,
                            Instant now) const noexcept;

 private:
  struct Record {
    std::uint64_t fingerprint = 0; // 0: unused
    std::array<Seq, 2> end{};
    std::uint32_t ended_ms = 0; // packet time, wrapping
    std::array<bool, 2> known{};
  };
  static_assert(sizeof(Record) == 24);
  static constexpr std::uint32_t kWays = 4;

  static std::uint64_t buckets_for(std::uint32_t connections) noexcept;
  [[nodiscard]] Record* bucket(std::uint64_t fingerprint) const noexcept {
    return reinterpret_cast<Record*>(memory_.data()) + (fingerprint >> 20 & (buckets_ - 1)) * kWays;
  }

  std::uint64_t buckets_;
  Region memory_;
};

} // namespace xdpcap::tcp
