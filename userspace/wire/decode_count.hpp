#pragma once

#include <cstdint>
#include <string_view>

namespace xdpcap::wire {

// Why a frame is no TCP segment. Each is a bucket of the ledger: a frame lands
// in exactly one of them, or is a segment.
enum class NoSegment : std::uint8_t {
  not_ip,             // ARP, LLDP, spanning tree, encrypted wireless frames, ...
  udp,                // UDP that is no tunnel we know
  other_protocol,     // ICMP, SCTP, ESP, ...
  fragment_held,      // an IP fragment, stored; its datagram is not whole yet
  fragment_repeated,  // brought nothing new
  fragment_overlap,   // contradicts its datagram, or (IPv6, RFC 5722) overlaps it
  fragment_no_room,   // the budget for fragments is used up, or zero
  fragment_too_large, // ends beyond the 64 KiB of a datagram
  fragment_malformed, // empty, or not a multiple of 8 bytes although more follow
  cut_by_snaplen,     // the snap length cut a header, or a fragment
  truncated,          // a header speaks of more bytes than were on the wire
  bad_ip,             // impossible version, header length or total length
  bad_tcp,            // impossible header length
  bad_tunnel,         // a tunnel header that cannot be read (version, GRE routing, ...)
  bad_ip_checksum,
  bad_tcp_checksum,
  too_deep,         // more headers than DecodeOptions::depth_max
  tunnel_off,       // in a tunnel that is turned off
  unsupported_link, // LinkType::unsupported
  count_,
};

// What a decoder counts: each NoSegment, then these.
enum class DecodeCount : std::uint8_t {
  segments = static_cast<std::uint8_t>(NoSegment::count_), // frames that were segments
  // Of the segments:
  from_tunnel,        // inside of at least one tunnel other than VLAN tags
  from_fragments,     // put together from IP fragments
  checksum_offloaded, // left to the sender's hardware, so far as one can see: see ChecksumMode
  checksum_bad,       // and taken as doubtful: see ChecksumMode
  cut,                // the snap length took some of the payload
  // Where the frames of `fragment_held` went. What is in none of these is still held.
  fragments_joined,    // into a whole datagram
  fragments_expired,   // the rest did not come within 30 s
  fragments_evicted,   // for the room
  fragments_discarded, // with their IPv6 datagram, because of an overlap
  count_,
};

constexpr DecodeCount counter_of(NoSegment reason) noexcept {
  return static_cast<DecodeCount>(reason);
}

// The name as users see it in the ledger.
std::string_view name_of(NoSegment reason) noexcept;
std::string_view name_of(DecodeCount count) noexcept;

} // namespace xdpcap::wire
