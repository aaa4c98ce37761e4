#include "capture/tap/tap_device.hpp"

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include <cerrno>
#include <string_view>

#include "core/errors.hpp"
#include "core/tap_name.hpp"
#include "os/ethtool.hpp"
#include "os/netlink.hpp"

namespace xdpcap::capture {
namespace {

constexpr int kNamesMax = 1000;
constexpr std::uint32_t kQueuePackets =
    20'000; // a burst waits here; kernels whose veth has no backpressure drop it all the same
constexpr std::uint32_t kRootHandle = 0x10000; // 1:

// What one end of the pair is made with.
void describe_end(nlmsghdr* request, const char* name, std::uint32_t queues, std::uint32_t mtu) {
  mnl_attr_put_strz(request, IFLA_IFNAME, name);
  mnl_attr_put_u32(request, IFLA_NUM_TX_QUEUES, queues);
  mnl_attr_put_u32(request, IFLA_NUM_RX_QUEUES, queues);
  mnl_attr_put_u32(request, IFLA_MTU, mtu);
}

int make_veth(os::Netlink& netlink, const std::string& outer, int inside_fd, std::uint32_t queues,
              std::uint32_t mtu) {
  os::NetlinkMessage message;
  nlmsghdr* request = message.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg));
  describe_end(request, outer.c_str(), queues, mtu);
  nlattr* info = mnl_attr_nest_start(request, IFLA_LINKINFO);
  mnl_attr_put_strz(request, IFLA_INFO_KIND, "veth");
  nlattr* data = mnl_attr_nest_start(request, IFLA_INFO_DATA);
  nlattr* peer = mnl_attr_nest_start(request, VETH_INFO_PEER);
  mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg));
  describe_end(request, TapDevice::inner_name, queues, mtu);
  mnl_attr_put_u32(request, IFLA_NET_NS_FD, static_cast<std::uint32_t>(inside_fd));
  mnl_attr_nest_end(request, peer);
  mnl_attr_nest_end(request, data);
  mnl_attr_nest_end(request, info);
  return netlink.request(*request);
}

// No address comes by itself (addrconf of IPv6), so it solicits no router and joins
// no group. Needs no /proc/sys, which containers have read-only.
int keep_silent(os::Netlink& netlink, unsigned index) {
  os::NetlinkMessage message;
  nlmsghdr* request = message.begin(RTM_NEWLINK, 0);
  static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg)))->ifi_index =
      static_cast<int>(index);
  nlattr* families = mnl_attr_nest_start(request, IFLA_AF_SPEC);
  nlattr* ipv6 = mnl_attr_nest_start(request, AF_INET6);
  mnl_attr_put_u8(request, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  mnl_attr_nest_end(request, ipv6);
  mnl_attr_nest_end(request, families);
  const int error = netlink.request(*request);
  return error == EAFNOSUPPORT ? 0 : error; // a kernel without IPv6
}

int set_up(os::Netlink& netlink, unsigned index) {
  os::NetlinkMessage message;
  nlmsghdr* request = message.begin(RTM_NEWLINK, 0);
  auto* info = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg)));
  info->ifi_index = static_cast<int>(index);
  info->ifi_flags = IFF_UP | IFF_NOARP;
  info->ifi_change = IFF_UP | IFF_NOARP;
  return netlink.request(*request);
}

int release_port(os::Netlink& netlink, unsigned index) {
  os::NetlinkMessage message;
  nlmsghdr* request = message.begin(RTM_NEWLINK, 0);
  static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg)))->ifi_index =
      static_cast<int>(index);
  mnl_attr_put_u32(request, IFLA_MASTER, 0);
  return netlink.request(*request);
}

int remove_link(os::Netlink& netlink, unsigned index) {
  os::NetlinkMessage message;
  nlmsghdr* request = message.begin(RTM_DELLINK, 0);
  static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg)))->ifi_index =
      static_cast<int>(index);
  return netlink.request(*request);
}

