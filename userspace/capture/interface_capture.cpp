#include "capture/interface_capture.hpp"

#include <net/if_arp.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>

#include "capture/sentence.hpp"

namespace xdpcap::capture {
namespace {

constexpr std::uint32_t kTapQueuesMax = 128; // the tc program keeps the queue in eight bits
constexpr std::uint32_t kVethMtuMax = 65535;
constexpr std::uint32_t kVlanRoom = 8; // two tags may be put back into a frame

// The kernel is still when its counters stood still this often in a row.
constexpr std::chrono::milliseconds kStillPause{10};
constexpr int kStillRounds = 3;
constexpr int kStillRoundsMax = 100;

std::string describe(const std::string& name, const AttachedDevice& device, std::size_t queues) {
  std::string note = fmt::format("{}: {}, {} queue{}", name, device.rung, queues, queues == 1 ? "" : "s");
  if (!device.what_was_tried.empty()) note += fmt::format(" (refused before: {})", device.what_was_tried);
  return note;
}

std::vector<std::uint32_t> first_queues(std::uint32_t count) {
  std::vector<std::uint32_t> queues(count);
  std::iota(queues.begin(), queues.end(), 0U);
  return queues;
}

} // namespace

Result<std::unique_ptr<InterfaceCapture>, Error> InterfaceCapture::open(const Nic& nic, const ChosenMode& mode,
                                                                        const LiveInterface& wanted,
                                                                        const LiveOptions& options,
                                                                        std::uint16_t number,
                                                                        std::vector<std::string>& notes) {
  std::unique_ptr<InterfaceCapture> capture(new InterfaceCapture(nic, mode.mode)); // NOLINT: private constructor
  notes.push_back(mode.reason);
  if (!nic.link.up) notes.push_back(nic.link.name + ": is down; frames come when it is brought up");
  auto opened = mode.mode == CaptureMode::tap ? capture->open_tap(options, number, notes)
                                              : capture->open_mirror(nic, wanted, options, number, notes);
  if (!opened) return std::move(opened).error();
  return capture;
}

Result<void, Error> InterfaceCapture::open_mirror(const Nic& nic, const LiveInterface& wanted,
                                                  const LiveOptions& options, std::uint16_t number,
                                                  std::vector<std::string>& notes) {
  const std::string& name = link_.name;
  for (const std::uint32_t queue : wanted.queues) {
    if (queue < nic.queues) continue;
    return usage("{} has no queue {}: it has {}, counted from 0 (ethtool -l {})", name, queue, nic.queues, name);
  }
  LadderDevice device;
  device.name = name;
  device.index = link_.index;
  device.mtu = link_.mtu;
  device.queues = wanted.queues.empty() ? first_queues(nic.queues) : wanted.queues;
  device.program = {.interface = number, .queues = nic.queues, .tunnels = options.tunnels, .udp = options.udp};
  device.filter = options.filter;

  symmetric_ = device.queues.size() == 1;
  // Before the program is attached: a driver may rebuild its rings for either.
  if (!symmetric_ && options.symmetric_rss) {
    rss_ = std::make_unique<SymmetricRss>(name);
    symmetric_ = rss_->symmetric();
    notes.push_back(rss_->note());
  }
  auto attached = attach_device(device, options);
  if (!attached) return std::move(attached).error();
  device_.emplace(std::move(*attached));
  notes.push_back(describe(name, *device_, device.queues.size()));
  auto promiscuous = PromiscuousMode::enter(link_.index);
  if (!promiscuous) return std::move(promiscuous).error();
  promiscuous_.emplace(std::move(*promiscuous));
  return {};
}

Result<void, Error> InterfaceCapture::open_tap(const LiveOptions& options, std::uint16_t number,
                                               std::vector<std::string>& notes) {
  const std::uint32_t queues = std::clamp(options.workers, 1U, kTapQueuesMax);
  const std::uint32_t mtu = std::min(link_.mtu + kVlanRoom, kVethMtuMax);
  auto tap = TapDevice::create(queues, mtu);
  if (!tap) return std::move(tap).error();
  tap_device_.emplace(std::move(*tap));

  LadderDevice device;
  device.name = TapDevice::inner_name;
  device.index = tap_device_->inner_index();
  device.mtu = mtu;
  device.queues = first_queues(queues);
  // The tc program selects; what reaches the tap is all wanted, and nothing else is behind it.
  device.program = {.interface = number, .queues = queues, .miss = MissAction::drop, .select = false};
  LiveOptions inner = options;
  // Generic XDP never sees cloned packets on current kernels, and veth has no zero-copy.
  inner.xdp = XdpMode::native;
  inner.copy = CopyMode::copy;
  std::optional<Result<AttachedDevice, Error>> attached;
  if (auto entered = tap_device_->inside().run([&] { attached.emplace(attach_device(device, inner)); }); !entered) {
    return entered;
  }
  if (!attached->ok()) return std::move(*attached).error();
  device_.emplace(std::move(attached->value()));
  symmetric_ = true; // the tc program chooses the queue by a symmetric hash

  auto program = TapProgram::load(
      {.tap_index = tap_device_->outer_index(), .queues = queues, .tunnels = options.tunnels, .udp = options.udp},
      options.filter);
  if (!program) return std::move(program).error();
  tap_program_.emplace(std::move(*program));
  auto how = tap_program_->attach(link_.index, options.tap_attach, link_.hardware_type == ARPHRD_LOOPBACK);
  if (!how) return std::move(how).error();
  notes.push_back(fmt::format("{}: copied by {} into {}", link_.name, *how, tap_device_->outer_name()));
  notes.push_back(describe(tap_device_->outer_name(), *device_, queues));
  return {};
}

void InterfaceCapture::stop() {
  if (stopped_) return;
  stopped_ = true;
  if (tap_program_) {
    tap_program_->detach();
    wait_until_still(); // what is in the veth still comes through
  }
  device_->program.remove_sockets();
  wait_until_still();
  for (const auto& source : device_->sources) source->stop();
}

void InterfaceCapture::wait_until_still() const {
  const auto redirected = [this] {
    std::uint64_t sum = 0;
    for (const XdpCounts& queue : device_->program.counts()) sum += queue.redirected;
    return sum;
  };
  std::uint64_t before = redirected();
  for (int round = 0, still = 0; round < kStillRoundsMax && still < kStillRounds; ++round) {
    std::this_thread::sleep_for(kStillPause);
    const std::uint64_t after = redirected();
    still = after == before ? still + 1 : 0;
    before = after;
  }
}

InterfaceLedger InterfaceCapture::ledger() const {
  InterfaceLedger ledger;
  ledger.interface = link_.name;
  ledger.mode = mode_;
  if (const auto links = all_links()) {
    if (const auto now = find_link(*links, link_.name); now && now->index == link_.index) {
      ledger.nic_missed = now->statistics.rx_missed - link_.statistics.rx_missed;
      ledger.nic_dropped = now->statistics.rx_dropped - link_.statistics.rx_dropped;
    }
  }
  if (tap_program_) ledger.tap = {tap_program_->counts(), tap_device_->statistics()};
  const std::vector<XdpCounts> counts = device_->program.counts();
  for (std::uint32_t queue = 0; queue < counts.size(); ++queue) {
    QueueLedger entry;
    entry.queue = queue;
    entry.xdp = counts[queue];
    for (const auto& source : device_->sources) {
      if (source->queue() != queue) continue;
      entry.socket = source->statistics();
      entry.delivered = source->counters().get(SourceCount::delivered);
      entry.delivered_bytes = source->counters().get(SourceCount::delivered_bytes);
      entry.joined = source->counters().get(SourceCount::joined);
      entry.untimed = source->counters().get(SourceCount::untimed);
      entry.oversize = source->counters().get(SourceCount::oversize);
    }
    ledger.queues.push_back(entry);
  }
  return ledger;
}

} // namespace xdpcap::capture
