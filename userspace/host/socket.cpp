#include "host/socket.hpp"

#include <array>

#include "core/bytes.hpp"

namespace xdpcap::host {

SocketState state_of(unsigned kernel_state) noexcept {
  using enum schema::TcpState;
  // TCP_ESTABLISHED is 1; the twelfth is a half-open request of older kernels, TCP_NEW_SYN_RECV.
  constexpr std::array kStates{closed,     established, syn_sent,    syn_received, fin_wait_1,
                               fin_wait_2, time_wait,   closed,      close_wait,   last_ack,
                               listen,     closing,     syn_received};
  return kernel_state < kStates.size() ? kStates[kernel_state] : closed;
}

record::Endpoint endpoint_of(unsigned version, const std::uint32_t* words,
                             std::uint16_t port) noexcept {
  constexpr std::uint64_t kMapped = 0xffff; // ::ffff:a.b.c.d
  const auto* bytes = reinterpret_cast<const std::byte*>(words);
  const auto number = [bytes](std::size_t at) { return std::uint64_t{load_be32(bytes + at)}; };
  if (version == 4) return {0, kMapped << 32 | number(0), port, 4};
  const std::uint64_t high = number(0) << 32 | number(4), low = number(8) << 32 | number(12);
  const bool is_mapped = high == 0 && low >> 32 == kMapped;
  return {high, low, port, static_cast<std::uint8_t>(is_mapped ? 4 : 6)};
}

} // namespace xdpcap::host
