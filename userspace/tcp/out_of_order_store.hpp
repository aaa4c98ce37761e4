#pragma once

#include <array>
#include <cstdint>

#include "core/bytes.hpp"
#include "core/instant.hpp"
#include "core/seq.hpp"
#include "core/slab_pool.hpp"

namespace xdpcap::tcp {

// Which of two versions of the same early bytes is kept, as receivers differ
// (bytes already delivered are never replaced). In the words of target-based
// reassembly: `bsd` lets a new segment win where it begins before the old one,
// `linux` also where it begins with it and is longer.
enum class OverlapPolicy : std::uint8_t { first, bsd, linux, last };

// Why a segment's receiver may have refused it: the bytes are delivered once they are acknowledged.
// Of two versions of a byte the less doubtful one wins.
enum class Doubt : std::uint8_t {
  none,
  refused,   // by the rules of TCP, most likely: beyond the window, an old timestamp
  offloaded, // its checksum was left to hardware; wanted at the end even if nobody acknowledged it
  ack_ahead, // it acknowledges bytes that were not seen: lost by the capture, or not sent yet
  bad_checksum, // its checksum is wrong
};

// Bytes of a direction that came before their turn. `data` is borrowed from
// the store until the piece is dropped.
struct OutOfOrderPiece {
  Seq seq;
  std::uint32_t length = 0; // bytes in sequence space
  Bytes data{};             // as many, or none where the capture cut them away
  Seq ack{};                // what its segment acknowledged
  bool has_ack = false;
  bool at_segment_start = false;
  bool absent = false; // cut by the snap length: known to be missing
  Doubt doubt = Doubt::none;
  bool first_of_frame = false; // of the pieces a frame became; the ledger counts frames
  Instant arrived{};
};

// A segment to be held, cut to what may still be wanted of it.
struct OutOfOrderSegment {
  Seq seq;
  Bytes data;
  std::uint32_t cut_by_snaplen = 0;
  Seq ack{};
  bool has_ack = false;
  bool at_segment_start = true;
  Doubt doubt = Doubt::none;
  bool counted = false; // a part of it is held already, so its frame is counted
  Instant arrived{};
};

// What became of a segment that was to be held.
struct HoldResult {
  bool held = false;     // at least one byte of it is new and kept
  bool conflict = false; // it disagrees with bytes that are held
  bool no_room = false;  // the store or the direction's share of it is full
};

// The early bytes of all connections of one worker: sorted pieces of bounded
// size in slabs, linked as skip lists, so that neither a long run behind one
// lost segment nor bytes sent in the worst order cost more than a logarithmic
// search. Each byte is copied once and held once. All memory is taken in the
// constructor. One thread.
//
// A list is named by its anchor, which the half connection keeps; `none` is an
// empty list.
class OutOfOrderStore {
 public:
  using Anchor = SlabPool::Index;
  static constexpr Anchor none = SlabPool::none;

  // `bytes_max` bounds what one direction may hold.
  OutOfOrderStore(std::size_t memory_bytes, std::uint32_t bytes_max, OverlapPolicy policy);

  HoldResult hold(Anchor& anchor, const OutOfOrderSegment& segment) noexcept;

  // The first piece of a list that is not empty.
  [[nodiscard]] OutOfOrderPiece front(Anchor anchor) const noexcept;
  // Drops it; an empty list gives its anchor back.
  void drop_front(Anchor& anchor) noexcept;
  // Drops all; answers how many frames the pieces stood for.
  std::uint32_t drop_all(Anchor& anchor) noexcept;

  [[nodiscard]] std::uint32_t bytes(Anchor anchor) const noexcept;
  // The store is nearly full: whoever holds longest should give up.
  [[nodiscard]] bool is_tight() const noexcept { return pool_.available() < pool_.slabs() / 8; }
  [[nodiscard]] std::size_t slabs_in_use() const noexcept { return pool_.in_use(); }

 private:
  static constexpr std::size_t kSlabBytes = 2048;
  static constexpr std::size_t kLevels =
      5; // one node in eight climbs a level: enough for 8^5 pieces

  using Links = std::array<SlabPool::Index, kLevels>;
  struct Node {
    Links next;
    Seq seq;
    std::uint32_t length;
    Seq ack;
    std::uint32_t flags;
    Instant arrived;
  };
  struct Head {
    Links next;
    std::uint32_t bytes;
  };
  enum NodeFlag : std::uint32_t {
    kHasAck = 1,
    kSegmentStart = 2,
    kAbsent = 4,
    kFirstOfFrame = 8,
    kDoubt = 112
  };
  static constexpr std::size_t kRoom = kSlabBytes - sizeof(Node);

  [[nodiscard]] Node& node(SlabPool::Index index) const noexcept {
    return *reinterpret_cast<Node*>(pool_.at(index));
  }
  [[nodiscard]] Head& head(Anchor anchor) const noexcept {
    return *reinterpret_cast<Head*>(pool_.at(anchor));
  }
  [[nodiscard]] std::byte* data(SlabPool::Index index) const noexcept {
    return pool_.at(index) + sizeof(Node);
  }
  [[nodiscard]] Links& links(Anchor anchor, SlabPool::Index at) const noexcept {
    return at == none ? head(anchor).next : node(at).next;
  }

  [[nodiscard]] bool new_wins(const OutOfOrderSegment& segment, std::uint32_t length,
                              const Node& old) const noexcept;
  // Of the first pieces: in order, none in the place of another, and as many bytes as are counted.
  [[nodiscard]] bool is_sound(Anchor anchor) const noexcept;
  bool merge(SlabPool::Index old, const OutOfOrderSegment& segment, std::uint32_t length) noexcept;
  std::uint32_t put(Anchor anchor, const OutOfOrderSegment& segment, std::uint32_t from,
                    std::uint32_t to, bool& first_of_frame) noexcept;
  bool insert(Anchor anchor, const Node& fresh, Bytes bytes) noexcept;
  SlabPool::Index last_before(Anchor anchor, Seq seq, Links* path) const noexcept;
  std::size_t random_level() noexcept;

  SlabPool pool_;
  std::uint32_t bytes_max_;
  OverlapPolicy policy_;
  std::uint64_t random_ = 0x9e3779b97f4a7c15ULL;
};

} // namespace xdpcap::tcp
