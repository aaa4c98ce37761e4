#include "host/netlink.hpp"

#include <libmnl/libmnl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <vector>

namespace xdpcap::host {
namespace {

constexpr std::size_t kAnswerBytes = 65536; // the kernel packs dumps into at most 32 KiB

int visit_one(const nlmsghdr* message, void* visitor) {
  (*static_cast<const Netlink::Visitor*>(visitor))(*message);
  return MNL_CB_OK;
}

} // namespace

void Netlink::Close::operator()(mnl_socket* socket) const noexcept {
  mnl_socket_close(socket);
}

Netlink::Netlink(int protocol) : socket_(mnl_socket_open2(protocol, SOCK_CLOEXEC)) {
  if (socket_ == nullptr || mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
    error_ = errno;
    socket_.reset();
    return;
  }
  // An answer that never ends must not hold its thread for ever.
  const timeval timeout{2, 0};
  ::setsockopt(mnl_socket_get_fd(socket_.get()), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
}

int Netlink::dump(nlmsghdr& request, const Visitor& visit) {
  if (!is_open()) return error_;
  request.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.nlmsg_seq = ++sequence_;
  if (mnl_socket_sendto(socket_.get(), &request, request.nlmsg_len) < 0) return errno;
  const unsigned port = mnl_socket_get_portid(socket_.get());
  std::vector<char> answer(kAnswerBytes);
  for (;;) {
    const ssize_t length = mnl_socket_recvfrom(socket_.get(), answer.data(), answer.size());
    if (length < 0) return errno;
    const int state =
        mnl_cb_run(answer.data(), static_cast<std::size_t>(length), sequence_, port, visit_one,
                   const_cast<Visitor*>(&visit)); // libmnl hands it back as void*
    if (state == MNL_CB_STOP) return 0;
    if (state < 0) return errno;
  }
}

} // namespace xdpcap::host
