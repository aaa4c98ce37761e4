#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/xdpcap_web/store/model.hpp"

namespace xdpcap::web {

class EventStream; // server/event_stream.hpp

// An exchange that is new or has changed, with its JSON once somebody wanted it.
struct Change {
  Exchange exchange;
  Ends ends;
  std::string json;
};

// What a feed has to say at a tick.
struct Composed {
  std::string text;
  std::uint64_t events = 0; // in it
};

// Something that browsers follow. All who asked for the same share one feed, so that each chunk is
// made once.
class Feed {
 public:
  using Time = std::chrono::steady_clock::time_point;

  virtual ~Feed() = default;
  // The next piece. `changes` since the last tick; `second`: once a second. What is not done at
  // `until` is left out, and counted. The composing thread only.
  virtual Composed compose(std::vector<Change>& changes, bool second, Time until) = 0;
  // Any thread.
  [[nodiscard]] virtual bool wants_changes() const { return false; }
  [[nodiscard]] virtual std::string report_loss(std::uint64_t lost) const = 0;

  std::vector<std::shared_ptr<EventStream>> streams; // the server's thread only
};

// The last words of every stream.
constexpr std::string_view farewell() noexcept {
  return "event: close\ndata: {\"message\":\"there is nothing more to come\"}\n\n";
}

} // namespace xdpcap::web
