#pragma once

#include "http/conversation.hpp"
#include "tcp/connection.hpp"

namespace xdpcap::engine {

// What a worker knows of one connection: four cache lines, of which an expected
// segment touches the first, one of its direction, and the last.
struct alignas(64) Flow {
  tcp::Connection tcp;
  http::Conversation http;

  // It could be forgotten without losing a message (see Tracker::evict_one).
  [[nodiscard]] bool is_at_rest() const noexcept {
    return !http.is_http() ||
           (http.ended(Direction::to_server) && http.ended(Direction::to_client));
  }
};
static_assert(sizeof(Flow) == 256);

} // namespace xdpcap::engine
