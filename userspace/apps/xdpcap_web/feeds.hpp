#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apps/xdpcap_web/api.hpp"
#include "apps/xdpcap_web/event_stream.hpp"

namespace xdpcap::web {

// An exchange that is new or has changed, with its JSON once somebody wanted it.
struct Change {
  Exchange exchange;
  Ends ends;
  std::string json;
};

// Something that browsers follow. All who asked for the same share one feed, so that each chunk is made once. The
// server's thread only.
class Feed {
 public:
  virtual ~Feed() = default;
  // The next piece. `changes` since the last tick; `second`: once a second.
  virtual Chunk compose(std::vector<Change>& changes, bool second) = 0;
  [[nodiscard]] virtual bool wants_changes() const { return false; }
  [[nodiscard]] virtual std::string tell_loss(std::uint64_t lost) const = 0;

  std::vector<std::shared_ptr<EventStream>> streams;
};

// The last words of every stream.
Chunk farewell();

// All feeds, and the clock that drives them: ten times a second. The server's thread only.
class Feeds {
 public:
  explicit Feeds(Api::Parts parts) : parts_(std::move(parts)) {}

  // The feed that others who asked for the same follow, or null.
  [[nodiscard]] std::shared_ptr<Feed> find(const Request& request) const;
  // A new feed for /api/messages, /api/stats or /api/capture, or what is wrong with the request. Any thread; may take
  // seconds where a name has to be looked up.
  [[nodiscard]] Result<std::shared_ptr<Feed>, ApiError> make(const Request& request) const;
  // Answers the feed to follow: this one, or one that came before it. It lives as long as it has streams, from the
  // next tick on.
  std::shared_ptr<Feed> enter(const Request& request, const std::shared_ptr<Feed>& feed);
  void tick();
  // Every stream gets a farewell.
  void close();

  [[nodiscard]] std::size_t count_streams() const;
  // As of the last tick; any thread.
  [[nodiscard]] std::size_t streams() const noexcept { return streams_.load(std::memory_order_relaxed); }

 private:
  // The owner of a socket is told a moment after the message that went through it: live views wait so many ticks for
  // it.
  static constexpr std::size_t kTicksHeld = 3;

  std::vector<Change> take_changes();

  Api::Parts parts_;
  std::map<std::string, std::shared_ptr<Feed>> feeds_; // by path and query
  std::deque<std::vector<std::uint64_t>> held_;
  std::uint64_t ticks_ = 0;
  std::atomic<std::size_t> streams_{0};
};

} // namespace xdpcap::web
