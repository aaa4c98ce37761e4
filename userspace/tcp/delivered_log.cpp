#include "tcp/delivered_log.hpp"

#include <bit>

namespace xdpcap::tcp {
namespace {

constexpr std::size_t kLeast = std::size_t{64} << 10;

} // namespace

DeliveredLog::DeliveredLog(std::size_t memory_bytes)
    : size_(std::bit_floor(std::max(memory_bytes, kLeast))),
      memory_(size_),
      chains_(kChains * sizeof(std::uint64_t)),
      end_(size_) {
  XDPCAP_CHECK(std::has_single_bit(size_) && size_ >= sizeof(Entry) + kKeptOfClient);
}

std::size_t DeliveredLog::bytes_for(std::size_t memory_bytes) noexcept {
  return std::bit_floor(std::max(memory_bytes, kLeast)) + kChains * sizeof(std::uint64_t);
}

bool DeliveredLog::contradicts(std::uint64_t flow, Direction direction, Seq seq,
                               Bytes bytes) const noexcept {
  XDPCAP_CHECK(flow != 0);
  std::uint64_t place = chain(flow, direction);
  for (int looked_at = 0; looked_at < kLookedAtMax && place != 0 && end_ - place <= size_;
       ++looked_at) {
    const std::uint64_t inside = place & (size_ - 1);
    XDPCAP_CHECK(place < end_ && inside + sizeof(Entry) <= size_);
    const std::byte* const at = memory_.data() + inside;
    Entry entry;
    std::memcpy(&entry, at, sizeof entry);
    if (entry.previous >= place) return false; // overwritten in part
    place = entry.previous;
    if (entry.flow != flow || entry.direction != direction) continue;
    XDPCAP_CHECK(inside + sizeof entry + entry.length <= size_);
    const std::int32_t ahead = distance(entry.seq, seq); // of the segment's first byte
    const std::int32_t from = std::max(ahead, 0);
    const std::int32_t to =
        std::min<std::int32_t>(entry.length, ahead + static_cast<std::int32_t>(bytes.size()));
    if (from < to && std::memcmp(at + sizeof entry + from, bytes.data() + (from - ahead),
                                 static_cast<std::size_t>(to - from)) != 0)
      return true;
  }
  return false;
}

} // namespace xdpcap::tcp
