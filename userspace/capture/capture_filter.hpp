#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/result.hpp"

struct xdpcap_filter_switches;

namespace xdpcap::capture {

// What the kernel side selects. A connection is wanted when either end is in
// `hosts` (if any are given) and either port in `ports` (if any are given).
// Frames that may carry TCP in a tunnel come unfiltered: the filter is about
// what is inside, and only user space can look there.
struct CaptureFilter {
  std::vector<std::string> hosts; // addresses or CIDR ranges: "10.0.0.0/8", "2001:db8::1"
  std::vector<std::uint16_t> ports;
};

// One range of addresses in network byte order.
struct HostRange {
  std::array<std::byte, 16> address{}; // the first four octets when IPv4
  bool is_v6 = false;
  std::uint32_t prefix_length = 0;
};

// The error says what a range looks like (ExitCode::usage).
Result<HostRange, Error> parse_host_range(std::string_view text);

// The filter maps of one loaded program and the switches that are part of its data.
struct FilterMaps {
  int hosts4_fd = -1, hosts6_fd = -1, ports_fd = -1;
  xdpcap_filter_switches* switches = nullptr;
};

// Writes a filter into empty maps and switches it on. To be called once, before
// the program is attached.
Result<void, Error> install_filter(const FilterMaps& maps, const CaptureFilter& filter);

} // namespace xdpcap::capture
