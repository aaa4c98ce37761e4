#pragma once

#include <string>
#include <vector>

#include "sim/scenario.hpp"
#include "sim/topology.hpp"

// What the engine published, against what was sent.
namespace xdpcap::sim {

// Every difference, in sentences; the first one matters.
std::vector<std::string> judge(const Scenario& scenario, const Traffic& traffic,
                               const Outcome& outcome);

} // namespace xdpcap::sim
