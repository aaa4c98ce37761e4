#include "engine/host_records.hpp"

namespace xdpcap::engine {
namespace {

static_assert(static_cast<int>(publish::TcpState::time_wait) ==
                  static_cast<int>(host::SocketState::time_wait) &&
              static_cast<int>(publish::TcpState::established) ==
                  static_cast<int>(host::SocketState::established));
static_assert(static_cast<int>(publish::SocketEvent::closed) ==
              static_cast<int>(host::SocketEvent::closed));
static_assert(static_cast<int>(publish::SocketProtocol::udp) ==
              static_cast<int>(host::SocketProtocol::udp));

publish::Process process_of(const host::Process& process) noexcept {
  return {.serial = process.serial,
          .pid = process.pid,
          .name = process.name,
          .command = process.command,
          .cgroup = process.cgroup,
          .container = process.container,
          .started_ns = process.started_ns,
          .uid = process.uid};
}

publish::TcpInfo tcp_info_of(const host::TcpFigures& figures) noexcept {
  return {.rtt = figures.rtt,
          .rtt_var = figures.rtt_var,
          .min_rtt = figures.min_rtt,
          .rto = figures.rto,
          .congestion_window = figures.congestion_window,
          .slow_start_threshold = figures.slow_start_threshold,
          .mss = figures.mss,
          .send_window = figures.send_window,
          .receive_window = figures.receive_window,
          .unacked = figures.unacked,
          .lost = figures.lost,
          .sacked = figures.sacked,
          .retransmits = figures.retransmits,
          .delivery_rate = figures.delivery_rate,
          .pacing_rate = figures.pacing_rate,
          .bytes_sent = figures.bytes_sent,
          .bytes_acked = figures.bytes_acked,
          .bytes_received = figures.bytes_received,
          .bytes_retransmitted = figures.bytes_retransmitted,
          .segments_out = figures.segments_out,
          .segments_in = figures.segments_in,
          .congestion_control = figures.congestion_control};
}

} // namespace

SocketRecordOf::SocketRecordOf(const host::Socket& socket) noexcept {
  record_.at = socket.at;
  record_.event = static_cast<publish::SocketEvent>(socket.event);
  record_.protocol = static_cast<publish::SocketProtocol>(socket.protocol);
  record_.state = static_cast<publish::TcpState>(socket.state);
  record_.cookie = socket.cookie;
  record_.network_namespace = socket.network_namespace;
  record_.local = socket.local;
  record_.remote = socket.remote;
  record_.receive_queue = socket.receive_queue;
  record_.send_queue = socket.send_queue;
  record_.memory = socket.memory;
  record_.uid = socket.uid;
  if (socket.process != nullptr) {
    process_ = process_of(*socket.process);
    record_.process = &process_;
  }
  if (socket.tcp) {
    tcp_ = tcp_info_of(*socket.tcp);
    record_.tcp = &tcp_;
  }
}

publish::InterfaceRecord interface_record(const host::InterfaceFacts& facts, Instant at,
                                          std::int16_t number,
                                          std::uint32_t network_namespace) noexcept {
  return {.at = at,
          .index = facts.index,
          .name = facts.name,
          .ipv4 = facts.ipv4,
          .ipv6 = facts.ipv6,
          .up = facts.up,
          .running = facts.running,
          .number = number,
          .mtu = facts.mtu,
          .speed = facts.speed,
          .driver = facts.driver,
          .mac = facts.mac,
          .xdp = facts.xdp,
          .xdp_program = facts.xdp_program,
          .xdp_name = facts.xdp_name,
          .network_namespace = network_namespace};
}

} // namespace xdpcap::engine
