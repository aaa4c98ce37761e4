#include "sim/replay.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "sim/oracle.hpp"
#include "sim/witness.hpp"

namespace xdpcap::sim {

bool replay(std::uint64_t seed, bool verbose) {
  Random random{seed};
  Scenario scenario = make_scenario(seed, random);
  if (std::getenv("XDPCAP_SIM_SEGMENTS") != nullptr)
    scenario.config.segments = engine::SegmentTopic::headers;
  if (verbose) fmt::print("{}", describe(scenario));
  const Traffic traffic = make_traffic(scenario, random);
  const Outcome outcome = run(scenario, traffic, random);
  const std::vector<std::string> wrong = judge(scenario, traffic, outcome);
  if (verbose) fmt::print("{}", engine::summary(outcome.ledger, true));
  for (std::size_t i = 0; verbose && i < traffic.connections.size(); ++i) {
    const std::string named = " " + traffic.connections[i].dialogue.name;
    const bool concerns = std::any_of(wrong.begin(), wrong.end(), [&](const std::string& words) {
      return words.find(named + ".") != std::string::npos ||
             words.find(named + ":") != std::string::npos ||
             words.find(fmt::format(":{} ", traffic.connections[i].envelope.client_port())) !=
                 std::string::npos;
    });
    if (concerns) fmt::print("{}", frames_text(traffic, outcome, i));
  }
  if (wrong.empty()) return true;
  if (!verbose) fmt::print("{}", describe(scenario));
  for (std::size_t i = 0; i < std::min<std::size_t>(wrong.size(), verbose ? 1000 : 5); ++i)
    fmt::print("  {}\n", wrong[i]);
  fmt::print("{} differences; again with: test_engine_sim --seed {} --verbose\n", wrong.size(),
             seed);
  return false;
}

} // namespace xdpcap::sim
