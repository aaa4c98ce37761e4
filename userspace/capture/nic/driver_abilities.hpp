#pragma once

#include <cstdint>
#include <optional>

namespace xdpcap::capture {

// What a driver says about XDP (netdev netlink family, kernel 6.3).
struct DriverAbilities {
  bool native_xdp = false;   // NETDEV_XDP_ACT_BASIC and _REDIRECT
  bool zero_copy = false;    // NETDEV_XDP_ACT_XSK_ZEROCOPY
  bool multi_buffer = false; // NETDEV_XDP_ACT_RX_SG
};

// Asks without touching the interface. Nothing where the kernel has no such family.
std::optional<DriverAbilities> driver_abilities(unsigned ifindex);

} // namespace xdpcap::capture
