#include "capture/nic/port_settings.hpp"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <cerrno>

#include "core/errors.hpp"

namespace xdpcap::capture {
namespace {

constexpr std::uint8_t kSymmetricXor = 1; // RXH_XFRM_SYM_XOR, kernel 6.8
constexpr std::uint8_t kToeplitz = 1;     // ETH_RSS_HASH_TOP, which the kernel keeps to itself

} // namespace

Result<PromiscuousMode, Error> PromiscuousMode::enter(unsigned ifindex) {
  OwnedFd socket(
      ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)); // protocol 0: receives nothing itself
  packet_mreq wish{};
  wish.mr_ifindex = static_cast<int>(ifindex);
  wish.mr_type = PACKET_MR_PROMISC;
  if (!socket ||
      ::setsockopt(socket.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wish, sizeof wish) != 0) {
    return environment("promiscuous mode cannot be switched on: {}", errno_text(errno));
  }
  return PromiscuousMode(std::move(socket));
}

SymmetricRss::SymmetricRss(const std::string& interface) : ethtool_(interface) {
  const auto before = ethtool_.rss();
  if (!before || before->key.empty()) {
    note_ = interface + ": its driver does not show how it spreads connections over queues";
    return;
  }
  if (before->symmetric()) {
    symmetric_ = true;
    note_ = interface + ": spreads connections over queues symmetrically already";
    return;
  }
  // In hardware by kernel 6.8 where the driver can; else by a key that repeats every 16 bits.
  os::RssSettings wanted = *before;
  wanted.transform = kSymmetricXor;
  int error = ethtool_.set_rss(wanted);
  if (error != 0) {
    wanted.transform = before->transform;
    wanted.hash_function = kToeplitz;
    wanted.key = os::symmetric_key(before->key.size());
    error = ethtool_.set_rss(wanted);
  }
  if (error != 0) {
    note_ = fmt::format("{}: cannot be made to spread connections over queues symmetrically ({})",
                        interface, errno_text(error));
    return;
  }
  before_ = before;
  symmetric_ = true;
  note_ = interface + ": spreads connections over queues symmetrically while the capture runs";
}

SymmetricRss::~SymmetricRss() {
  if (before_) ethtool_.set_rss(*before_);
}

} // namespace xdpcap::capture
