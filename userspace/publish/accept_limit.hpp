#pragma once

#include <cstddef>
#include <cstdint>

#include "core/error.hpp"
#include "core/result.hpp"

// libzmq accepts whoever comes, and ends the process when there is no descriptor left
// (version 4.3.4: src/ipc_listener.cpp:325, src/epoll.cpp:65). So accept() and accept4() of a
// program with a publisher are ours: a connection that would get a descriptor beyond the limit is
// closed at once, which libzmq takes for one that was aborted. On the thread that accepts, so no
// peer is too quick.
namespace xdpcap::publish {

// From now on connections may take `connections_max` descriptors beside those that are open, and
// some more that threads need for a moment. Fewer where RLIMIT_NOFILE allows less; fails where it
// leaves no room to work. For the process; the last call counts.
Result<void, Error> limit_connections(std::size_t connections_max);

// Closed because of the limit so far.
[[nodiscard]] std::uint64_t connections_refused() noexcept;

} // namespace xdpcap::publish
