#include "host/socket_dump.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/owned_fd.hpp"
#include "unit/host/netlink_bytes.hpp"

namespace xdpcap::host::test {
namespace {

std::string text_of(const record::Endpoint& endpoint) {
  const std::uint64_t words[] = {htobe64(endpoint.address_high), htobe64(endpoint.address_low)};
  const bool is_v4 = endpoint.ip_version == 4;
  const auto* address = reinterpret_cast<const std::byte*>(words) + (is_v4 ? 12 : 0);
  char text[INET6_ADDRSTRLEN];
  ::inet_ntop(is_v4 ? AF_INET : AF_INET6, address, text, sizeof text);
  return (is_v4 ? text : "[" + std::string(text) + "]") + ":" + std::to_string(endpoint.port);
}

inet_diag_msg about(int family, const char* local, const char* remote, std::uint8_t state = 1) {
  inet_diag_msg message{};
  message.idiag_family = static_cast<std::uint8_t>(family);
  message.idiag_state = state;
  message.id.idiag_sport = htons(80);
  message.id.idiag_dport = htons(4000);
  ::inet_pton(family, local, message.id.idiag_src);
  ::inet_pton(family, remote, message.id.idiag_dst);
  message.id.idiag_cookie[0] = 0x11111111;
  message.id.idiag_cookie[1] = 0x2;
  message.idiag_rqueue = 3;
  message.idiag_wqueue = 4;
  message.idiag_uid = 33;
  message.idiag_inode = 5555;
  return message;
}

tcp_info figures() {
  tcp_info info{};
  info.tcpi_rtt = 20'000;
  info.tcpi_rttvar = 1'000;
  info.tcpi_min_rtt = 19'000;
  info.tcpi_rto = 200'000;
  info.tcpi_snd_cwnd = 10;
  info.tcpi_snd_ssthresh = 2147483647;
  info.tcpi_snd_mss = 1448;
  info.tcpi_total_retrans = 7;
  info.tcpi_bytes_sent = 1'000'000;
  info.tcpi_bytes_retrans = 99;
  info.tcpi_segs_in = 17;
  info.tcpi_pacing_rate = UINT64_MAX;
  info.tcpi_snd_wnd = 65'000;
  return info;
}

TEST(SocketDump, ASocketIsReadFromItsMessage) {
  NetlinkBytes bytes(SOCK_DIAG_BY_FAMILY, about(AF_INET, "10.0.0.1", "10.0.0.2"));
  bytes.bytes(INET_DIAG_CONG, std::string_view("cubic\0", 6)).attribute(INET_DIAG_INFO, figures());
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  memory[SK_MEMINFO_RMEM_ALLOC] = 1000;
  memory[SK_MEMINFO_WMEM_QUEUED] = 200;
  bytes.attribute(INET_DIAG_SKMEMINFO, memory);

  const auto socket = parse_socket(bytes.message(), SocketProtocol::tcp);
  ASSERT_TRUE(socket);
  EXPECT_EQ(text_of(socket->local), "10.0.0.1:80");
  EXPECT_EQ(text_of(socket->remote), "10.0.0.2:4000");
  EXPECT_EQ(socket->state, SocketState::established);
  EXPECT_EQ(socket->cookie, 0x211111111U);
  EXPECT_EQ(socket->receive_queue, 3U);
  EXPECT_EQ(socket->send_queue, 4U);
  EXPECT_EQ(socket->uid, 33U);
  EXPECT_EQ(socket->inode, 5555U);
  EXPECT_EQ(socket->memory, 1200U);
  ASSERT_TRUE(socket->tcp);
  EXPECT_EQ(socket->tcp->rtt_ns, 20'000'000U);
  EXPECT_EQ(socket->tcp->min_rtt_ns, 19'000'000U);
  EXPECT_EQ(socket->tcp->slow_start_threshold, 2147483647U);
  EXPECT_EQ(socket->tcp->retransmits, 7U);
  EXPECT_EQ(socket->tcp->bytes_retransmitted, 99U);
  EXPECT_EQ(socket->tcp->pacing_rate, UINT64_MAX);
  EXPECT_EQ(socket->tcp->send_window, 65'000U);
  EXPECT_EQ(socket->tcp->congestion_control, "cubic");
}

TEST(SocketDump, AnOlderKernelSaysLessAndANewerOneMore) {
  struct Newer {
    tcp_info known;
    std::uint32_t receive_window = 64'000;
    std::uint32_t rehash = 1;
  } newer;
  newer.known = figures();
  NetlinkBytes more(SOCK_DIAG_BY_FAMILY, about(AF_INET, "10.0.0.1", "10.0.0.2"));
  // Its window stands right behind the last field known here, without padding.
  std::string bytes(reinterpret_cast<const char*>(&newer.known),
                    offsetof(tcp_info, tcpi_snd_wnd) + 4);
  bytes.append(reinterpret_cast<const char*>(&newer.receive_window), 8);
  more.bytes(INET_DIAG_INFO, bytes);
  EXPECT_EQ(parse_socket(more.message(), SocketProtocol::tcp)->tcp->receive_window, 64'000U);

  NetlinkBytes less(SOCK_DIAG_BY_FAMILY, about(AF_INET, "10.0.0.1", "10.0.0.2"));
  const tcp_info info = figures();
  less.bytes(INET_DIAG_INFO,
             {reinterpret_cast<const char*>(&info), offsetof(tcp_info, tcpi_pacing_rate)});
  const auto socket = parse_socket(less.message(), SocketProtocol::tcp);
  EXPECT_EQ(socket->tcp->rtt_ns, 20'000'000U);
  EXPECT_EQ(socket->tcp->bytes_sent, 0U);
}

TEST(SocketDump, Ipv4InAnIpv6SocketIsIpv4) {
  NetlinkBytes mapped(SOCK_DIAG_BY_FAMILY, about(AF_INET6, "::ffff:10.0.0.1", "::ffff:10.0.0.2"));
  EXPECT_EQ(text_of(parse_socket(mapped.message(), SocketProtocol::tcp)->local), "10.0.0.1:80");
  NetlinkBytes plain(SOCK_DIAG_BY_FAMILY, about(AF_INET6, "2001:db8::1", "2001:db8::2", 8));
  const auto socket = parse_socket(plain.message(), SocketProtocol::tcp);
  EXPECT_EQ(text_of(socket->local), "[2001:db8::1]:80");
  EXPECT_EQ(socket->state, SocketState::close_wait);
}

TEST(SocketDump, TheKernelsStatesHaveTheNamesOfTheRfc) {
  using enum schema::TcpState;
  const std::vector<SocketState> expected{established, syn_sent,  syn_received, fin_wait_1,
                                          fin_wait_2,  time_wait, closed,       close_wait,
                                          last_ack,    listen,    closing,      syn_received};
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ(state_of(static_cast<unsigned>(i + 1)), expected[i]) << i;
  EXPECT_EQ(state_of(99), closed);
}

TEST(SocketDump, UdpHasNoFigures) {
  NetlinkBytes bytes(SOCK_DIAG_BY_FAMILY, about(AF_INET, "10.0.0.1", "0.0.0.0", 7));
  const auto socket = parse_socket(bytes.message(), SocketProtocol::udp);
  EXPECT_EQ(socket->protocol, SocketProtocol::udp);
  EXPECT_EQ(socket->state, SocketState::closed);
  EXPECT_FALSE(socket->tcp);
}

TEST(SocketDump, AMessageThatIsCutIsNeverReadBeyond) {
  NetlinkBytes bytes(SOCK_DIAG_BY_FAMILY, about(AF_INET, "10.0.0.1", "10.0.0.2"));
  bytes.attribute(INET_DIAG_INFO, figures());
  for (std::size_t length = sizeof(nlmsghdr); length < bytes.size(); length += 4) {
    // Messages are whole words. A buffer of just that size, for the sanitizers to watch.
    std::vector<char> cut(length);
    std::memcpy(cut.data(), &bytes.message(length), length);
    const auto socket =
        parse_socket(*reinterpret_cast<const nlmsghdr*>(cut.data()), SocketProtocol::tcp);
    EXPECT_EQ(socket.has_value(), length >= sizeof(nlmsghdr) + sizeof(inet_diag_msg)) << length;
    EXPECT_FALSE(socket && socket->tcp) << length;
  }
  NetlinkBytes other(NLMSG_MIN_TYPE + 1, about(AF_INET, "10.0.0.1", "10.0.0.2"));
  EXPECT_FALSE(parse_socket(other.message(), SocketProtocol::tcp));
}

TEST(SocketDump, TheKernelReportsOurOwnSockets) {
  const OwnedFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  ASSERT_EQ(::listen(listener.get(), 7), 0);
  socklen_t bytes = sizeof name;
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&name), &bytes);
  std::vector<Socket> found;
  EXPECT_EQ(
      dump_sockets([&](Socket&& socket) {
        if (socket.local.port == ntohs(name.sin_port) && socket.state == SocketState::listen) {
          found.push_back(std::move(socket));
        }
      }),
      0);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(text_of(found[0].local), "127.0.0.1:" + std::to_string(ntohs(name.sin_port)));
  EXPECT_EQ(found[0].send_queue, 7U) << "of a listener: how many may wait";
  EXPECT_NE(found[0].cookie, 0U);
}

} // namespace
} // namespace xdpcap::host::test
