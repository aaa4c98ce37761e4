#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/instant.hpp"
#include "core/live_clock.hpp"
#include "host/process.hpp"
#include "record/records.hpp"

namespace xdpcap::host {

using SocketState = schema::TcpState;
using record::TcpInfo;
using schema::SocketEvent;
using schema::SocketProtocol;

// From the kernel's numbers (include/net/tcp_states.h).
SocketState state_of(unsigned kernel_state) noexcept;

// A socket as the kernel has it. IPv4 that an IPv6 socket speaks is IPv4 here.
struct Socket : record::SocketRecord {
  Instant at;              // and at_ns
  std::uint64_t inode = 0; // 0: no process has it any more

  void set_time(Instant when) noexcept {
    at = when;
    at_ns = utc_ns(when);
  }
};

// From the words of the kernel: `words` are in network byte order, IPv4 uses the first.
record::Endpoint endpoint_of(unsigned version, const std::uint32_t* words,
                             std::uint16_t port) noexcept;

} // namespace xdpcap::host
