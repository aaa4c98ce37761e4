#pragma once

#include <cstdint>
#include <string>

#include "wire/frame.hpp"

namespace xdpcap::capture {

// The numbers that capture files use for link types
// (https://www.tcpdump.org/linktypes.html), both ways.
wire::LinkType link_of_number(std::uint32_t number) noexcept;
std::uint16_t number_of_link(wire::LinkType link) noexcept;

// For a person: "IEEE802_15_4 (195)".
std::string name_of_link_number(std::uint32_t number);

} // namespace xdpcap::capture
