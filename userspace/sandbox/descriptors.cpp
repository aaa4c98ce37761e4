#include "sandbox/descriptors.hpp"

#include <fmt/core.h>
#include <sys/resource.h>

namespace xdpcap::sandbox {

Result<void, Error> raise_descriptor_limit(std::size_t least) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max >= least) return {};
  return Error{
      ExitCode::environment,
      fmt::format(
          "This process may have {} files and sockets open, and needs at least {}; raise the limit "
          "(ulimit -n {}, or LimitNOFILE= of a service).",
          limit.rlim_max, least, least)};
}

} // namespace xdpcap::sandbox
