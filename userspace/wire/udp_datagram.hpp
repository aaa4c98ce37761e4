#pragma once

#include <cstdint>

#include "core/bytes.hpp"
#include "core/instant.hpp"
#include "wire/segment.hpp"

namespace xdpcap::wire {

// A UDP datagram (RFC 768) that is no tunnel's. The payload is borrowed from its
// frame, or from the fragment store, and dies with the burst. Its checksum was not
// looked at.
struct UdpDatagram {
  Endpoint source, destination;
  std::uint16_t length = 0; // as the header says, its own 8 bytes included
  std::uint16_t checksum = 0;
  Bytes payload; // as far as it was captured
  Instant arrived;
  std::uint32_t wire_length = 0; // of the frame; of the last one, where there were fragments
  std::uint16_t interface = 0;   // see Frame
};

} // namespace xdpcap::wire
