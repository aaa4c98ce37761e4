#include "capture/doctor.hpp"

#include <fmt/format.h>

#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "capture/afxdp/xsk_ladder.hpp"
#include "capture/live_options.hpp"
#include "capture/nic/attached_programs.hpp"
#include "capture/nic/driver_abilities.hpp"
#include "capture/nic/mode_choice.hpp"
#include "capture/nic/nic.hpp"
#include "capture/privileges.hpp"
#include "core/errors.hpp"
#include "os/ethtool.hpp"

namespace xdpcap::capture {
namespace {

struct KernelVersion {
  long major = 0, minor = 0;
  [[nodiscard]] bool at_least(long wanted_major, long wanted_minor) const {
    return major > wanted_major || (major == wanted_major && minor >= wanted_minor);
  }
};

class Examination {
 public:
  void ok(std::string what) { findings_.push_back({Health::ok, std::move(what), {}}); }
  void warn(std::string what, std::string fix) {
    findings_.push_back({Health::warn, std::move(what), std::move(fix)});
  }
  void bad(std::string what, std::string fix, ExitCode code = ExitCode::environment) {
    findings_.push_back({Health::bad, std::move(what), std::move(fix), code});
  }
  [[nodiscard]] std::vector<Finding> findings() && { return std::move(findings_); }

