#pragma once

#include "core/error.hpp"
#include "core/result.hpp"
#include "wire/filter.hpp"

struct xdpcap_filter_switches;

namespace xdpcap::capture {

// The filter maps of one loaded program and the switches that are part of its data.
struct FilterMaps {
  int hosts4_fd = -1, hosts6_fd = -1, ports_fd = -1;
  xdpcap_filter_switches* switches = nullptr;
};

// Writes a filter into empty maps and switches it on; once, before the program is
// attached. The programs read it as wire::Filter does, with one difference:
// frames that may carry TCP in a tunnel go unfiltered, for the filter is about
// what is inside, where only user space can look.
Result<void, Error> install_filter(const FilterMaps& maps, const wire::Filter& filter);

} // namespace xdpcap::capture
