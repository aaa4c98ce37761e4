#include "tcp/out_of_order_store.hpp"

#include <algorithm>
#include <cstring>

#include "core/check.hpp"

namespace xdpcap::tcp {
namespace {

constexpr unsigned kDoubtShift = 4;

constexpr std::uint32_t flags_of(Doubt doubt) noexcept {
  return static_cast<std::uint32_t>(doubt) << kDoubtShift;
}
constexpr Doubt doubt_of(std::uint32_t flags) noexcept {
  return static_cast<Doubt>(flags >> kDoubtShift & 7);
}

} // namespace

OutOfOrderStore::OutOfOrderStore(std::size_t memory_bytes, std::uint32_t bytes_max,
                                 OverlapPolicy policy)
    : pool_(kSlabBytes, std::max<std::size_t>(memory_bytes / kSlabBytes, 4)),
      bytes_max_(bytes_max),
      policy_(policy) {
  XDPCAP_CHECK(bytes_max != 0);
}

bool OutOfOrderStore::is_sound(Anchor anchor) const noexcept {
  constexpr int kPiecesMax = 64; // a check must not make a long list a slow one
  SlabPool::Index at = head(anchor).next[0];
  std::uint32_t bytes = 0;
  for (int piece = 0; at != none && piece < kPiecesMax; ++piece) {
    const Node& here = node(at);
    if (here.length == 0 || ((here.flags & kAbsent) == 0 && here.length > kRoom)) return false;
    bytes += here.length;
    at = here.next[0];
    if (at != none && distance(here.seq + here.length, node(at).seq) < 0) return false;
  }
  return at == none ? bytes == head(anchor).bytes : bytes < head(anchor).bytes;
}

// The last piece that begins before `seq`, or `none` for the head. `path`, where
// given, gets the last such piece of every level.
SlabPool::Index OutOfOrderStore::last_before(Anchor anchor, Seq seq, Links* path) const noexcept {
  SlabPool::Index at = none;
  for (std::size_t level = kLevels; level-- > 0;) {
    for (;;) {
      const SlabPool::Index next = links(anchor, at)[level];
      if (next == none || distance(node(next).seq, seq) <= 0) break;
      at = next;
    }
    if (path != nullptr) (*path)[level] = at;
  }
  return at;
}

std::size_t OutOfOrderStore::random_level() noexcept {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  std::size_t level = 0;
  for (std::uint64_t bits = random_; level + 1 < kLevels && (bits & 7) == 0; bits >>= 3) ++level;
  return level;
}

bool OutOfOrderStore::new_wins(const OutOfOrderSegment& segment, std::uint32_t length,
                               const Node& old) const noexcept {
  if (const Doubt doubt = doubt_of(old.flags); doubt != segment.doubt) return segment.doubt < doubt;
  const std::int32_t ahead = distance(segment.seq, old.seq); // > 0: the new one begins before
  const bool longer = distance(old.seq + old.length, segment.seq + length) > 0;
  switch (policy_) {
    case OverlapPolicy::first:
      return false;
    case OverlapPolicy::bsd:
      return ahead > 0;
    case OverlapPolicy::linux:
      return ahead > 0 || (ahead == 0 && longer);
    case OverlapPolicy::last:
      return true;
  }
  XDPCAP_UNREACHABLE();
}

// Compares the bytes that a held piece and the segment share, and lets the
// segment's win where the policy says so, in place. Answers whether they differ.
bool OutOfOrderStore::merge(SlabPool::Index old, const OutOfOrderSegment& segment,
                            std::uint32_t length) noexcept {
  Node& held = node(old);
  const std::int32_t from = std::max(0, distance(segment.seq, held.seq));
  const std::int32_t to = std::min(distance(segment.seq, held.seq + held.length),
                                   static_cast<std::int32_t>(segment.data.size()));
  if ((held.flags & kAbsent) != 0 || from >= to) return false;
  const std::byte* fresh = segment.data.data() + from;
  const auto inside = static_cast<std::uint32_t>(
      distance(held.seq, segment.seq + static_cast<std::uint32_t>(from)));
  std::byte* kept = data(old) + inside;
  const std::size_t bytes = static_cast<std::size_t>(to - from);
  XDPCAP_CHECK(inside + bytes <= held.length && held.length <= kRoom);
  const bool wins = new_wins(segment, length, held);
  if (wins && segment.doubt < doubt_of(held.flags)) {
    // It waits for nothing that only the doubtful one acknowledged.
    if (segment.has_ack && ((held.flags & kHasAck) == 0 || distance(segment.ack, held.ack) > 0)) {
      held.ack = segment.ack;
      held.flags |= kHasAck;
    }
    // A piece whose bytes are all replaced by less doubtful ones is as doubtful as these.
    if (bytes == held.length)
      held.flags = (held.flags & ~std::uint32_t{kDoubt}) | flags_of(segment.doubt);
  }
  if (std::memcmp(kept, fresh, bytes) == 0) return false;
  if (wins) std::memcpy(kept, fresh, bytes);
  return true;
}

bool OutOfOrderStore::insert(Anchor anchor, const Node& fresh, Bytes bytes) noexcept {
  XDPCAP_CHECK(bytes.size() <= kRoom && (bytes.empty() || bytes.size() == fresh.length));
  const SlabPool::Index index = pool_.allocate();
  if (index == none) return false;
  Links path;
  last_before(anchor, fresh.seq, &path);
  Node& placed = node(index);
  placed = fresh;
  placed.next.fill(none);
  if (!bytes.empty()) std::memcpy(data(index), bytes.data(), bytes.size());
  for (std::size_t level = 0, top = random_level(); level <= top; ++level) {
    SlabPool::Index& before = links(anchor, path[level])[level];
    placed.next[level] = before;
    before = index;
  }
  head(anchor).bytes += fresh.length;
  return true;
}

// Holds the bytes [from, to) of the segment, which nobody holds yet. Answers
// how many there was room for.
std::uint32_t OutOfOrderStore::put(Anchor anchor, const OutOfOrderSegment& segment,
                                   std::uint32_t from, std::uint32_t to,
                                   bool& first_of_frame) noexcept {
  XDPCAP_CHECK(from < to);
  const auto there = static_cast<std::uint32_t>(segment.data.size());
  std::uint32_t at = from;
  while (at < to) {
    const bool absent = at >= there;
    const std::uint32_t end =
        absent ? to : std::min({to, there, at + static_cast<std::uint32_t>(kRoom)});
    if (head(anchor).bytes + (end - at) > bytes_max_) break;
    Node fresh{};
    fresh.seq = segment.seq + at;
    fresh.length = end - at;
    fresh.ack = segment.ack;
    fresh.arrived = segment.arrived;
    fresh.flags = (segment.has_ack ? kHasAck : 0U) |
                  (at == 0 && segment.at_segment_start ? kSegmentStart : 0U) |
                  (absent ? kAbsent : 0U) | (first_of_frame ? kFirstOfFrame : 0U) |
                  flags_of(segment.doubt);
    if (!insert(anchor, fresh, absent ? Bytes{} : segment.data.subspan(at, end - at))) break;
    first_of_frame = false;
    at = end;
  }
  return at - from;
}

HoldResult OutOfOrderStore::hold(Anchor& anchor, const OutOfOrderSegment& segment) noexcept {
  HoldResult result;
  const std::uint32_t length =
      static_cast<std::uint32_t>(segment.data.size()) + segment.cut_by_snaplen;
  XDPCAP_CHECK(length != 0);
  if (anchor == none) {
    anchor = pool_.allocate();
    if (anchor == none) return {.no_room = true};
    head(anchor).next.fill(none);
    head(anchor).bytes = 0;
  }

  // Walk the held pieces that the segment meets, and put what lies between them.
  SlabPool::Index before = last_before(anchor, segment.seq, nullptr);
  const bool covers =
      before != none && distance(segment.seq, node(before).seq + node(before).length) > 0;
  SlabPool::Index old = covers ? before : links(anchor, before)[0];
  bool first_of_frame = !segment.counted;
  std::uint32_t at = 0;
  while (at < length && !result.no_room) {
    const std::uint32_t gap_end = old == none
                                      ? length
                                      : static_cast<std::uint32_t>(std::clamp<std::int64_t>(
                                            distance(segment.seq, node(old).seq), at, length));
    if (gap_end > at) {
      const std::uint32_t stored = put(anchor, segment, at, gap_end, first_of_frame);
      result.held |= stored != 0;
      result.no_room = stored != gap_end - at;
    }
    if (old == none || gap_end == length) break;
    result.conflict |= merge(old, segment, length);
    const std::int32_t old_end = distance(segment.seq, node(old).seq + node(old).length);
    at = std::max(gap_end, static_cast<std::uint32_t>(std::max(old_end, 0)));
    old = node(old).next[0];
  }
  XDPCAP_DCHECK(is_sound(anchor));
  if (head(anchor).next[0] == none) drop_all(anchor);
  XDPCAP_CHECK(!result.held || anchor != none);
  return result;
}

OutOfOrderPiece OutOfOrderStore::front(Anchor anchor) const noexcept {
  XDPCAP_CHECK(anchor != none);
  const SlabPool::Index index = head(anchor).next[0];
  XDPCAP_CHECK(index != none); // an empty list has no anchor
  const Node& first = node(index);
  const bool absent = (first.flags & kAbsent) != 0;
  return {.seq = first.seq,
          .length = first.length,
          .data = absent ? Bytes{} : Bytes{data(index), first.length},
          .ack = first.ack,
          .has_ack = (first.flags & kHasAck) != 0,
          .at_segment_start = (first.flags & kSegmentStart) != 0,
          .absent = absent,
          .doubt = doubt_of(first.flags),
          .first_of_frame = (first.flags & kFirstOfFrame) != 0,
          .arrived = first.arrived};
}

void OutOfOrderStore::drop_front(Anchor& anchor) noexcept {
  XDPCAP_CHECK(anchor != none);
  XDPCAP_DCHECK(is_sound(anchor));
  Head& list = head(anchor);
  const SlabPool::Index index = list.next[0];
  XDPCAP_CHECK(index != none);
  const Node& first = node(index);
  XDPCAP_CHECK(first.length <= list.bytes);
  list.bytes -= first.length;
  for (std::size_t level = 0; level < kLevels && list.next[level] == index; ++level)
    list.next[level] = first.next[level];
  pool_.release(index);
  if (list.next[0] == none) {
    XDPCAP_CHECK(list.bytes == 0);
    pool_.release(anchor);
    anchor = none;
  }
}

std::uint32_t OutOfOrderStore::drop_all(Anchor& anchor) noexcept {
  if (anchor == none) return 0;
  std::uint32_t frames = 0;
  std::uint32_t bytes = 0;
  for (SlabPool::Index index = head(anchor).next[0]; index != none;) {
    const SlabPool::Index next = node(index).next[0];
    bytes += node(index).length;
    frames += (node(index).flags & kFirstOfFrame) != 0 ? 1U : 0U;
    pool_.release(index);
    index = next;
  }
  XDPCAP_CHECK(bytes == head(anchor).bytes);
  pool_.release(anchor);
  anchor = none;
  return frames;
}

std::uint32_t OutOfOrderStore::bytes(Anchor anchor) const noexcept {
  return anchor == none ? 0 : head(anchor).bytes;
}

} // namespace xdpcap::tcp
