#include "host/socket.hpp"

#include <array>
#include <cstring>

namespace xdpcap::host {

SocketState state_of(unsigned kernel_state) noexcept {
  using enum SocketState;
  // TCP_ESTABLISHED is 1; the twelfth is a half-open request of older kernels, TCP_NEW_SYN_RECV.
  constexpr std::array kStates{closed, established, syn_sent, syn_received, fin_wait_1, fin_wait_2,  time_wait,
                               closed, close_wait,  last_ack, listen,       closing,    syn_received};
  return kernel_state < kStates.size() ? kStates[kernel_state] : closed;
}

wire::Address address_of(unsigned version, const std::uint32_t* words) noexcept {
  const auto* octets = reinterpret_cast<const std::byte*>(words);
  if (version == 4) return wire::Address::from_v4(octets);
  constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::memcmp(octets, kMapped.data(), kMapped.size()) == 0) return wire::Address::from_v4(octets + kMapped.size());
  wire::Address address;
  std::memcpy(address.octets.data(), octets, address.octets.size());
  return address;
}

} // namespace xdpcap::host
