#pragma once

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
  static Result<std::unique_ptr<InterfaceCapture>, Error> open(const Nic& nic, const ChosenMode& mode,
                                                               const LiveInterface& wanted, const LiveOptions& options,
                                                               std::uint16_t number, std::vector<std::string>& notes);

  // No new frames from here on; what is under way still arrives. Returns when
  // nothing moves any more in the kernel, and has told the sources to finish.
  void stop();

  [[nodiscard]] InterfaceLedger ledger() const;
  [[nodiscard]] const std::vector<std::unique_ptr<XskSource>>& sources() const { return device_->sources; }
  [[nodiscard]] CaptureMode mode() const noexcept { return mode_; }
  [[nodiscard]] const Link& link() const noexcept { return link_; }

  // Both directions of a connection come to one queue for sure.
  [[nodiscard]] bool symmetric() const noexcept { return symmetric_; }

 private:
  InterfaceCapture(const Nic& nic, CaptureMode mode) : link_(nic.link), mode_(mode) {}
  Result<void, Error> open_mirror(const Nic& nic, const LiveInterface& wanted, const LiveOptions& options,
                                  std::uint16_t number, std::vector<std::string>& notes);
  Result<void, Error> open_tap(const LiveOptions& options, std::uint16_t number, std::vector<std::string>& notes);
  void wait_until_still() const;

  Link link_; // as it was at the start; its statistics are the baseline
  CaptureMode mode_;
  bool symmetric_ = false;
  bool stopped_ = false;
  std::optional<PromiscuousMode> promiscuous_;
  std::unique_ptr<SymmetricRss> rss_;
  std::optional<TapDevice> tap_device_;
  std::optional<AttachedDevice> device_;
  std::optional<TapProgram> tap_program_; // first to go
};

} // namespace xdpcap::capture
