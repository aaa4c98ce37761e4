#include "apps/xdpcap_sub/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace xdpcap::sub {

bool Output::flush() {
  std::string_view left = text_;
  while (!left.empty() && failure_ == 0) {
    const ssize_t written = ::write(STDOUT_FILENO, left.data(), left.size());
    if (written >= 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) { // another program of this terminal made it non-blocking
      pollfd writable{STDOUT_FILENO, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      failure_ = errno;
    }
  }
  text_.clear();
  return failure_ == 0;
}

} // namespace xdpcap::sub
