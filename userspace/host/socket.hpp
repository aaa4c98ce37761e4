#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/instant.hpp"
#include "host/process.hpp"
#include "wire/segment.hpp"

namespace xdpcap::host {

// RFC 9293, 3.3.2, in that order.
enum class SocketState : std::uint8_t {
  closed,
  listen,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};

// From the kernel's numbers (include/net/tcp_states.h).
SocketState state_of(unsigned kernel_state) noexcept;

enum class SocketProtocol : std::uint8_t { tcp, udp };
enum class SocketEvent : std::uint8_t { seen, opened, closed };

// The kernel's tcp_info; bytes, and segments for windows of congestion control.
struct TcpFigures {
  Duration rtt{}, rtt_var{}, min_rtt{}, rto{};
  std::uint32_t congestion_window = 0;
  std::uint32_t slow_start_threshold = 0;
  std::uint32_t mss = 0;
  std::uint32_t send_window = 0;
  std::uint32_t receive_window = 0;
  std::uint32_t unacked = 0;
  std::uint32_t lost = 0;
  std::uint32_t sacked = 0;
  std::uint64_t retransmits = 0;
  std::uint64_t delivery_rate = 0;
  std::uint64_t pacing_rate = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_acked = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_retransmitted = 0;
  std::uint64_t segments_out = 0;
  std::uint64_t segments_in = 0;
  std::string congestion_control;
};

// A socket as the kernel has it. IPv4 that an IPv6 socket speaks is IPv4 here.
struct Socket {
  Instant at;
  SocketEvent event = SocketEvent::seen;
  SocketProtocol protocol = SocketProtocol::tcp;
  SocketState state = SocketState::closed;
  std::uint64_t cookie = 0;
  std::uint32_t network_namespace = 0;
  wire::Endpoint local, remote;
  ProcessRef process;
  std::optional<TcpFigures> tcp;
  std::uint32_t receive_queue = 0;
  std::uint32_t send_queue = 0;
  std::uint32_t memory = 0;
  std::uint32_t uid = 0;
  std::uint64_t inode = 0; // 0: no process has it any more
};

// From the words of the kernel: `words` are in network byte order, IPv4 uses the first.
wire::Address address_of(unsigned version, const std::uint32_t* words) noexcept;

} // namespace xdpcap::host
