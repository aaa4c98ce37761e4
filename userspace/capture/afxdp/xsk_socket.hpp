#pragma once

#include <xdp/xsk.h>

#include <cstdint>
#include <memory>
#include <string>

#include "capture/afxdp/umem.hpp"

namespace xdpcap::capture {

struct XskOptions {
  std::string interface;
  std::uint32_t queue = 0;
  std::uint32_t ring = 8192; // descriptors in the RX ring, a power of two
  bool zero_copy = false;
  bool multi_buffer = false; // frames longer than a UMEM frame come in pieces (kernel 6.6)
  bool busy_poll = false;
};

// What the kernel lost on the way to one socket, since it was opened
// (struct xdp_statistics). Kernels before 5.9 know the first two only.
struct XskStatistics {
  std::uint64_t rx_dropped = 0;      // no frame in the fill ring, or longer than a frame
  std::uint64_t rx_invalid = 0;      // bad addresses; the kernel reports 0 for those it eats
  std::uint64_t rx_ring_full = 0;    // we were too slow
  std::uint64_t fill_ring_empty = 0; // of rx_dropped in copy mode; a hint, not a loss, in zero-copy
};

// An AF_XDP socket bound to one queue of one interface, receiving only, made by
// libxdp with its default program inhibited. One thread, except statistics().
class XskSocket {
 public:
  // `umem` outlives the socket. In the network namespace of the calling thread.
  // On failure null, and `error` is an errno: the caller has other rungs to try.
  static std::unique_ptr<XskSocket> open(Umem& umem, const XskOptions& options, int& error);
  ~XskSocket();
  XskSocket(const XskSocket&) = delete;
  XskSocket& operator=(const XskSocket&) = delete;

  [[nodiscard]] int fd() const noexcept { return ::xsk_socket__fd(socket_); }
  [[nodiscard]] xsk_ring_cons& ring() noexcept { return ring_; }

  // Any thread, no privilege.
  [[nodiscard]] XskStatistics statistics() const noexcept;
  [[nodiscard]] bool is_zero_copy() const noexcept;
  // Its interface was removed: nothing will come any more.
  [[nodiscard]] bool is_dead() const noexcept;

 private:
  XskSocket() = default;

  xsk_ring_cons ring_{}; // zeroed, see Umem
  xsk_socket* socket_ = nullptr;
};

} // namespace xdpcap::capture
