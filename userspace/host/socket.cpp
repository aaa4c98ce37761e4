#include "host/socket.hpp"

#include <array>
#include <cstring>

namespace xdpcap::host {

SocketState state_of(unsigned kernel_state) noexcept {
  using enum SocketState;
  // TCP_ESTABLISHED is 1; the twelfth is a half-open request of older kernels, TCP_NEW_SYN_RECV.
  constexpr std::array kStates{closed,     established, syn_sent,    syn_received, fin_wait_1,
                               fin_wait_2, time_wait,   closed,      close_wait,   last_ack,
                               listen,     closing,     syn_received};
  return kernel_state < kStates.size() ? kStates[kernel_state] : closed;
}

wire::Address address_of(unsigned version, const std::uint32_t* words) noexcept {
  const auto* bytes = reinterpret_cast<const std::byte*>(words);
  if (version == 4) return wire::Address::from_v4(bytes);
  constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::memcmp(bytes, kMapped.data(), kMapped.size()) == 0)
    return wire::Address::from_v4(bytes + kMapped.size());
  wire::Address address;
  std::memcpy(address.bytes.data(), bytes, address.bytes.size());
  return address;
}

} // namespace xdpcap::host
