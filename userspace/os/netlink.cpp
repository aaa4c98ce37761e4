#include "os/netlink.hpp"

#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <vector>

#include "core/errors.hpp"

namespace xdpcap::os {
namespace {

constexpr std::size_t kAnswerBytes = 65536; // the kernel packs dumps into at most 32 KiB

int visit_one(const nlmsghdr* message, void* visitor) {
  const auto& visit = *static_cast<const Netlink::Visitor*>(visitor);
  if (visit) visit(*message);
  return MNL_CB_OK;
}

int visit_attribute(const nlattr* attribute, void* visitor) {
  (*static_cast<const AttributeVisitor*>(visitor))(*attribute);
  return MNL_CB_OK;
}

} // namespace

void each_attribute(const nlmsghdr& message, std::size_t header_bytes,
                    const AttributeVisitor& visit) {
  mnl_attr_parse(&message, static_cast<unsigned>(header_bytes), visit_attribute,
                 const_cast<AttributeVisitor*>(&visit));
}

void each_nested(const nlattr& attribute, const AttributeVisitor& visit) {
  mnl_attr_parse_nested(&attribute, visit_attribute, const_cast<AttributeVisitor*>(&visit));
}

nlmsghdr* NetlinkMessage::begin(std::uint16_t type, std::uint16_t flags) noexcept {
  nlmsghdr* header = mnl_nlmsg_put_header(bytes.data());
  header->nlmsg_type = type;
  header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  return header;
}

void Netlink::Close::operator()(mnl_socket* socket) const noexcept {
  mnl_socket_close(socket);
}

Result<Netlink, Error> Netlink::open(int protocol) {
  Netlink netlink(mnl_socket_open2(protocol, SOCK_CLOEXEC));
  if (!netlink.socket_ || mnl_socket_bind(netlink.socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
    return environment(
        "the kernel refuses a netlink socket ({}); it is needed to look at the interfaces",
        errno_text(errno));
  }
  // An answer that never ends must not hold its thread for ever.
  const timeval timeout{2, 0};
  ::setsockopt(mnl_socket_get_fd(netlink.socket_.get()), SOL_SOCKET, SO_RCVTIMEO, &timeout,
               sizeof timeout);
  return netlink;
}

int Netlink::request(nlmsghdr& message, const Visitor& visit) {
  message.nlmsg_seq = ++sequence_;
  if (mnl_socket_sendto(socket_.get(), &message, message.nlmsg_len) < 0) return errno;
  const unsigned port = mnl_socket_get_portid(socket_.get());
  std::vector<char> answer(kAnswerBytes);
  while (true) {
    const ssize_t length = mnl_socket_recvfrom(socket_.get(), answer.data(), answer.size());
    if (length < 0) return errno;
    auto* context = const_cast<Visitor*>(&visit); // libmnl hands it back as void*
    const int state = mnl_cb_run(answer.data(), static_cast<std::size_t>(length), sequence_, port,
                                 visit_one, context);
    if (state < 0) return errno;
    if (state == MNL_CB_STOP) return 0;
  }
}

} // namespace xdpcap::os
