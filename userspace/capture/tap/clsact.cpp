#include "capture/tap/clsact.hpp"

#include <bpf/libbpf.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "os/netlink.hpp"

namespace xdpcap::capture {
namespace {

// The first place in the row; filters of other kinds keep it for themselves, then
// ours comes at a number that nobody else is likely to use.
constexpr std::uint32_t kPriorities[] = {1, 0x5CA9};
constexpr std::string_view kProgramName = "xdpcap_tap:"; // libbpf names a filter "PROGRAM:[ID]"

struct Filter {
  bpf_tc_attach_point side;
  std::uint32_t priority;
  std::uint32_t handle; // 0: the head of a row of filters, not a filter
  bool ours;            // of this or another capture
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
  os::each_attribute(message, sizeof(tcmsg), [&](const nlattr& attribute) {
    if (mnl_attr_get_type(&attribute) != TCA_OPTIONS) return;
    os::each_nested(attribute, [&](const nlattr& option) {
      if (mnl_attr_get_type(&option) != TCA_BPF_NAME) return;
      ours = std::string_view(mnl_attr_get_str(&option)).starts_with(kProgramName);
    });
  });
  return ours;
}

// In the order in which the kernel runs them, side by side; nothing where it does not say.
std::optional<std::vector<Filter>> filters_on(unsigned ifindex) {
  std::vector<Filter> filters;
  for (const auto side : {BPF_TC_INGRESS, BPF_TC_EGRESS}) {
    auto netlink = os::Netlink::open();
    if (!netlink) return std::nullopt;
    os::NetlinkMessage message;
    nlmsghdr* request = message.begin(RTM_GETTFILTER, NLM_F_DUMP);
    auto* about = static_cast<tcmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(tcmsg)));
    about->tcm_ifindex = static_cast<int>(ifindex);
    about->tcm_parent =
        TC_H_MAKE(TC_H_CLSACT, side == BPF_TC_INGRESS ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
    const int error = netlink->request(*request, [&](const nlmsghdr& answer) {
      const auto* filter = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(&answer));
      const std::uint32_t priority = TC_H_MAJ(filter->tcm_info) >> 16;
      filters.push_back({side, priority, filter->tcm_handle, has_our_name(answer)});
    });
    if (error != 0) return std::nullopt;
  }
  return filters;
}

bool remove_filter(unsigned ifindex, bpf_tc_attach_point side, std::uint32_t priority,
                   std::uint32_t handle) {
  const bpf_tc_hook hook = hook_of(ifindex, side);
  bpf_tc_opts options{};
  options.sz = sizeof options;
  options.handle = handle;
  options.priority = priority;
  return ::bpf_tc_detach(&hook, &options) == 0;
}

// The priority that it got, or an errno as a negative number.
int add_filter(unsigned ifindex, bpf_tc_attach_point side, int program_fd, std::uint32_t handle) {
  int error = 0;
  for (const std::uint32_t priority : kPriorities) {
    const bpf_tc_hook hook = hook_of(ifindex, side);
    bpf_tc_opts options{};
    options.sz = sizeof options;
    options.prog_fd = program_fd;
    options.handle = handle;
    options.priority = priority;
    options.flags = BPF_TC_F_REPLACE; // the handle is ours: one that is left is as good
    error = ::bpf_tc_attach(&hook, &options);
    if (error == 0) return static_cast<int>(priority);
  }
  return error;
}

} // namespace

Result<ClsactPlace, int> ClsactPlace::attach(unsigned ifindex, int program_fd, unsigned tap_index,
                                             bool ingress_only) {
  bpf_tc_hook both =
      hook_of(ifindex, static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
  const int created = ::bpf_tc_hook_create(&both);
  if (created != 0 && created != -EEXIST) return -created;
  ClsactPlace place;
  place.ifindex = ifindex;
  place.handle = tap_index;
  place.made_qdisc = created == 0;
  const int ingress = add_filter(ifindex, BPF_TC_INGRESS, program_fd, tap_index);
  const int egress =
      ingress < 0 || ingress_only ? 0 : add_filter(ifindex, BPF_TC_EGRESS, program_fd, tap_index);
  place.ingress_priority = static_cast<std::uint32_t>(std::max(ingress, 0));
  place.egress_priority = static_cast<std::uint32_t>(std::max(egress, 0));
  if (ingress < 0 || egress < 0) {
    place.remove();
    return -std::min(ingress, egress);
  }
  return place;
}

void ClsactPlace::remove() const noexcept {
  if (ingress_priority != 0) remove_filter(ifindex, BPF_TC_INGRESS, ingress_priority, handle);
  if (egress_priority != 0) remove_filter(ifindex, BPF_TC_EGRESS, egress_priority, handle);
  if (!made_qdisc) return;
  const auto filters = filters_on(ifindex);
  if (!filters || !filters->empty()) return;
  bpf_tc_hook hook =
      hook_of(ifindex, static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS));
  ::bpf_tc_hook_destroy(&hook);
}

ClsactPlace::Standing ClsactPlace::standing() const {
  Standing standing;
  const auto filters = filters_on(ifindex);
  if (!filters) return standing;
  bool ingress = ingress_priority == 0, egress = egress_priority == 0;
  for (const Filter& filter : *filters) {
    bool& found = filter.side == BPF_TC_INGRESS ? ingress : egress;
    if (filter.ours && filter.handle == handle) found = true;
    if (!found && !filter.ours && filter.handle != 0) standing.preceded = true;
  }
  standing.attached = ingress && egress;
  return standing;
}

int foreign_clsact_filters(unsigned ifindex) {
  const auto filters = filters_on(ifindex);
  if (!filters) return 0;
  return static_cast<int>(std::count_if(filters->begin(), filters->end(), [](const Filter& filter) {
    return !filter.ours && filter.handle != 0;
  }));
}

int remove_clsact_leftovers(unsigned ifindex) {
  int removed = 0;
  for (const Filter& filter : filters_on(ifindex).value_or(std::vector<Filter>{})) {
    std::array<char, IF_NAMESIZE> name{};
    if (!filter.ours || ::if_indextoname(filter.handle, name.data()) != nullptr) continue;
    if (remove_filter(ifindex, filter.side, filter.priority, filter.handle)) ++removed;
  }
  return removed;
}

} // namespace xdpcap::capture
