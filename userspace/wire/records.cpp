#include "wire/records.hpp"

#include <algorithm>

#include "core/live_clock.hpp"

namespace xdpcap::wire {

record::DatagramRecord record_of(const UdpDatagram& datagram, std::size_t payload_max) noexcept {
  return {.arrived_ns = utc_ns(datagram.arrived),
          .source = record_of(datagram.source),
          .destination = record_of(datagram.destination),
          .wire_length = datagram.wire_length,
          .length = datagram.length,
          .checksum = datagram.checksum,
          .payload = datagram.payload.first(std::min(datagram.payload.size(), payload_max)),
          .interface = datagram.interface};
}

} // namespace xdpcap::wire
