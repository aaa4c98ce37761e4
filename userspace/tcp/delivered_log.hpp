#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>

#include "core/bytes.hpp"
#include "core/check.hpp"
#include "core/region.hpp"
#include "core/seq.hpp"
#include "core/stream.hpp"

namespace xdpcap::tcp {

// The last bytes that were delivered, of all connections of a worker: so that a retransmission
// which says something else is noticed. Of a client's segment the first 512 bytes are kept (a whole
// request in most cases), of a server's the first 64 of a larger one. A ring: the oldest go first,
// and what is not there any more is not compared. All memory in the constructor. One thread.
class DeliveredLog {
 public:
  static constexpr std::size_t kKeptOfClient = 512;
  static constexpr std::size_t kKeptOfServer = 64;

  explicit DeliveredLog(std::size_t memory_bytes);

  // Bytes that were delivered in order; `flow` is the number of the connection, never 0.
  void append(std::uint64_t flow, Direction direction, Seq seq, Bytes bytes) noexcept {
    if (direction == Direction::to_client && bytes.size() >= kKeptOfServer) {
      std::memcpy(begin_entry(flow, direction, seq, kKeptOfServer), bytes.data(),
                  kKeptOfServer); // a few moves
      return;
    }
    const std::size_t kept = std::min(bytes.size(), kKeptOfClient);
    std::memcpy(begin_entry(flow, direction, seq, kept), bytes.data(), kept);
  }

  // True if bytes of this segment were delivered before with other values.
  [[nodiscard]] bool contradicts(std::uint64_t flow, Direction direction, Seq seq,
                                 Bytes bytes) const noexcept;

  static std::size_t bytes_for(std::size_t memory_bytes) noexcept;

 private:
  struct Entry {
    std::uint64_t flow = 0;
    std::uint64_t previous = 0; // place of the one before it in its chain
    Seq seq;
    std::uint16_t length = 0;
    Direction direction = Direction::to_server;
  };
  static_assert(sizeof(Entry) == 24);
  static constexpr std::size_t kChains = 16384; // power of two
  static constexpr int kLookedAtMax = 64;       // entries of a chain

  // Answers where its bytes go.
  std::byte* begin_entry(std::uint64_t flow, Direction direction, Seq seq,
                         std::size_t kept) noexcept {
    XDPCAP_DCHECK(flow != 0 && kept <= kKeptOfClient);
    const std::size_t need = sizeof(Entry) + (kept + 7) / 8 * 8;
    if (size_ - (end_ & (size_ - 1)) < need) [[unlikely]]
      end_ = (end_ + size_ - 1) & ~(size_ - 1); // an entry lies in one piece
    XDPCAP_DCHECK((end_ & (size_ - 1)) + need <= size_);
    std::uint64_t& last = chain(flow, direction);
    XDPCAP_DCHECK(last < end_);
    std::byte* const at = memory_.data() + (end_ & (size_ - 1));
    new (at) Entry{flow, last, seq, static_cast<std::uint16_t>(kept), direction};
    last = end_;
    end_ += need;
    return at + sizeof(Entry);
  }

  // Flow numbers count up, so neighbours are in different chains.
  [[nodiscard]] std::uint64_t& chain(std::uint64_t flow, Direction direction) const noexcept {
    return reinterpret_cast<std::uint64_t*>(
        chains_.data())[(flow * 2 + index_of(direction)) & (kChains - 1)];
  }

  std::size_t size_; // power of two
  Region memory_;
  Region chains_;
  std::uint64_t end_; // places only grow; at least size_, so that 0 is no place
};

} // namespace xdpcap::tcp
