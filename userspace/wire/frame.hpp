#pragma once

#include <cstdint>

#include "core/bytes.hpp"
#include "core/instant.hpp"

namespace xdpcap::wire {

// What the first byte of a frame is. The values are ours; capture/ translates
// from LINKTYPE_ numbers (https://www.tcpdump.org/linktypes.html).
enum class LinkType : std::uint8_t {
  ethernet,   // LINKTYPE_ETHERNET 1
  linux_sll,  // LINKTYPE_LINUX_SLL 113
  linux_sll2, // LINKTYPE_LINUX_SLL2 276
  raw_ip,     // LINKTYPE_RAW 101, LINKTYPE_IPV4 228, LINKTYPE_IPV6 229: the IP version tells
  null,       // LINKTYPE_NULL 0: address family in the byte order of the writer
  loop,       // LINKTYPE_LOOP 108: the same in network byte order
  ppp,        // LINKTYPE_PPP 9, LINKTYPE_PPP_HDLC 50
  cisco_hdlc, // LINKTYPE_C_HDLC 104
  pppoe,      // LINKTYPE_PPP_ETHER 51: begins with the PPPoE header
  ieee802_11, // LINKTYPE_IEEE802_11 105
  radiotap,   // LINKTYPE_IEEE802_11_RADIOTAP 127: the same behind a radiotap header
  nflog,      // LINKTYPE_NFLOG 239
  unsupported,
};

// One frame as it was captured. Borrowed: it lives as long as the burst it came
// in, and no view into it may be kept longer.
struct Frame {
  Bytes bytes;                   // what was captured, which may be less than what was on the wire
  std::uint32_t wire_length = 0; // bytes on the wire; at least bytes.size()
  Instant arrived;
  LinkType link = LinkType::ethernet;
  std::uint16_t interface = 0; // index into the engine's list of interfaces
};

} // namespace xdpcap::wire
