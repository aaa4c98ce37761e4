#include "capture/clsact.hpp"

#include <bpf/libbpf.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <vector>

#include "capture/netlink.hpp"

namespace xdpcap::capture {
namespace {

constexpr std::uint32_t kPriority = 0x5CA9;       // one that nobody else is likely to use
constexpr std::string_view kProgramName = "tap:"; // libbpf names a filter "PROGRAM:[ID]"

struct Filter {
  bpf_tc_attach_point side;
  std::uint32_t priority;
  std::uint32_t handle;
  bool ours;
};

bpf_tc_hook hook_of(unsigned ifindex, bpf_tc_attach_point side) {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = static_cast<int>(ifindex);
  hook.attach_point = side;
  return hook;
}

bool has_our_name(const nlmsghdr& message) {
  bool ours = false;
  each_attribute(message, sizeof(tcmsg), [&](const nlattr& attribute) {
    if (mnl_attr_get_type(&attribute) != TCA_OPTIONS) return;
    each_nested(attribute, [&](const nlattr& option) {
      if (mnl_attr_get_type(&option) != TCA_BPF_NAME) return;
      ours = std::string_view(mnl_attr_get_str(&option)).starts_with(kProgramName);
    });
  });
  return ours;
}

std::vector<Filter> filters_on(unsigned ifindex) {
  std::vector<Filter> filters;
  for (const auto side : {BPF_TC_INGRESS, BPF_TC_EGRESS}) {
    auto netlink = Netlink::open();
    if (!netlink) return filters;
    NetlinkMessage message;
    nlmsghdr* request = message.begin(RTM_GETTFILTER, NLM_F_DUMP);
    auto* about = static_cast<tcmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(tcmsg)));
    about->tcm_ifindex = static_cast<int>(ifindex);
    about->tcm_parent = TC_H_MAKE(TC_H_CLSACT, side == BPF_TC_INGRESS ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
    netlink->request(*request, [&](const nlmsghdr& answer) {
      const auto* filter = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(&answer));
      if (filter->tcm_handle == 0) return; // the head of a chain, not a filter
      const std::uint32_t priority = TC_H_MAJ(filter->tcm_info) >> 16;
      filters.push_back({side, priority, filter->tcm_handle, priority == kPriority && has_our_name(answer)});
    });
  }
  return filters;
}

void remove_filter(unsigned ifindex, bpf_tc_attach_point side, std::uint32_t handle) {
  const bpf_tc_hook hook = hook_of(ifindex, side);
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.handle = handle;
  options.priority = kPriority;
  ::bpf_tc_detach(&hook, &options);
}

void remove_clsact_if_unused(unsigned ifindex) {
  if (!filters_on(ifindex).empty()) return;
  bpf_tc_hook hook = hook_of(ifindex, static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
  ::bpf_tc_hook_destroy(&hook);
}

} // namespace

int attach_clsact(unsigned ifindex, int program_fd, unsigned tap_index, bool ingress_only) {
  bpf_tc_hook both = hook_of(ifindex, static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
  if (const int error = ::bpf_tc_hook_create(&both); error != 0 && error != -EEXIST) return -error;
  for (const auto side : {BPF_TC_INGRESS, BPF_TC_EGRESS}) {
    if (side == BPF_TC_EGRESS && ingress_only) continue;
    const bpf_tc_hook hook = hook_of(ifindex, side);
    bpf_tc_opts options{};
    options.sz = sizeof options;
    options.prog_fd = program_fd;
    options.handle = tap_index;
    options.priority = kPriority;
    if (const int error = ::bpf_tc_attach(&hook, &options); error != 0) {
      detach_clsact(ifindex, tap_index);
      return -error;
    }
  }
  return 0;
}

void detach_clsact(unsigned ifindex, unsigned tap_index) noexcept {
  for (const auto side : {BPF_TC_INGRESS, BPF_TC_EGRESS}) remove_filter(ifindex, side, tap_index);
  remove_clsact_if_unused(ifindex);
}

int remove_clsact_leftovers(unsigned ifindex) {
  int removed = 0;
  for (const Filter& filter : filters_on(ifindex)) {
    std::array<char, IF_NAMESIZE> name{};
    if (!filter.ours || ::if_indextoname(filter.handle, name.data()) != nullptr) continue;
    remove_filter(ifindex, filter.side, filter.handle);
    ++removed;
  }
  if (removed != 0) remove_clsact_if_unused(ifindex);
  return removed;
}

} // namespace xdpcap::capture