 private:
  std::vector<Finding> findings_;
};

void examine_kernel(Examination& result) {
  utsname system{};
  ::uname(&system);
  char* rest = nullptr;
  KernelVersion version;
  version.major = std::strtol(system.release, &rest, 10);
  version.minor = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : 0;
  const std::string kernel = fmt::format("Linux {}", system.release);
  if (version.at_least(6, 6)) {
    result.ok(kernel + " has all that is used: tcx links, frames in several buffers");
  } else if (version.at_least(5, 18)) {
    result.warn(kernel +
                    " has no tcx links (a killed tap leaves a tc filter until the next start) and "
                    "no jumbo frames",
                "use Linux 6.6 or later, for example linux-image-amd64 from bookworm-backports");
  } else {
    result.bad(kernel + " is older than what this is tested with", "use Linux 6.1 or later");
  }
}

void examine_btf(Examination& result) {
  if (::access("/sys/kernel/btf/vmlinux", R_OK) == 0) {
    result.ok("the kernel describes its types (BTF): processes of short connections are seen");
  } else {
    result.warn(
        "the kernel does not describe its types (BTF): processes of short connections are not seen",
        "use a kernel with CONFIG_DEBUG_INFO_BTF (Debian's have it), or mount /sys");
  }
}

void examine_privileges(Examination& result, const Nic& nic, bool tap) {
  const LiveOptions defaults;
  const std::uint64_t bytes = std::uint64_t{nic.queues} * defaults.frames_per_queue * 2048;
  if (auto missing = missing_privilege({.tap = tap, .locked_bytes = bytes})) {
    result.bad(missing->message, "sudo, or the setcap command above", missing->code);
  } else {
    result.ok("this process has every capability that a capture needs at its start");
  }
}

void examine_driver(Examination& result, const Nic& nic) {
  const std::string driver =
      nic.driver.empty() ? "its driver" : fmt::format("its driver {}", nic.driver);
  const auto abilities = driver_abilities(nic.link.index);
  const std::string tap_note =
      "mirror mode will use generic XDP, which is several times slower; tap mode does not care";
  if (!abilities) {
    result.warn(fmt::format("{}: this kernel does not say what {} can do with XDP (Linux 6.3 does)",
                            nic.link.name, driver),
                "start a capture: it tries native before generic XDP and says which it got");
  } else if (!abilities->native_xdp) {
    result.warn(fmt::format("{}: {} has no native XDP; generic XDP will do, several times slower",
                            nic.link.name, driver),
                "use a NIC whose driver has native XDP for a mirror port");
  } else if (!abilities->zero_copy) {
    result.ok(fmt::format("{}: {} has native XDP, without zero-copy", nic.link.name, driver));
  } else {
    result.ok(fmt::format("{}: {} has native XDP with zero-copy", nic.link.name, driver));
  }
  if (nic.link.mtu > single_buffer_mtu_max && abilities && !abilities->multi_buffer) {
    result.bad(fmt::format("{}: MTU {} needs frames in several buffers, which {} does not offer",
                           nic.link.name, nic.link.mtu, driver),
               fmt::format("for mirror mode: sudo ip link set dev {} mtu {}", nic.link.name,
                           single_buffer_mtu_max));
  } else if (nic.link.mtu > single_buffer_mtu_max) {
    result.ok(fmt::format("{}: MTU {} means frames in several buffers, which are joined",
                          nic.link.name, nic.link.mtu));
  }
}

void examine_queues(Examination& result, const Nic& nic, const os::Ethtool& ethtool) {
  const std::string& name = nic.link.name;
  if (nic.queues == 1) {
    result.ok(name + ": one receive queue, so both directions of a connection meet by themselves");
    return;
  }
  const auto rss = ethtool.rss();
  if (rss && rss->symmetric()) {
    result.ok(fmt::format("{}: {} receive queues, filled symmetrically", name, nic.queues));
  } else {
    result.warn(
        fmt::format(
            "{}: {} receive queues, and the two directions of a connection may come to different "
            "ones; "
            "mirror mode sets symmetric hashing where the NIC can, else workers hand frames over",
            name, nic.queues),
        fmt::format("sudo ethtool -L {} combined 1, if one processor keeps up", name));
  }
}

void examine_offloads(Examination& result, const Nic& nic, const os::Ethtool& ethtool) {
  const auto features = ethtool.features();
  const auto is_on = [&features](std::string_view feature) {
    const auto found = features.find(feature);
    return found != features.end() && found->second;
  };
  const std::string& name = nic.link.name;
  if (is_on("rx-lro")) {
    result.warn(
        name + ": LRO merges frames in hardware, and most drivers refuse native XDP with it",
        fmt::format("for mirror mode, on a port that is all yours: sudo ethtool -K {} lro off",
                    name));
  }
  if (is_on("rx-vlan-hw-parse")) {
    result.warn(name +
                    ": VLAN tags are taken off by hardware, so in mirror mode they are not seen; "
                    "nothing else is lost",
                fmt::format("on a port that is all yours: sudo ethtool -K {} rxvlan off", name));
  }
}

void examine_programs(Examination& result, const Nic& nic, bool tap) {
  const std::vector<std::string> others = programs_of_others(nic.link.index);
  if (others.empty()) {
    result.ok(nic.link.name + ": carries no XDP or tc program of another");
    return;
  }
  const std::string what = fmt::format("{}: carries {}", nic.link.name, fmt::join(others, ", "));
  if (nic.xdp_program && !tap) {
    result.warn(what + ", so mirror mode is not possible", "--mode tap, or stop what attached it");
  } else if (nic.xdp_program) {
    result.warn(what +
                    ": what the XDP program drops or redirects is not seen, as the host does not "
                    "see it either",
                "mirror mode instead, if the port is all yours and the program can be stopped");
  } else {
    result.warn(what + ": tap mode comes first and sees packets as they are before those",
                "nothing, unless they change or drop packets that you want to see so");
  }
}

} // namespace

std::vector<Finding> examine(const std::string& interface, CaptureMode wanted, bool steal) {
  Examination result;
  examine_kernel(result);
  examine_btf(result);
  const auto nic = inspect_nic(interface);
  if (!nic) {
    result.bad(nic.error().message, "name one of these", nic.error().code);
    return std::move(result).findings();
  }
  const auto mode = choose_mode(*nic, wanted, steal);
  const bool tap = mode.ok() && mode->mode == CaptureMode::tap;
  if (mode) {
    result.ok(mode->reason);
  } else {
    result.bad(mode.error().message, "as it says", mode.error().code);
    return std::move(result).findings();
  }
  examine_privileges(result, *nic, tap);
  if (!nic->link.up)
    result.warn(interface + ": is down", fmt::format("sudo ip link set dev {} up", interface));
  if (tap) {
    result.ok(interface +
              ": tap mode works with any driver, any number of queues and all offloads");
  } else {
    const os::Ethtool ethtool(interface);
    examine_driver(result, *nic);
    examine_queues(result, *nic, ethtool);
    examine_offloads(result, *nic, ethtool);
  }
  examine_programs(result, *nic, tap);
  return std::move(result).findings();
}

} // namespace xdpcap::capture
