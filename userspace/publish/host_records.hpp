#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/instant.hpp"
#include "publish/records.hpp"

// What the host's kernel says of its sockets and interfaces, as it is handed to an
// Encoder. Plain values; what is borrowed lives as long as the call. The enums have the
// numbers of schemas/xdpcap.fbs; the engine translates from host/, which publish/ does not know.
namespace xdpcap::publish {

struct Process {
  std::uint64_t serial = 0; // two with one number are the same, in every field; 0 is none
  std::uint32_t pid = 0;
  std::string_view name;
  std::string_view command; // arguments, parted by NUL
  std::string_view cgroup;
  std::string_view container;
  std::uint64_t started_ns = 0;
  std::uint32_t uid = 0;

  static constexpr std::size_t text_max = 4096; // bytes of one text that are published
};

// Figures of the kernel's tcp_info; bytes, segments where the schema says so.
struct TcpInfo {
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
  std::string_view congestion_control; // 16 bytes at most
};

enum class SocketProtocol : std::uint8_t { tcp, udp };
enum class SocketEvent : std::uint8_t { seen, opened, closed };

struct SocketRecord {
  Instant at;
  SocketEvent event = SocketEvent::seen;
  SocketProtocol protocol = SocketProtocol::tcp;
  TcpState state = TcpState::closed;
  std::uint64_t cookie = 0;
  std::uint32_t network_namespace = 0;
  wire::Endpoint local, remote;
  const Process* process = nullptr;
  const TcpInfo* tcp = nullptr;
  std::uint32_t receive_queue = 0;
  std::uint32_t send_queue = 0;
  std::uint32_t memory = 0;
  std::uint32_t uid = 0;
};

struct InterfaceRecord {
  Instant at;
  std::uint32_t index = 0;
  std::string_view name;
  std::span<const std::string> ipv4, ipv6;
  bool up = false;
  bool running = false;
  std::int16_t number = -1;
  std::uint32_t mtu = 0;
  std::uint32_t speed = 0; // Mbit/s
  std::string_view driver, mac, xdp;
  std::uint32_t xdp_program = 0;
  std::string_view xdp_name;
  std::uint32_t network_namespace = 0;
};

} // namespace xdpcap::publish
