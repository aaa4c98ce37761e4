#include "capture/interface_capture.hpp"

#include <fmt/format.h>

#include <net/if_arp.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>

#include "capture/nic/host_use.hpp"
#include "core/errors.hpp"

namespace xdpcap::capture {
namespace {

constexpr std::uint32_t kTapQueuesMax = 128; // the tc program keeps the queue in eight bits
constexpr std::uint32_t kVethMtuMax = 65535;
constexpr std::uint32_t kVlanRoom = 8; // two tags may be put back into a frame

// The kernel is still when its counters stood still this often in a row.
constexpr std::chrono::milliseconds kStillPause{10};
constexpr int kStillChecks = 3;
constexpr int kStillChecksMax = 100;

// So many packets of an interface in so long a time, and none seen, are a reason to ask why.
constexpr std::chrono::seconds kSilence{3};
constexpr std::uint64_t kSilencePackets = 10;

constexpr int kUseShare = 20;

std::string describe(const std::string& name, const AttachedDevice& device, std::size_t queues) {
  std::string note =
      fmt::format("{}: {}, {} queue{}", name, device.rung, queues, queues == 1 ? "" : "s");
  if (!device.what_was_tried.empty())
    note += fmt::format(" (refused before: {})", device.what_was_tried);
  return note;
}

std::vector<std::uint32_t> first_queues(std::uint32_t count) {
  std::vector<std::uint32_t> queues(count);
  std::iota(queues.begin(), queues.end(), 0U);
  return queues;
}

} // namespace

Result<std::unique_ptr<InterfaceCapture>, Error> InterfaceCapture::open(
    const Nic& nic, const ChosenMode& mode, const LiveInterface& wanted, const LiveOptions& options,
    std::uint16_t number, std::vector<std::string>& notes) {
  std::unique_ptr<InterfaceCapture> capture(
      new InterfaceCapture(nic, mode)); // NOLINT: private constructor
  notes.push_back(mode.reason);
  if (capture->problems_.set(Problem::interface_down, !nic.link.up || !nic.link.running)) {
    notes.push_back(nic.link.name + ": is down; frames come when it is brought up");
  }
  auto opened = mode.mode == CaptureMode::tap
                    ? capture->open_tap(options, number, notes)
                    : capture->open_mirror(nic, wanted, options, number, notes);
  if (!opened) return std::move(opened).error();
  const std::vector<std::string> others = programs_of_others(nic.link.index);
  if (mode.mode == CaptureMode::tap && !others.empty()) {
    notes.push_back(fmt::format(
        "{}: carries {} as well; the capture sees packets as they are before the tc programs",
        nic.link.name, fmt::join(others, ", ")));
  }
  return capture;
}

Result<void, Error> InterfaceCapture::open_mirror(const Nic& nic, const LiveInterface& wanted,
                                                  const LiveOptions& options, std::uint16_t number,
                                                  std::vector<std::string>& notes) {
  const std::string& name = link_.name;
  for (const std::uint32_t queue : wanted.queues) {
    if (queue < nic.queues) continue;
    return usage("{} has no queue {}: it has {}, counted from 0 (ethtool -l {})", name, queue,
                 nic.queues, name);
  }
  LadderDevice device;
  device.name = name;
  device.index = link_.index;
  device.mtu = link_.mtu;
  device.queues = wanted.queues.empty() ? first_queues(nic.queues) : wanted.queues;
  device.program = {
      .interface = number, .queues = nic.queues, .tunnels = options.tunnels, .udp = options.udp};
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

// A tap's device and what receives from it, for frames of `mtu`.
Result<void, Error> InterfaceCapture::attach_tap(const LiveOptions& options, std::uint16_t number,
                                                 std::uint32_t mtu) {
  const std::uint32_t queues = std::clamp(options.workers, 1U, kTapQueuesMax);
  tap_device_.reset();
  auto tap = TapDevice::create(queues, mtu);
  if (!tap) return std::move(tap).error();
  tap_device_.emplace(std::move(*tap));

  LadderDevice device;
  device.name = TapDevice::inner_name;
  device.index = tap_device_->inner_index();
  device.mtu = mtu;
  device.queues = first_queues(queues);
  // The tc program selects; what reaches the tap is all wanted, and nothing else is behind it.
  device.program = {
      .interface = number, .queues = queues, .miss = MissAction::drop, .select = false};
  LiveOptions inner = options;
  // Generic XDP never sees cloned packets on current kernels, and veth has no zero-copy.
  inner.xdp = XdpMode::native;
  inner.copy = CopyMode::copy;
  std::optional<Result<AttachedDevice, Error>> attached;
  if (auto entered =
          tap_device_->inside().run([&] { attached.emplace(attach_device(device, inner)); });
      !entered) {
    return entered;
  }
  if (!attached->ok()) return std::move(*attached).error();
  device_.emplace(std::move(attached->value()));
  return {};
}

Result<void, Error> InterfaceCapture::open_tap(const LiveOptions& options, std::uint16_t number,
                                               std::vector<std::string>& notes) {
  // Frames of any length, as the interface's MTU may change; kernels before 6.6 want to know it.
  if (auto attached = attach_tap(options, number, kVethMtuMax); !attached) {
    if (attached.error().code != ExitCode::environment || link_.mtu > single_buffer_mtu_max)
      return attached;
    if (auto again = attach_tap(options, number, link_.mtu + kVlanRoom); !again) return again;
  }
  const auto queues = static_cast<std::uint32_t>(device_->sources.size());
  symmetric_ = true; // the tc program chooses the queue by a symmetric hash
  if (const int error = tap_device_->bring_up(); error != 0) {
    return environment("the tap cannot be brought up: {}", errno_text(error));
  }

  auto program = TapProgram::load({.tap_index = tap_device_->outer_index(),
                                   .queues = queues,
                                   .tunnels = options.tunnels,
                                   .udp = options.udp},
                                  options.filter);
  if (!program) return std::move(program).error();
  tap_program_.emplace(std::move(*program));
  auto how =
      tap_program_->attach(link_.index, options.tap_attach, link_.hardware_type == ARPHRD_LOOPBACK);
  if (!how) return std::move(how).error();
  notes.push_back(
      fmt::format("{}: copied by {} into {}", link_.name, *how, tap_device_->outer_name()));
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
  if (tap_device_) queue_dropped_ = tap_device_->queue_dropped();
  for (const auto& source : device_->sources) source->stop();
}

void InterfaceCapture::wait_until_still() const {
  const auto redirected = [this] {
    std::uint64_t sum = 0;
    for (const XdpCounts& queue : device_->program.counts()) sum += queue.redirected;
    return sum;
  };
  std::uint64_t before = redirected();
  for (int round = 0, still = 0; round < kStillChecksMax && still < kStillChecks; ++round) {
    std::this_thread::sleep_for(kStillPause);
    const std::uint64_t after = redirected();
    still = after == before ? still + 1 : 0;
    before = after;
  }
}

bool InterfaceCapture::report(Problem problem, bool exists, std::string message, Words& words) {
  const bool is_new = problems_.set(problem, exists);
  if (is_new) words.push_back(message);
  messages_[static_cast<std::size_t>(problem)] = exists ? std::move(message) : "";
  return is_new;
}

std::string InterfaceCapture::why_blind() const {
  if (!why_over_.empty()) return why_over_;
  for (const Problem problem : {Problem::tap_changed, Problem::mtu, Problem::no_frames}) {
    if (problems_.has(problem)) return messages_[static_cast<std::size_t>(problem)];
  }
  return "";
}

void InterfaceCapture::end(Problem problem, std::string why) {
  problems_.set(problem, true);
  why_over_ = std::move(why);
  stop();
}

std::vector<std::string> InterfaceCapture::check(std::chrono::steady_clock::time_point now,
                                                 bool at_end) {
  Words words;
  if (stopped_) return words;
  const auto link = link_now(link_.index);
  if (!link && link.error() != ENODEV) return words; // the next time
  if (!link) {
    end(Problem::interface_gone,
        fmt::format("{} is gone: it was removed or moved to another network namespace",
                    link_.name));
  } else if (check_tap(words) && check_attachment(words) && check_use(now, words)) {
    check_link(*link, words);
    if (tap_program_) queue_dropped_ = tap_device_->queue_dropped();
    check_traffic(*link, now, at_end, words);
  }
  if (!why_over_.empty()) words.push_back(why_over_);
  return words;
}

void InterfaceCapture::check_link(const Link& now, Words& words) {
  const bool was_down = problems_.has(Problem::interface_down);
  const bool is_down = !now.up || !now.running;
  if (!report(Problem::interface_down, is_down,
              fmt::format("{} went down; capture goes on when it is back", link_.name), words) &&
      was_down && !is_down) {
    words.push_back(fmt::format("{} is up again; capture goes on", link_.name));
  }
  report(Problem::mtu, now.mtu > device_->mtu_max,
         fmt::format("{}: its MTU is {} now, and longer frames than for an MTU of {} are lost to "
                     "this capture: start it again",
                     link_.name, now.mtu, device_->mtu_max),
         words);
}

// An interface that nothing used may get an address or a route. False: the capture is over.
bool InterfaceCapture::check_use(std::chrono::steady_clock::time_point now, Words& words) {
  if (mode_ != CaptureMode::mirror || was_in_use_ || now < next_use_look_) return true;
  HostPicture host = look_at_host(link_.index);
  host.programmed.clear(); // ours is among them
  // Tables may be large: at most a twentieth of the time goes into them.
  next_use_look_ = now + kUseShare * (std::chrono::steady_clock::now() - now);
  const std::vector<std::string> uses = uses_of(host, link_);
  const std::string use = uses.empty() ? "" : uses.front();
  if (!use.empty() && by_itself_) {
    end(Problem::in_use, fmt::format("the capture of {} has ended, as {} now, and mirror mode "
                                     "would take its TCP frames: start it "
                                     "again, or say --mode mirror",
                                     link_.name, use));
    return false;
  }
  report(Problem::in_use, !use.empty(),
         fmt::format("{}: {} now, and its TCP frames go to xdpcap only", link_.name, use), words);
  return true;
}

// The device of the tap belongs to this program, but others may reach it. False: the capture is
// over.
bool InterfaceCapture::check_tap(Words& words) {
  if (!tap_device_) return true;
  const std::string& name = tap_device_->outer_name();
  const auto tap = link_now(tap_device_->outer_index());
  if (!tap && tap.error() == ENODEV) {
    end(Problem::tap_gone,
        fmt::format("the capture of {} has ended: somebody removed its device {}, or moved it to "
                    "another network namespace; start it again",
                    link_.name, name));
    return false;
  }
  if (!tap) return true;
  const TapDevice::Repair repair = tap_device_->repair(*tap);
  const std::string changes = fmt::format("{}", fmt::join(repair.changes, ", "));
  if (!repair.changes.empty() && repair.error == 0) {
    words.push_back(
        fmt::format("{}: somebody changed its tap {} ({}); it is as it was again, and what came "
                    "meanwhile may be missing",
                    link_.name, name, changes));
  }
  report(Problem::tap_changed, repair.error != 0,
         fmt::format("{}: somebody changed its tap {} ({}), it cannot be put back ({}), and frames "
                     "may be missing: start the capture again",
                     link_.name, name, changes, errno_text(repair.error)),
         words);
  return true;
}

// False: the capture is over.
bool InterfaceCapture::check_attachment(Words& words) {
  if (!device_->program.attached()) {
    // The tap's end is in a namespace that may not be entered any more.
    const int error = tap_device_ ? EPERM : device_->program.attach_again();
    if (error != 0) {
      end(Problem::links_detached,
          fmt::format(
              "the capture of {} has ended: somebody detached its XDP program; start it again",
              link_.name));
      return false;
    }
    words.push_back(
        fmt::format("{}: somebody detached the XDP program of this capture; it is attached again, "
                    "and what came "
                    "meanwhile was not seen",
                    link_.name));
  }
  if (!tap_program_) return true;
  TapProgram::Standing standing = tap_program_->standing();
  if (!standing.attached) {
    if (const int error = tap_program_->attach_again(); error != 0) {
      end(Problem::links_detached, fmt::format("the capture of {} has ended: somebody detached its "
                                               "tc program, and the kernel does not let it attach "
                                               "again ({}); start it again",
                                               link_.name, errno_text(error)));
      return false;
    }
    words.push_back(fmt::format(
        "{}: somebody detached the tc program of this capture; it is attached again, and what came "
        "meanwhile was not seen",
        link_.name));
    standing = tap_program_->standing();
  }
  const bool was_preceded = problems_.has(Problem::preceded);
  if (!report(Problem::preceded, standing.preceded,
              fmt::format("{}: another tc program was put before that of this capture; what it "
                          "does not pass on is not seen: start the capture again to be first",
                          link_.name),
              words) &&
      was_preceded && !standing.preceded) {
    behind_interface_ = {}; // what others took is over
    words.push_back(
        fmt::format("{}: no other tc program is before that of this capture any more", link_.name));
  }
  return true;
}

std::uint64_t InterfaceCapture::seen_by_xdp() const {
  std::uint64_t sum = 0;
  for (const XdpCounts& queue : device_->program.counts()) sum += queue.seen;
  return sum;
}

// A suspicion, no proof: the driver counts what another program may take before us.
void InterfaceCapture::check_traffic(const Link& link, std::chrono::steady_clock::time_point now,
                                     bool at_end, Words& words) {
  const std::uint64_t by_xdp = seen_by_xdp();
  std::uint64_t counted = link.statistics.rx_packets, seen = by_xdp;
  if (tap_program_) {
    const TapCounts tap = tap_program_->counts();
    counted += link.statistics.tx_packets;
    seen = tap.seen;
    behind_tap_.update(now, tap.cloned + tap.clone_errors, by_xdp);
  }
  behind_interface_.update(now, counted, seen);
  const auto is_reason = [](const Silence& silence, bool at_once) {
    return silence.missed() >= kSilencePackets && (at_once || silence.seconds() >= kSilence);
  };
  const bool none_seen = is_reason(behind_interface_, at_end && problems_.has(Problem::preceded));
  const bool none_through = is_reason(behind_tap_, false);
  report(
      Problem::no_frames, none_seen || none_through,
      none_seen
          ? fmt::format("{}: it counts {} packets since {} s, and the capture sees none of "
                        "them; another program may take them before: see bpftool net, and "
                        "--doctor",
                        link_.name, behind_interface_.missed(), behind_interface_.seconds().count())
          : fmt::format("{}: {} packets went into its tap {} since {} s, and none came out; "
                        "somebody may have put a program on that device: see bpftool net",
                        link_.name, behind_tap_.missed(),
                        tap_device_ ? tap_device_->outer_name() : "",
                        behind_tap_.seconds().count()),
      words);
}

InterfaceLedger InterfaceCapture::ledger() const {
  InterfaceLedger ledger;
  ledger.interface = link_.name;
  ledger.mode = mode_;
  ledger.problems = problems_;
  if (const auto now = link_now(link_.index)) {
    ledger.nic_missed = now->statistics.rx_missed - link_.statistics.rx_missed;
    ledger.nic_dropped = now->statistics.rx_dropped - link_.statistics.rx_dropped;
  }
  if (tap_program_) {
    ledger.tap = {tap_program_->counts(), tap_device_->statistics()};
    ledger.tap.device.queue_dropped = queue_dropped_;
  }
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
