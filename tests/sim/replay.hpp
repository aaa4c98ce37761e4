#pragma once

#include <cstdint>

namespace xdpcap::sim {

// One run. Prints what is wrong, and everything else that is known of the run if `verbose`.
bool replay(std::uint64_t seed, bool verbose);

} // namespace xdpcap::sim
