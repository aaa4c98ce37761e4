#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/bytes.hpp"
#include "core/counters.hpp"
#include "core/instant.hpp"
#include "core/region.hpp"
#include "wire/decode_count.hpp"
#include "wire/segment.hpp"

namespace xdpcap::wire {

// One IP fragment. Borrowed from its frame.
struct Fragment {
  Address source, destination;
  std::uint32_t id = 0;
  std::uint8_t protocol = 0; // IPv6: of the first header behind the fragment header
  bool is_v6 = false;
  bool more = false;
  std::uint32_t offset = 0; // in bytes
  Bytes bytes;
  Instant arrived;
};

// What fragments made: all that was behind the IP header. Borrowed from the
// store until end_burst().
struct Datagram {
  Bytes bytes;
  std::uint8_t protocol = 0;
  bool overlapped = false; // fragments disagreed or covered each other in part; IPv4 only
};

// Puts IPv4 (RFC 791) and IPv6 (RFC 8200, 4.5) datagrams together again. A fixed
// number of places, each with room for the largest datagram, so a fragment is
// copied once, to where it belongs. Pages are committed as they are used. One
// thread; never allocates after construction.
//
// Overlaps: IPv4 keeps the bytes that came first; hosts differ, and Linux discards the datagram
// since 4.20, so what they make is doubtful (Segment). IPv6 discards it (RFC 5722). A fragment
// that brings nothing new and does not contradict is a repeat, and harmless in both.
//
// Room: with all places taken, the datagram that waits longest makes way; with all lent out, the
// fragment is refused.
class FragmentStore {
 public:
  static constexpr std::size_t datagram_bytes_max = 65535;
  // As long as Linux waits (net.ipv4.ipfrag_time), from the first to come.
  static constexpr Duration timeout = std::chrono::seconds(30);

  // As many places as fit into `budget_bytes`; none at all where not one does.
  FragmentStore(std::size_t budget_bytes, Counters<DecodeCount>& counters);

  // Where the fragment went; nothing, where it completed a datagram, which is then in `whole`.
  [[nodiscard]] std::optional<NoSegment> add(const Fragment& fragment, Datagram& whole) noexcept;

  // Takes back what was lent and forgets what waited too long.
  void end_burst(Instant now) noexcept;

 private:
  enum class State : std::uint8_t { unused, waiting, discarded, lent };
  struct Place {
    Address source, destination;
    std::uint32_t id = 0;
    std::uint32_t units = 0; // received
    std::uint32_t end = 0;   // of the farthest fragment, in bytes
    std::uint32_t frames = 0;
    Instant first;
    std::uint8_t protocol = 0; // IPv6: of the fragment at offset 0, the only one to be believed
    bool is_v6 = false;
    bool last_seen = false; // `end` is the end of the datagram
    bool overlapped = false;
    State state = State::unused;
  };
  // Offsets count in units of 8 bytes, and one bit for each says that it came.
  static constexpr std::size_t kUnit = 8;
  static constexpr std::size_t kDataBytes = std::size_t{64} * 1024;
  static constexpr std::size_t kBitmapBytes = kDataBytes / kUnit / 8;
  static constexpr std::size_t kPlaceBytes = kDataBytes + kBitmapBytes;

  [[nodiscard]] static bool matches(const Place& place, const Fragment& fragment) noexcept;
  [[nodiscard]] Place* find(const Fragment& fragment) noexcept;
  [[nodiscard]] Place* open(const Fragment& fragment) noexcept;
  [[nodiscard]] Place* make_room() noexcept;
  [[nodiscard]] std::optional<NoSegment> put(Place& place, const Fragment& fragment,
                                             Datagram& whole) noexcept;
  void copy(Place& place, const Fragment& fragment) noexcept;
  [[nodiscard]] std::size_t units_there(const Place& place,
                                        const Fragment& fragment) const noexcept;
  [[nodiscard]] NoSegment reject_overlap(Place& place) noexcept;
  void abandon(Place& place, DecodeCount reason) noexcept;

  [[nodiscard]] std::byte* data(const Place& place) const noexcept;
  [[nodiscard]] std::byte* bitmap(const Place& place) const noexcept {
    return data(place) + kDataBytes;
  }

  Counters<DecodeCount>& counters_;
  std::vector<Place> places_;
  Region memory_;
  std::size_t busy_ = 0; // places in use; with none, a burst's end costs nothing
};

} // namespace xdpcap::wire
