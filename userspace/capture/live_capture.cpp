#include "capture/live_capture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "capture/privileges.hpp"
#include "core/errors.hpp"

namespace xdpcap::capture {
namespace {

constexpr std::uint64_t kFrameBytes = 2048;
constexpr std::uint32_t kRingMin = 64; // a burst
constexpr std::chrono::seconds kCheckPeriod{1};

struct Plan {
  std::vector<Nic> nics;
  std::vector<ChosenMode> modes;
};

std::optional<Error> is_invalid_combination(const LiveOptions& options) {
  if (options.interfaces.empty())
    return usage("no interface is given: name one with -i, or list them with -D");
  if (!std::has_single_bit(options.frames_per_queue) || !std::has_single_bit(options.ring) ||
      options.ring > options.frames_per_queue || options.ring < kRingMin) {
    return usage(
        "{} frames and a ring of {} do not fit: both are powers of two, the ring at least {} and "
        "not above the frames",
        options.frames_per_queue, options.ring, kRingMin);
  }
  for (std::size_t i = 0; i < options.interfaces.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (options.interfaces[i].name == options.interfaces[j].name) {
        return usage("{} is given twice; list its queues in one -i", options.interfaces[i].name);
      }
    }
  }
  return std::nullopt;
}

Result<Plan, Error> make_plan(const LiveOptions& options) {
  Plan plan;
  for (const LiveInterface& interface : options.interfaces) {
    auto nic = inspect_nic(interface.name);
    if (!nic) return std::move(nic).error();
    auto mode = choose_mode(*nic, options.mode, options.steal);
    if (!mode) return std::move(mode).error();
    plan.nics.push_back(std::move(*nic));
    plan.modes.push_back(std::move(*mode));
  }
  return plan;
}

std::size_t queues_of(const Plan& plan, const LiveOptions& options) {
  std::size_t queues = 0;
  for (std::size_t i = 0; i < plan.nics.size(); ++i) {
    const std::size_t chosen = options.interfaces[i].queues.size();
    const std::size_t of_nic = chosen != 0 ? chosen : plan.nics[i].queues;
    queues += plan.modes[i].mode == CaptureMode::tap ? std::max(1U, options.workers) : of_nic;
  }
  return queues;
}

PrivilegeNeeds required_capabilities(const Plan& plan, const LiveOptions& options) {
  PrivilegeNeeds needs;
  needs.tap = std::any_of(plan.modes.begin(), plan.modes.end(),
                          [](const ChosenMode& mode) { return mode.mode == CaptureMode::tap; });
  needs.locked_bytes = queues_of(plan, options) * options.frames_per_queue * kFrameBytes;
  return needs;
}

} // namespace

Result<LiveCapture, Error> LiveCapture::open(const LiveOptions& options) {
  if (auto error = is_invalid_combination(options)) return *std::move(error);
  auto plan = make_plan(options);
  if (!plan) return std::move(plan).error();
  if (auto missing = missing_privilege(required_capabilities(*plan, options)))
    return *std::move(missing);

  LiveCapture capture;
  for (std::size_t i = 0; i < plan->nics.size(); ++i) {
    auto interface = InterfaceCapture::open(plan->nics[i], plan->modes[i], options.interfaces[i],
                                            options, static_cast<std::uint16_t>(i), capture.notes_);
    if (!interface) return std::move(interface).error();
    capture.interfaces_.push_back(std::move(*interface));
  }
  const std::size_t workers = std::max(1U, options.workers);
  std::vector<std::vector<XskSource*>> shares(workers);
  for (const auto& interface : capture.interfaces_) {
    std::size_t worker = 0;
    for (const auto& source : interface->sources())
      shares[worker++ % workers].push_back(source.get());
  }
  for (auto& share : shares) {
    capture.worker_sources_.push_back(
        share.empty() ? nullptr : std::make_unique<LiveSource>(std::move(share)));
  }
  return capture;
}

Result<std::size_t, Error> LiveCapture::count_queues(const LiveOptions& options) {
  if (auto error = is_invalid_combination(options)) return *std::move(error);
  const auto plan = make_plan(options);
  if (!plan) return plan.error();
  return queues_of(*plan, options);
}

bool LiveCapture::symmetric() const noexcept {
  return std::all_of(interfaces_.begin(), interfaces_.end(),
                     [](const auto& i) { return i->symmetric(); });
}

bool LiveCapture::only_taps() const noexcept {
  return std::all_of(interfaces_.begin(), interfaces_.end(),
                     [](const auto& interface) { return interface->mode() == CaptureMode::tap; });
}

std::vector<std::string> LiveCapture::check(bool at_end) {
  std::vector<std::string> words;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_check_ && !at_end) return words;
  next_check_ = now + kCheckPeriod;
  for (const auto& interface : interfaces_) {
    for (std::string& message : interface->check(now, at_end)) words.push_back(std::move(message));
  }
  return words;
}

bool LiveCapture::anything_left() const noexcept {
  return std::any_of(interfaces_.begin(), interfaces_.end(),
                     [](const auto& i) { return i->why_over().empty(); });
}

std::string LiveCapture::why_blind() const {
  std::vector<std::string> reasons;
  for (const auto& interface : interfaces_) {
    if (std::string reason = interface->why_blind(); !reason.empty())
      reasons.push_back(std::move(reason));
  }
  return fmt::format("{}", fmt::join(reasons, "; "));
}

LiveLedger LiveCapture::ledger() const {
  LiveLedger ledger;
  for (const auto& interface : interfaces_) ledger.interfaces.push_back(interface->ledger());
  return ledger;
}

void LiveCapture::stop() {
  for (const auto& interface : interfaces_) interface->stop();
}

LiveLedger LiveCapture::close() {
  stop();
  LiveLedger final_ledger = ledger();
  worker_sources_.clear();
  interfaces_.clear();
  return final_ledger;
}

} // namespace xdpcap::capture
