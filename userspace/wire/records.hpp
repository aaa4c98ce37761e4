#pragma once

#include "core/bytes.hpp"
#include "record/records.hpp"
#include "wire/segment.hpp"
#include "wire/udp_datagram.hpp"

// As records have it (schemas/xdpcap.fbs).
namespace xdpcap::wire {

[[nodiscard]] inline record::Endpoint record_of(const Endpoint& endpoint) noexcept {
  const std::byte* bytes = endpoint.address.bytes.data();
  constexpr std::uint64_t kMapped = 0xffff; // ::ffff:a.b.c.d
  const std::uint64_t low = std::uint64_t{load_be32(bytes + 8)} << 32 | load_be32(bytes + 12);
  if (endpoint.address.is_v4())
    return {0, kMapped << 32 | static_cast<std::uint32_t>(low), endpoint.port, 4};
  return {std::uint64_t{load_be32(bytes)} << 32 | load_be32(bytes + 4), low, endpoint.port, 6};
}
// `payload_max`: bytes of it that are published.
[[nodiscard]] record::DatagramRecord record_of(const UdpDatagram& datagram,
                                               std::size_t payload_max) noexcept;

} // namespace xdpcap::wire
