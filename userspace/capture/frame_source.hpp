#pragma once

#include <concepts>
#include <span>

#include "core/instant.hpp"
#include "wire/frame.hpp"

namespace xdpcap::capture {

// Where frames come from: an AF_XDP socket, a capture file, memory. A source is
// used by one thread.
//
// receive() answers a burst, which may be empty (nothing came within the
// source's own timeout, some milliseconds). A burst gives
//   frames()  the frames, borrowed until the burst is destroyed; not to be asked
//             of a temporary burst
//   now()     the packet clock: never before the last frame, and it goes on when
//             nothing comes, so that timeouts pass
// and hands its frames back to the source when destroyed. At most one burst of a
// source is alive at a time. is_ready() says that receive() would not wait: more
// is there already.
template <class S>
concept FrameSource = requires(S& source) {
  { source.receive().now() } -> std::same_as<Instant>;
  { source.is_ready() } -> std::same_as<bool>;
  { source.finished() } -> std::same_as<bool>; // nothing will ever come again
  requires requires(decltype(source.receive())& burst) {
    { burst.frames() } -> std::convertible_to<std::span<const wire::Frame>>;
  };
};

} // namespace xdpcap::capture