int put_qdisc(os::Netlink& netlink, unsigned index, std::uint32_t parent, std::uint32_t handle,
              const char* kind) {
  os::NetlinkMessage message;
  nlmsghdr* request = message.begin(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
  auto* about = static_cast<tcmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(tcmsg)));
  about->tcm_ifindex = static_cast<int>(index);
  about->tcm_parent = parent;
  about->tcm_handle = handle;
  mnl_attr_put_strz(request, TCA_KIND, kind);
  if (std::string_view(kind) == "pfifo") {
    const tc_fifo_qopt options{kQueuePackets};
    mnl_attr_put(request, TCA_OPTIONS, sizeof options, &options);
  }
  return netlink.request(*request);
}

int remove_qdisc(os::Netlink& netlink, unsigned index) {
  os::NetlinkMessage message;
  nlmsghdr* request = message.begin(RTM_DELQDISC, 0);
  auto* about = static_cast<tcmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(tcmsg)));
  about->tcm_ifindex = static_cast<int>(index);
  about->tcm_parent = TC_H_ROOT;
  return netlink.request(*request);
}

const char* root_kind(std::uint32_t queues) {
  return queues == 1 ? "pfifo" : "mq";
}

// A plain queue before each transmit queue: a default of the host might be one
// that drops by delay. Without any, a full veth drops at once.
int put_queues(os::Netlink& netlink, unsigned index, std::uint32_t queues) {
  const char* root = root_kind(queues);
  if (const int error = put_qdisc(netlink, index, TC_H_ROOT, kRootHandle, root); error != 0)
    return error;
  if (queues == 1) return 0;
  for (std::uint32_t queue = 1; queue <= queues; ++queue) {
    const int error = put_qdisc(netlink, index, kRootHandle | queue, (queue + 1) << 16, "pfifo");
    if (error != 0) return error;
  }
  return 0;
}

// Everything that would let a packet into the tap unfinished: checksums left to
// hardware, segmentation left to hardware, VLAN tags beside the packet.
bool leaves_packets_unfinished(std::string_view feature) {
  return feature.starts_with("tx-checksum") ||
         (feature.starts_with("tx-") && feature.ends_with("-segmentation")) ||
         feature.starts_with("tx-gso") || feature == "tx-vlan-hw-insert" ||
         feature == "tx-vlan-stag-hw-insert";
}

std::vector<std::string> offloads_on(const os::Ethtool& ethtool) {
  std::vector<std::string> on;
  for (const auto& [name, is_on] : ethtool.features()) {
    if (is_on && leaves_packets_unfinished(name)) on.push_back(name);
  }
  return on;
}

} // namespace

Result<TapDevice, Error> TapDevice::create(std::uint32_t queues, std::uint32_t mtu) {
  auto inside = os::NetworkNamespace::create();
  if (!inside) return std::move(inside).error();
  TapDevice tap(std::move(*inside));
  if (auto made = tap.make_pair(queues, mtu); !made) return std::move(made).error();
  if (auto prepared = tap.prepare_inner(queues); !prepared) return std::move(prepared).error();
  if (auto prepared = tap.prepare_outer(queues); !prepared) return std::move(prepared).error();
  return tap;
}

TapDevice::~TapDevice() {
  // The namespace takes the pair with it, but only after its last socket is
  // gone and at the kernel's leisure; this is now.
  if (inside_.fd() < 0 || outer_index_ == 0) return;
  if (auto netlink = os::Netlink::open()) remove_link(*netlink, outer_index_);
}

Result<void, Error> TapDevice::make_pair(std::uint32_t queues, std::uint32_t mtu) {
  auto netlink = os::Netlink::open();
  if (!netlink) return std::move(netlink).error();
  int error = EEXIST;
  for (int number = 0; error == EEXIST && number < kNamesMax; ++number) {
    outer_name_ = fmt::format("{}{}", tap_name_prefix, number);
    error = make_veth(*netlink, outer_name_, inside_.fd(), queues, mtu);
  }
  if (error == EOPNOTSUPP) {
    return environment(
        "this kernel has no veth devices, which tap mode needs: sudo modprobe veth, or use --mode "
        "mirror");
  }
  if (error != 0) return environment("the tap's veth pair cannot be made: {}", errno_text(error));
  outer_index_ = ::if_nametoindex(outer_name_.c_str());
  return {};
}

