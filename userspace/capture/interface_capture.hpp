#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/afxdp/xsk_ladder.hpp"
#include "capture/live_ledger.hpp"
#include "capture/live_options.hpp"
#include "capture/nic/mode_choice.hpp"
#include "capture/nic/nic.hpp"
#include "capture/nic/port_settings.hpp"
#include "capture/problems.hpp"
#include "capture/tap/tap_device.hpp"
#include "capture/tap/tap_program.hpp"

namespace xdpcap::capture {

// One place counts packets for a while, and the next one on their way sees none of them.
class Silence {
 public:
  // What both have counted until now.
  void update(std::chrono::steady_clock::time_point now, std::uint64_t counted,
              std::uint64_t saw) noexcept {
    if (!since_ || saw != saw_) {
      since_ = now;
      counted_ = counted;
      saw_ = saw;
    }
    missed_ = counted - counted_;
    seconds_ = std::chrono::duration_cast<std::chrono::seconds>(now - *since_);
  }
  [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }
  [[nodiscard]] std::chrono::seconds seconds() const noexcept { return seconds_; }

 private:
  std::optional<std::chrono::steady_clock::time_point> since_;
  std::uint64_t counted_ = 0, saw_ = 0, missed_ = 0;
  std::chrono::seconds seconds_{};
};

// One interface being captured, in mirror or in tap mode, with everything that
// was set up for it; taken down in the reverse order. One thread, the sources apart.
class InterfaceCapture {
 public:
  // `number` is the engine's number of the interface. What was done is appended
  // to `notes`, a sentence each.
  static Result<std::unique_ptr<InterfaceCapture>, Error> open(
      const Nic& nic, const ChosenMode& mode, const LiveInterface& wanted,
      const LiveOptions& options, std::uint16_t number, std::vector<std::string>& notes);

  // No new frames from here on; what is under way still arrives. Returns when
  // nothing moves any more in the kernel, and has asked the sources to finish.
  void stop();

  // Whether it still sees what the interface carries, and mends what it can; answers
  // what a person should know, a sentence each. To be called about each second, on
  // the thread that has CAP_NET_ADMIN if any has: mending needs it. The last time is
  // `at_end`: what is suspicious is then not watched any longer.
  std::vector<std::string> check(std::chrono::steady_clock::time_point now, bool at_end);
  // It has ended by itself: nothing will come any more. Why, in a sentence; else empty.
  [[nodiscard]] const std::string& why_over() const noexcept { return why_over_; }
  // Why frames are missed now, in a sentence; else empty.
  [[nodiscard]] std::string why_blind() const;

  [[nodiscard]] InterfaceLedger ledger() const;
  [[nodiscard]] const std::vector<std::unique_ptr<XskSource>>& sources() const {
    return device_->sources;
  }
  [[nodiscard]] CaptureMode mode() const noexcept { return mode_; }
  [[nodiscard]] const Link& link() const noexcept { return link_; }

  // Both directions of a connection come to one queue for sure.
  [[nodiscard]] bool symmetric() const noexcept { return symmetric_; }

 private:
  InterfaceCapture(const Nic& nic, const ChosenMode& mode)
      : link_(nic.link),
        mode_(mode.mode),
        by_itself_(mode.by_itself),
        was_in_use_(!nic.uses.empty()) {}
  Result<void, Error> open_mirror(const Nic& nic, const LiveInterface& wanted,
                                  const LiveOptions& options, std::uint16_t number,
                                  std::vector<std::string>& notes);
  Result<void, Error> open_tap(const LiveOptions& options, std::uint16_t number,
                               std::vector<std::string>& notes);
  Result<void, Error> attach_tap(const LiveOptions& options, std::uint16_t number,
                                 std::uint32_t mtu);
  void wait_until_still() const;
  using Words = std::vector<std::string>;
  // What is new is added to `words`. The message is kept as long as the problem exists.
  bool report(Problem problem, bool exists, std::string message, Words& words);
  void end(Problem problem, std::string why);
  void check_link(const Link& now, Words& words);
  bool check_use(std::chrono::steady_clock::time_point now, Words& words);
  bool check_tap(Words& words);
  bool check_attachment(Words& words);
  void check_traffic(const Link& link, std::chrono::steady_clock::time_point now, bool at_end,
                     Words& words);
  [[nodiscard]] std::uint64_t seen_by_xdp() const;

  Link link_; // as it was at the start; its statistics are the baseline
  CaptureMode mode_;
  bool by_itself_;  // see ChosenMode
  bool was_in_use_; // by the host, at the start
  std::chrono::steady_clock::time_point next_use_look_;
  bool symmetric_ = false;
  bool stopped_ = false;
  Problems problems_;
  std::array<std::string, Problems::size> messages_; // of those that exist
  std::uint64_t queue_dropped_ = 0; // by the tap's queueing discipline, when check() last asked
  std::string why_over_;
  Silence behind_interface_, behind_tap_;
  std::optional<PromiscuousMode> promiscuous_;
  std::unique_ptr<SymmetricRss> rss_;
  std::optional<TapDevice> tap_device_;
  std::optional<AttachedDevice> device_;
  std::optional<TapProgram> tap_program_; // first to go
};

} // namespace xdpcap::capture
