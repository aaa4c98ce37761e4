#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capture/nic/links.hpp"
#include "core/error.hpp"
#include "core/result.hpp"
#include "os/network_namespace.hpp"

namespace xdpcap::capture {

// A pair of virtual Ethernet devices: packets cloned into the outer end, in this
// network namespace, come out of the inner end, in a namespace that only this
// process holds. Nothing speaks on it: no addresses, no ARP, no IPv6. Checksums
// are finished and VLAN tags are put back on the way in, so frames look as they
// would on a wire. Both ends go when this object, or the process, goes.
class TapDevice {
 public:
  // As many queues as given on both ends, and room for frames of `mtu` bytes
  // behind the Ethernet header. The outer end is still down: nothing may come
  // through before somebody listens.
  static Result<TapDevice, Error> create(std::uint32_t queues, std::uint32_t mtu);

  ~TapDevice();
  TapDevice(TapDevice&&) noexcept = default;
  TapDevice& operator=(TapDevice&&) = delete; // it would have to remove the target's devices

  // Brings the outer end up for the first time. 0 or an errno.
  [[nodiscard]] int bring_up() const;

  // The outer end is where others can reach it, and tools that know nothing of it set up what they
  // find: this undoes what they changed.
  struct Repair {
    std::vector<std::string_view> changes; // what somebody did, in words
    int error = 0;                         // why the last one of them could not be undone
  };
  [[nodiscard]] Repair repair(const Link& now);

  [[nodiscard]] const os::NetworkNamespace& inside() const noexcept { return inside_; }
  [[nodiscard]] unsigned outer_index() const noexcept { return outer_index_; }
  [[nodiscard]] const std::string& outer_name() const noexcept { return outer_name_; }
  [[nodiscard]] unsigned inner_index() const noexcept { return inner_index_; }
  static constexpr const char* inner_name = "capture";

  // What went through, was dropped by the device, and by its queueing discipline.
  struct Statistics {
    std::uint64_t sent = 0, dropped = 0, queue_dropped = 0;
    bool exact = false; // read just now: the device is there, and may be asked by this thread
  };
  // Without `queue_dropped`: the kernel lists the queueing disciplines of all its devices for that.
  [[nodiscard]] Statistics statistics() const;
  [[nodiscard]] std::uint64_t queue_dropped();

 private:
  void count_drops(std::uint64_t drops) noexcept;
  explicit TapDevice(os::NetworkNamespace inside) noexcept : inside_(std::move(inside)) {}
  Result<void, Error> make_pair(std::uint32_t queues, std::uint32_t mtu);
  Result<void, Error> prepare_inner(std::uint32_t queues);
  Result<void, Error> prepare_outer(std::uint32_t queues);

  os::NetworkNamespace inside_;
  std::string outer_name_;
  unsigned outer_index_ = 0;
  unsigned inner_index_ = 0;
  std::uint32_t queues_ = 1;
  std::uint64_t dropped_before_ = 0, dropped_ = 0; // by earlier disciplines and by this one
  std::vector<std::string> offloads_;              // that no driver switches off: normally none
};

} // namespace xdpcap::capture
