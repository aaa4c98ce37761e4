#pragma once

#include <cstddef>
#include <cstdint>

#include "core/bytes.hpp"
#include "wire/checksum_policy.hpp"
#include "wire/frame.hpp"
#include "wire/tunnel.hpp"

// Inside of the decoder: the frame that nearly all are, recognised in one go.
namespace xdpcap::wire {

// Ethernet, one VLAN tag at most, IPv4 without options or IPv6 without extension headers, no
// fragment, TCP, all of it captured.
struct PlainFrame {
  const std::byte* ip = nullptr; // none: it is another frame, or a damaged one
  bool is_v6 = false;
  Bytes tcp; // from its header to the end of the packet, at least 20 bytes
};

inline PlainFrame find_plain(const Frame& frame, TunnelSet tunnels) noexcept {
  constexpr std::size_t kEthernet = 14, kTag = 4, kIpv4 = 20, kIpv6 = 40, kTcp = 20;
  constexpr std::uint8_t kTcpProtocol = 6;
  if (frame.link != LinkType::ethernet || frame.bytes.size() < kEthernet + kIpv4 + kTcp) return {};
  const std::byte* at = frame.bytes.data() + kEthernet;
  std::size_t left = frame.bytes.size() - kEthernet;
  if (load_be16(at - 2) == 0x8100 && tunnels.has(Tunnel::vlan)) {
    at += kTag;
    left -= kTag;
  }
  const std::uint16_t type = load_be16(at - 2);
  if (type == 0x0800) [[likely]] {
    const std::size_t total = load_be16(at + 2);
    if (load_u8(at) != 0x45 || (load_be16(at + 6) & 0x3fff) != 0 || // five words; no fragment
        load_u8(at + 9) != kTcpProtocol || total < kIpv4 + kTcp || total > left)
      return {};
    return {at, false, {at + kIpv4, total - kIpv4}};
  }
  if (type == 0x86dd && left >= kIpv6) {
    const std::size_t length = load_be16(at + 4);
    if (load_u8(at) >> 4 != 6 || load_u8(at + 6) != kTcpProtocol || length < kTcp ||
        length > left - kIpv6)
      return {};
    return {at, true, {at + kIpv6, length}};
  }
  return {};
}

// Both sums are right. The addresses lie right before the TCP header, so most of the pseudo-header
// is one piece with it.
inline bool has_right_sums(const PlainFrame& plain) noexcept {
  constexpr std::size_t kIpv4 = 20, kAddressesV4 = 8, kAddressesV6 = 32;
  if (!plain.is_v6 && !sums_up(add_to_sum(0, plain.ip, kIpv4))) return false;
  const std::size_t addresses = plain.is_v6 ? kAddressesV6 : kAddressesV4;
  return sums_up(add_to_sum(length_and_protocol_sum(plain.tcp.size()), plain.tcp.data() - addresses,
                            addresses + plain.tcp.size()));
}

} // namespace xdpcap::wire
