#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/live_ledger.hpp"
#include "capture/live_options.hpp"
#include "capture/mode_choice.hpp"
#include "capture/nic.hpp"
#include "capture/port_settings.hpp"
#include "capture/problems.hpp"
#include "capture/tap_device.hpp"
#include "capture/tap_program.hpp"
#include "capture/xsk_ladder.hpp"

namespace xdpcap::capture {

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
  // nothing moves any more in the kernel, and has told the sources to finish.
  void stop();

  // Whether it still sees what the interface carries, and mends what it can; answers
  // what a person should know, a sentence each. To be called about each second, on
  // the thread that has CAP_NET_ADMIN if any has: mending needs it.
  std::vector<std::string> check(std::chrono::steady_clock::time_point now);
  // It has ended by itself: nothing will come any more. Why, in a sentence; else empty.
  [[nodiscard]] const std::string& why_over() const noexcept { return why_over_; }

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
  void end(Problem problem, std::string why);
  void check_link(const Link& now, Words& words);
  bool check_use(std::chrono::steady_clock::time_point now, Words& words);
  bool check_tap(Words& words);
  bool check_attachment(Words& words);
  void check_traffic(const Link& link, std::chrono::steady_clock::time_point now, Words& words);
  [[nodiscard]] std::uint64_t seen() const;

  Link link_; // as it was at the start; its statistics are the baseline
  CaptureMode mode_;
  bool by_itself_;  // see ChosenMode
  bool was_in_use_; // by the host, at the start
  std::chrono::steady_clock::time_point next_use_look_;
  bool symmetric_ = false;
  bool stopped_ = false;
  Problems problems_;
  std::uint64_t queue_dropped_ = 0; // by the tap's queueing discipline, when check() last asked
  std::string why_over_;
  // When the capture last saw something, and what the interface had counted then.
  std::chrono::steady_clock::time_point seen_at_;
  std::uint64_t seen_ = 0, counted_ = 0;
  std::optional<PromiscuousMode> promiscuous_;
  std::unique_ptr<SymmetricRss> rss_;
  std::optional<TapDevice> tap_device_;
  std::optional<AttachedDevice> device_;
  std::optional<TapProgram> tap_program_; // first to go
};

} // namespace xdpcap::capture
