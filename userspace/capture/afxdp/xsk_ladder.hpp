#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "capture/afxdp/xdp_program.hpp"
#include "capture/afxdp/xsk_source.hpp"
#include "capture/live_options.hpp"
#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::capture {

// Up to this MTU a frame fits one buffer with every driver that was looked at; the
// strictest, veth, takes 3506 less VLAN tags.
inline constexpr std::uint32_t single_buffer_mtu_max = 3400;

// The device whose queues are to be received from.
struct LadderDevice {
  std::string name;
  unsigned index = 0;
  std::uint32_t mtu = 1500;
  std::vector<std::uint32_t> queues; // to be opened
  XdpProgramOptions program;         // `multi_buffer` is decided here
  wire::Filter filter;
};

// A program attached to a device and a source for each queue.
struct AttachedDevice {
  std::vector<std::unique_ptr<XskSource>> sources;
  XdpProgram program;         // last: destroyed, and so detached, before the sockets close
  std::uint32_t mtu_max = 0;  // above it frames may be dropped: what the device was opened for
  std::string rung;           // how it was done in the end: "native XDP, zero-copy"
  std::string what_was_tried; // and what was refused before; may be empty
};

// Native XDP with zero-copy, native with copy, generic: each rung that `options`
// allow is tried, the first that works is taken. In the network namespace of the
// calling thread. The error names all that was tried.
Result<AttachedDevice, Error> attach_device(const LadderDevice& device, const LiveOptions& options);

} // namespace xdpcap::capture
