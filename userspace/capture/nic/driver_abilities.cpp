#include "capture/nic/driver_abilities.hpp"

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "os/netlink.hpp"

namespace xdpcap::capture {
namespace {

// From linux/netdev.h, which headers before 6.3 lack.
constexpr std::uint8_t kDeviceGet = 1;       // NETDEV_CMD_DEV_GET
constexpr std::uint16_t kDeviceIndex = 1;    // NETDEV_A_DEV_IFINDEX
constexpr std::uint16_t kDeviceFeatures = 3; // NETDEV_A_DEV_XDP_FEATURES
constexpr std::uint64_t kBasic = 1, kRedirect = 2, kZeroCopy = 8, kMultiBuffer = 32;

nlmsghdr* begin_generic(os::NetlinkMessage& message, std::uint16_t family, std::uint8_t command) {
  nlmsghdr* request = message.begin(family, 0);
  auto* header = static_cast<genlmsghdr*>(mnl_nlmsg_put_extra_header(request, sizeof(genlmsghdr)));
  header->cmd = command;
  header->version = 1;
  return request;
}

std::uint16_t family_of(os::Netlink& netlink, const char* name) {
  os::NetlinkMessage message;
  nlmsghdr* request = begin_generic(message, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
  mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, name);
  std::uint16_t family = 0;
  netlink.request(*request, [&](const nlmsghdr& answer) {
    os::each_attribute(answer, sizeof(genlmsghdr), [&](const nlattr& attribute) {
      if (mnl_attr_get_type(&attribute) == CTRL_ATTR_FAMILY_ID)
        family = mnl_attr_get_u16(&attribute);
    });
  });
  return family;
}

} // namespace

std::optional<DriverAbilities> driver_abilities(unsigned ifindex) {
  auto netlink = os::Netlink::open(NETLINK_GENERIC);
  if (!netlink) return std::nullopt;
  const std::uint16_t family = family_of(*netlink, "netdev");
  if (family == 0) return std::nullopt;
  os::NetlinkMessage message;
  nlmsghdr* request = begin_generic(message, family, kDeviceGet);
  mnl_attr_put_u32(request, kDeviceIndex, ifindex);
  std::optional<DriverAbilities> abilities;
  netlink->request(*request, [&](const nlmsghdr& answer) {
    os::each_attribute(answer, sizeof(genlmsghdr), [&](const nlattr& attribute) {
      if (mnl_attr_get_type(&attribute) != kDeviceFeatures) return;
      const std::uint64_t features = mnl_attr_get_u64(&attribute);
      abilities =
          DriverAbilities{.native_xdp = (features & (kBasic | kRedirect)) == (kBasic | kRedirect),
                          .zero_copy = (features & kZeroCopy) != 0,
                          .multi_buffer = (features & kMultiBuffer) != 0};
    });
  });
  return abilities;
}

} // namespace xdpcap::capture
