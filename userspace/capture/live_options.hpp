#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/tap/tap_program.hpp"
#include "wire/filter.hpp"

namespace xdpcap::capture {

enum class CaptureMode {
  automatic, // tap where the host uses the interface, else mirror
  mirror,    // frames are taken from the interface: for a mirror port or a tap feed
  tap,       // packets of a live interface are cloned, both directions
};
enum class XdpMode { automatic, native, generic };
enum class CopyMode { automatic, copy, zero_copy };

struct LiveInterface {
  std::string name;
  std::vector<std::uint32_t> queues; // which receive queues; empty: all. Mirror mode only
};

struct LiveOptions {
  std::vector<LiveInterface> interfaces;
  CaptureMode mode = CaptureMode::automatic;
  XdpMode xdp = XdpMode::automatic;
  CopyMode copy = CopyMode::automatic;
  std::uint32_t workers = 1; // a tap gets as many queues
  wire::Filter filter;
  bool udp = false;    // datagrams are captured too
  bool tunnels = true; // frames that may carry TCP in a tunnel are captured too, unfiltered
  // Mirror mode even on the interface the host is reached by.
  bool steal = false;
  // Each queue locks frames_per_queue times 2 KiB of memory; longer frames come in
  // pieces (kernels before 6.6 with an MTU above 1770 or in generic mode: half as many frames of
  // 4 KiB). Both are powers of two, the ring not above the frames. So many frames may
  // wait while a worker does not run.
  std::uint32_t frames_per_queue = 16384;
  std::uint32_t ring = 16384;
  bool busy_poll = false;
  // In mirror mode with several queues: let both directions of a connection meet
  // in one queue, where the NIC can; put back afterwards.
  bool symmetric_rss = true;
  TapAttach tap_attach = TapAttach::best;
};

} // namespace xdpcap::capture
