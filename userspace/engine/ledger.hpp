#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/live_ledger.hpp"
#include "engine/frame_log.hpp"
#include "engine/host_thread.hpp"
#include "engine/pipeline.hpp"
#include "publish/records.hpp"

namespace xdpcap::engine {

// One line of the account: both sides must be equal when everything has come to
// rest. `left` is what went in, `right` the sum of where it ended.
struct Equation {
  std::string name;
  std::uint64_t left = 0;
  std::uint64_t right = 0;
  [[nodiscard]] bool holds() const noexcept { return left == right; }
};

// Where every frame and every message of a run went. A snapshot; the equations
// hold exactly once the workers have ended.
struct Ledger {
  std::vector<record::Counter> counts; // by name; zeroes too
  std::vector<Equation> equations;
  std::vector<publish::EndpointReport> sinks; // what became of the records at each endpoint

  // In tcpdump's words.
  std::uint64_t captured = 0;           // frames that reached a worker
  std::uint64_t received_by_filter = 0; // frames that the selection in the kernel saw
  std::uint64_t dropped_by_kernel = 0;  // wanted, and lost before a worker got them

  std::uint64_t requests = 0, responses = 0, messages_lost = 0, gaps = 0;

  [[nodiscard]] bool closes() const noexcept;
  // The sum over interfaces, queues and workers.
  [[nodiscard]] std::uint64_t total(std::string_view name) const noexcept;
};

// `workers` in order; `live` where frames came from interfaces, `host` where it is watched.
Ledger make_ledger(const std::vector<const Pipeline*>& workers,
                   const std::optional<capture::LiveLedger>& live,
                   const FrameLogWriter* log = nullptr, const HostThread* host = nullptr);

// For people. `in_full` lists every figure that is not zero and each equation.
std::string summary(const Ledger& ledger, bool in_full);

// The kernel's counts of a link go with the link: where `live` has none, those that were `seen`
// last are the newest. They only grow.
void add_link_figures(capture::LiveLedger& live, const capture::LiveLedger& seen);

} // namespace xdpcap::engine
