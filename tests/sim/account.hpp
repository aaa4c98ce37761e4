#pragma once

#include <string>
#include <vector>

#include "sim/scenario.hpp"
#include "sim/topology.hpp"

// The ledger, against what the simulator itself has counted.
namespace xdpcap::sim {

std::vector<std::string> audit(const Scenario& scenario, const Traffic& traffic,
                               const Outcome& outcome);

// Something was given up for lack of memory, and the ledger says so.
bool ran_out_of_room(const Scenario& scenario, const engine::Ledger& ledger);

} // namespace xdpcap::sim