Result<void, Error> TapDevice::prepare_inner(std::uint32_t queues) {
  int error = 0;
  auto entered = inside_.run([&] {
    inner_index_ = ::if_nametoindex(inner_name);
    // Kernels before 5.14 use all queues a veth was made with and know no such call.
    const int queue_error = os::Ethtool(inner_name).set_queues(queues);
    if (queue_error != 0 && queue_error != EOPNOTSUPP) error = queue_error;
    auto netlink = os::Netlink::open();
    if (error == 0) error = netlink ? keep_silent(*netlink, inner_index_) : EIO;
    if (error == 0) error = set_up(*netlink, inner_index_);
  });
  if (!entered) return entered;
  if (error != 0)
    return environment("the inner end of the tap cannot be set up: {}", errno_text(error));
  return {};
}

Result<void, Error> TapDevice::prepare_outer(std::uint32_t queues) {
  auto netlink = os::Netlink::open();
  if (!netlink) return std::move(netlink).error();
  if (const int error = keep_silent(*netlink, outer_index_); error != 0) {
    return environment("the tap cannot be kept silent: {}", errno_text(error));
  }
  const os::Ethtool ethtool(outer_name_);
  const int queue_error = ethtool.set_queues(queues);
  if (queue_error != 0 && queue_error != EOPNOTSUPP) {
    return environment("the tap cannot have {} queues: {}", queues, errno_text(queue_error));
  }
  if (const int error = ethtool.disable_features(leaves_packets_unfinished); error != 0) {
    return environment("the tap's offloads cannot be switched off: {}", errno_text(error));
  }
  // Queues first: a device that is up without them drops what its ring cannot take.
  if (const int error = put_queues(*netlink, outer_index_, queues); error != 0) {
    return environment("the tap's queues cannot be set up: {}", errno_text(error));
  }
  queues_ = queues;
  offloads_ = offloads_on(ethtool);
  return {};
}

int TapDevice::bring_up() const {
  auto netlink = os::Netlink::open();
  return netlink ? set_up(*netlink, outer_index_) : EIO;
}

TapDevice::Repair TapDevice::repair(const Link& now) {
  Repair repair;
  auto netlink = os::Netlink::open();
  if (!netlink) return repair; // the next time
  const auto undo = [&](std::string_view change, const auto& how) {
    repair.changes.push_back(change);
    if (const int error = how(); error != 0) repair.error = error;
  };
  if (now.master != 0) {
    undo("it was made a port", [&] { return release_port(*netlink, outer_index_); });
  }
  const os::Ethtool ethtool(now.name);
  if (offloads_on(ethtool) != offloads_) {
    undo("offloads were switched on", [&] {
      const int error = ethtool.disable_features(leaves_packets_unfinished);
      return error == 0 && offloads_on(ethtool) != offloads_ ? EBUSY : error;
    });
  }
  const RootQdisc root = root_qdisc(outer_index_);
  count_drops(root.drops);
  if (root.kind != root_kind(queues_) || root.handle != kRootHandle) {
    undo("its queueing discipline was replaced", [&] {
      if (root.handle != 0) (void)remove_qdisc(*netlink, outer_index_);
      return put_queues(*netlink, outer_index_, queues_);
    });
  }
  if (!now.up) {
    undo("it was set down", [&] { return set_up(*netlink, outer_index_); });
  }
  return repair;
}

TapDevice::Statistics TapDevice::statistics() const {
  Statistics statistics;
  if (const auto link = link_now(outer_index_)) {
    statistics.sent = link->statistics.tx_packets;
    statistics.dropped = link->statistics.tx_dropped;
    statistics.exact = true;
  }
  return statistics;
}

std::uint64_t TapDevice::queue_dropped() {
  count_drops(root_qdisc(outer_index_).drops);
  return dropped_before_ + dropped_;
}

// A discipline that replaced another begins at 0.
void TapDevice::count_drops(std::uint64_t drops) noexcept {
  if (drops < dropped_) dropped_before_ += dropped_;
  dropped_ = drops;
}

} // namespace xdpcap::capture
