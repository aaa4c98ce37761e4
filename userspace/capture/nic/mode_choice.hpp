#pragma once

#include <string>

#include "capture/live_options.hpp"
#include "capture/nic/nic.hpp"
#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::capture {

struct ChosenMode {
  CaptureMode mode = CaptureMode::tap; // never `automatic`
  std::string reason;                  // a sentence for the user
  bool by_itself = false; // mirror mode because nothing points there: only as long as that is so
};

// Which mode an interface is captured in. Harmless by default: XDP takes a frame
// away from the host, so mirror mode is chosen only where nothing at all points to the
// interface (uses_of), and refused where it would cut the host off, unless `steal`.
Result<ChosenMode, Error> choose_mode(const Nic& nic, CaptureMode wanted, bool steal);

} // namespace xdpcap::capture
