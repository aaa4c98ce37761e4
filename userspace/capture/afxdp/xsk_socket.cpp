#include "capture/afxdp/xsk_socket.hpp"

#include <linux/if_xdp.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace xdpcap::capture {
namespace {

// From headers newer than those we build with; the running kernel decides.
constexpr std::uint16_t kUseMultiBuffer = 1U << 4; // XDP_USE_SG, kernel 6.6
constexpr int kPreferBusyPoll = 69;                // SO_PREFER_BUSY_POLL, kernel 5.11
constexpr int kBusyPollBudget = 70;                // SO_BUSY_POLL_BUDGET, kernel 5.11
constexpr int kBusyPollMicroseconds = 20;
constexpr int kBusyPollFrames = 64;

// A queue's former pool is released by a work queue of the kernel after its
// socket was closed: "busy" may only mean "not yet".
constexpr int kBusyRetries = 40;
constexpr std::chrono::milliseconds kBusyPause{25};

// The first three fields are all that kernels before 5.9 fill.
constexpr socklen_t kOldStatisticsBytes = 3 * sizeof(std::uint64_t);

void switch_on_busy_poll(int fd) {
  // Best effort: without it the socket works by interrupts, as ever.
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, kPreferBusyPoll, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL, &kBusyPollMicroseconds, sizeof kBusyPollMicroseconds);
  ::setsockopt(fd, SOL_SOCKET, kBusyPollBudget, &kBusyPollFrames, sizeof kBusyPollFrames);
}

} // namespace

std::unique_ptr<XskSocket> XskSocket::open(Umem& umem, const XskOptions& options, int& error) {
  xsk_socket_config config{};
  config.rx_size = options.ring;
  config.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD;
  config.bind_flags = XDP_USE_NEED_WAKEUP;
  config.bind_flags =
      static_cast<std::uint16_t>(config.bind_flags | (options.zero_copy ? XDP_ZEROCOPY : XDP_COPY) |
                                 (options.multi_buffer ? kUseMultiBuffer : 0));
  std::unique_ptr<XskSocket> socket(
      new XskSocket()); // NOLINT(cppcoreguidelines-owning-memory): private constructor
  for (int attempt = 0; attempt < kBusyRetries; ++attempt) {
    socket->ring_ = {};
    error = -::xsk_socket__create(&socket->socket_, options.interface.c_str(), options.queue,
                                  umem.handle(), &socket->ring_, nullptr, &config);
    if (error != EBUSY) break;
    std::this_thread::sleep_for(kBusyPause);
  }
  if (error != 0) {
    socket->socket_ = nullptr;
    return nullptr;
  }
  if (options.busy_poll) switch_on_busy_poll(socket->fd());
  return socket;
}

XskSocket::~XskSocket() {
  if (socket_ != nullptr) ::xsk_socket__delete(socket_);
}

XskStatistics XskSocket::statistics() const noexcept {
  xdp_statistics kernel{};
  socklen_t length = sizeof kernel;
  if (::getsockopt(fd(), SOL_XDP, XDP_STATISTICS, &kernel, &length) != 0) return {};
  XskStatistics statistics{kernel.rx_dropped, kernel.rx_invalid_descs, 0, 0};
  if (length > kOldStatisticsBytes) { // else a full ring is part of rx_dropped
    statistics.rx_ring_full = kernel.rx_ring_full;
    statistics.fill_ring_empty = kernel.rx_fill_ring_empty_descs;
  }
  return statistics;
}

bool XskSocket::is_zero_copy() const noexcept {
  xdp_options options{};
  socklen_t length = sizeof options;
  return ::getsockopt(fd(), SOL_XDP, XDP_OPTIONS, &options, &length) == 0 &&
         (options.flags & XDP_OPTIONS_ZEROCOPY) != 0;
}

bool XskSocket::is_dead() const noexcept {
  // poll() says nothing about a removed interface; the socket's error does.
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == ENETDOWN;
}

} // namespace xdpcap::capture
