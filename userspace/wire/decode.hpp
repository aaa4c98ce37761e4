#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/counters.hpp"
#include "core/instant.hpp"
#include "core/result.hpp"
#include "wire/checksum_policy.hpp"
#include "wire/decode_count.hpp"
#include "wire/fragment_store.hpp"
#include "wire/frame.hpp"
#include "wire/segment.hpp"
#include "wire/tunnel.hpp"
#include "wire/udp_datagram.hpp"

namespace xdpcap::wire {

struct Cursor;
struct NextHeader;

struct DecodeOptions {
  TunnelSet tunnels = TunnelSet::all();
  ChecksumMode checksums = ChecksumMode::automatic;
  // Headers that a frame may have beyond those of a plain one, each tag, label,
  // tunnel and IPv6 extension header counted.
  unsigned depth_max = 24;
  // For datagrams that wait for their fragments, 65 KiB each. Reserved at the
  // start, committed as used. 0: fragments are refused.
  std::size_t fragment_bytes = std::size_t{8} << 20;
  bool datagrams = false; // keep what datagram() answers
};

// From a frame to the TCP segment in it: link, tags, tunnels and IP headers are
// taken off, fragments put together, lengths and checksums verified. The key of
// the segment is made of the innermost IP header. One for each worker; one
// thread; everything is allocated in the constructor.
class Decoder {
 public:
  explicit Decoder(const DecodeOptions& options);
  Decoder(const Decoder&) = delete; // the fragment store counts into `counters_`
  Decoder& operator=(const Decoder&) = delete;

  // The segment, its payload borrowed from the frame or, where it came in
  // fragments, from the decoder until end_burst(); or why there is none. Both are
  // counted.
  [[nodiscard]] Result<Segment, NoSegment> decode(const Frame& frame) noexcept;

  // With DecodeOptions::datagrams: the datagram of the frame for which decode()
  // answered NoSegment::udp just now.
  [[nodiscard]] const UdpDatagram& datagram() const noexcept { return datagram_; }

  // To be called when the segments of a burst are done with. `now` is the packet clock.
  void end_burst(Instant now) noexcept { fragments_.end_burst(now); }

  // Any thread may read them. Frames decoded = segments + the sum of all NoSegment.
  [[nodiscard]] const Counters<DecodeCount>& counters() const noexcept { return counters_; }

  // The segment of the frame for which decode() answered NoSegment::bad_tcp_checksum just now.
  // Its payload lives as long as one that was accepted.
  [[nodiscard]] const Segment& refused() const noexcept { return refused_; }

 private:
  [[nodiscard]] bool fill_plain(Segment& segment, const Frame& frame) noexcept;
  [[nodiscard]] std::optional<NoSegment> fill(Segment& segment, const Frame& frame) noexcept;
  [[nodiscard]] NextHeader advance(Cursor& cursor, NextHeader step, Instant arrived) noexcept;
  [[nodiscard]] NextHeader join(Cursor& cursor, Instant arrived) noexcept;
  [[nodiscard]] ChecksumResult judge_checksum(const Cursor& cursor) noexcept;
  void keep_datagram(const Cursor& cursor, const Frame& frame) noexcept;
  [[nodiscard]] NoSegment refuse(NoSegment why) noexcept;

  DecodeOptions options_;
  ChecksumPolicy checksums_;
  Counters<DecodeCount> counters_;
  FragmentStore fragments_;
  UdpDatagram datagram_;
  Segment refused_;
};

} // namespace xdpcap::wire
