#include "host/socket_dump.hpp"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "os/netlink.hpp"

namespace xdpcap::host {
namespace {

// tcpi_rcv_wnd of kernel 6.2, which the headers of older releases lack.
constexpr std::size_t kReceiveWindowAt =
    offsetof(tcp_info, tcpi_snd_wnd) + sizeof(tcp_info::tcpi_snd_wnd);

TcpInfo figures_of(const nlattr& attribute) {
  tcp_info info{};
  const auto* payload = static_cast<const std::byte*>(mnl_attr_get_payload(&attribute));
  const std::size_t bytes = mnl_attr_get_payload_len(&attribute);
  std::memcpy(&info, payload, std::min(bytes, sizeof info));

  TcpInfo figures;
  figures.rtt_ns = ns_of_us(info.tcpi_rtt);
  figures.rtt_var_ns = ns_of_us(info.tcpi_rttvar);
  // All ones: none measured yet.
  if (info.tcpi_min_rtt != UINT32_MAX) figures.min_rtt_ns = ns_of_us(info.tcpi_min_rtt);
  figures.rto_ns = ns_of_us(info.tcpi_rto);
  figures.congestion_window = info.tcpi_snd_cwnd;
  figures.slow_start_threshold = info.tcpi_snd_ssthresh;
  figures.mss = info.tcpi_snd_mss;
  figures.send_window = info.tcpi_snd_wnd;
  if (bytes >= kReceiveWindowAt + sizeof figures.receive_window) {
    std::memcpy(&figures.receive_window, payload + kReceiveWindowAt, sizeof figures.receive_window);
  }
  figures.unacked = info.tcpi_unacked;
  figures.lost = info.tcpi_lost;
  figures.sacked = info.tcpi_sacked;
  figures.retransmits = info.tcpi_total_retrans;
  figures.delivery_rate = info.tcpi_delivery_rate;
  figures.pacing_rate = info.tcpi_pacing_rate;
  figures.bytes_sent = info.tcpi_bytes_sent;
  figures.bytes_acked = info.tcpi_bytes_acked;
  figures.bytes_received = info.tcpi_bytes_received;
  figures.bytes_retransmitted = info.tcpi_bytes_retrans;
  figures.segments_out = info.tcpi_segs_out;
  figures.segments_in = info.tcpi_segs_in;
  return figures;
}

std::uint32_t memory_of(const nlattr& attribute) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> values{};
  std::memcpy(values.data(), mnl_attr_get_payload(&attribute),
              std::min<std::size_t>(mnl_attr_get_payload_len(&attribute), sizeof values));
  return values[SK_MEMINFO_RMEM_ALLOC] + values[SK_MEMINFO_WMEM_QUEUED];
}

int on_attribute(const nlattr* attribute, void* data) {
  Socket& socket = *static_cast<Socket*>(data);
  switch (mnl_attr_get_type(attribute)) {
    case INET_DIAG_INFO:
      if (socket.protocol == SocketProtocol::tcp) {
        const auto name =
            socket.tcp ? socket.tcp->congestion_control : decltype(TcpInfo::congestion_control){};
        socket.tcp = figures_of(*attribute);
        socket.tcp->congestion_control = name;
      }
      break;
    case INET_DIAG_CONG:
      if (!socket.tcp) socket.tcp.emplace();
      socket.tcp->congestion_control =
          std::string_view(static_cast<const char*>(mnl_attr_get_payload(attribute)),
                           ::strnlen(static_cast<const char*>(mnl_attr_get_payload(attribute)),
                                     mnl_attr_get_payload_len(attribute)));
      break;
    case INET_DIAG_SKMEMINFO:
      socket.memory = memory_of(*attribute);
      break;
    default:
      break;
  }
  return MNL_CB_OK;
}

int dump(int family, SocketProtocol protocol, const SocketVisitor& visit) {
  auto netlink = os::Netlink::open(NETLINK_SOCK_DIAG);
  if (!netlink) return EMFILE; // or memory, or a module
  os::NetlinkMessage room;
  nlmsghdr* request = room.begin(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
  auto& wanted = *static_cast<inet_diag_req_v2*>(
      mnl_nlmsg_put_extra_header(request, sizeof(inet_diag_req_v2)));
  wanted.sdiag_family = static_cast<std::uint8_t>(family);
  wanted.sdiag_protocol = protocol == SocketProtocol::tcp ? IPPROTO_TCP : IPPROTO_UDP;
  wanted.idiag_states = UINT32_MAX;
  for (const int extension : {INET_DIAG_INFO, INET_DIAG_CONG, INET_DIAG_SKMEMINFO}) {
    wanted.idiag_ext = static_cast<std::uint8_t>(wanted.idiag_ext | 1U << (extension - 1));
  }
  return netlink->request(*request, [&](const nlmsghdr& message) {
    if (auto socket = parse_socket(message, protocol)) visit(std::move(*socket));
  });
}

} // namespace

std::optional<Socket> parse_socket(const nlmsghdr& message, SocketProtocol protocol) {
  if (message.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
      mnl_nlmsg_get_payload_len(&message) < sizeof(inet_diag_msg)) {
    return std::nullopt;
  }
  inet_diag_msg about{};
  std::memcpy(&about, mnl_nlmsg_get_payload(&message), sizeof about);
  Socket socket;
  socket.protocol = protocol;
  // The kernel has no states for UDP but these two.
  socket.state = state_of(about.idiag_state);
  const unsigned version = about.idiag_family == AF_INET ? 4 : 6;
  socket.local = endpoint_of(version, about.id.idiag_src, ntohs(about.id.idiag_sport));
  socket.remote = endpoint_of(version, about.id.idiag_dst, ntohs(about.id.idiag_dport));
  socket.cookie = std::uint64_t{about.id.idiag_cookie[1]} << 32 | about.id.idiag_cookie[0];
  socket.receive_queue = about.idiag_rqueue;
  socket.send_queue = about.idiag_wqueue;
  socket.uid = about.idiag_uid;
  socket.inode = about.idiag_inode;
  mnl_attr_parse(&message, sizeof(inet_diag_msg), on_attribute, &socket);
  // What has no process any more is in no state to have figures.
  if (socket.state == SocketState::time_wait || socket.state == SocketState::listen)
    socket.tcp.reset();
  return socket;
}

int dump_sockets(const SocketVisitor& visit) {
  int worst = 0;
  for (const auto protocol : {SocketProtocol::tcp, SocketProtocol::udp}) {
    for (const int family : {AF_INET, AF_INET6}) {
      // A kernel without IPv6 or without a module for one of them has the others.
      if (const int error = dump(family, protocol, visit); error != 0 && error != ENOENT)
        worst = error;
    }
  }
  return worst;
}

} // namespace xdpcap::host
