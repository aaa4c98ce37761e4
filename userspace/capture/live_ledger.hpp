#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "capture/afxdp/xdp_program.hpp"
#include "capture/afxdp/xsk_socket.hpp"
#include "capture/live_options.hpp"
#include "capture/problems.hpp"
#include "capture/tap/tap_device.hpp"
#include "capture/tap/tap_program.hpp"

namespace xdpcap::capture {

// Where every frame of one queue went. Once the capture has stopped and drained:
//
//   xdp.seen       = xdp.not_ip + xdp.not_tcp + xdp.malformed + xdp.filtered + xdp.no_socket +
//   xdp.redirected xdp.redirected = delivered + oversize + socket.rx_dropped + socket.rx_ring_full
//   + elsewhere()
//
// and elsewhere() is 0. While frames flow the figures are read one after the
// other, and elsewhere() also counts what is on its way.
struct QueueLedger {
  std::uint32_t queue = 0;
  XdpCounts xdp;
  XskStatistics socket;
  std::uint64_t delivered = 0; // frames that the worker got
  std::uint64_t delivered_bytes = 0;
  std::uint64_t joined = 0;
  std::uint64_t untimed = 0;
  std::uint64_t oversize = 0;

  [[nodiscard]] std::int64_t elsewhere() const noexcept {
    return static_cast<std::int64_t>(xdp.redirected) -
           static_cast<std::int64_t>(delivered + oversize + socket.rx_dropped +
                                     socket.rx_ring_full);
  }
};

// What happened before the queues of a tap: packets as tc saw them, then frames
// through the veth. On kernels whose veth queue was full, clone_errors of
// `program` are the packets that `device.queue_dropped` counts.
struct TapLedger {
  TapCounts program;
  TapDevice::Statistics device;

  [[nodiscard]] std::uint64_t dropped() const noexcept {
    return device.dropped + std::max(device.queue_dropped, program.clone_errors);
  }
};

struct InterfaceLedger {
  std::string interface;
  CaptureMode mode = CaptureMode::mirror;
  Problems problems; // that exist now
  // By the NIC and its driver, since the capture began; before XDP could count.
  std::uint64_t nic_missed = 0, nic_dropped = 0;
  TapLedger tap; // zeroes in mirror mode
  std::vector<QueueLedger> queues;
};

struct LiveLedger {
  std::vector<InterfaceLedger> interfaces;
};

} // namespace xdpcap::capture
