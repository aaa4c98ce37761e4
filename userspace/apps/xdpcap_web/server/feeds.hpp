#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apps/xdpcap_web/api/api.hpp"
#include "apps/xdpcap_web/api/feed.hpp"
#include "apps/xdpcap_web/host/name_lookup.hpp"
#include "apps/xdpcap_web/server/byte_budget.hpp"
#include "apps/xdpcap_web/server/event_stream.hpp"

namespace xdpcap::web {

// All feeds, and the clock that drives them: ten times a second. What they say is composed on a
// thread of its own, so that a filter that takes long keeps nobody else waiting; all together have
// kComposeTime for it. The server's thread only, but where it says otherwise.
class Feeds {
 public:
  Feeds(Api::Parts parts, boost::asio::io_context& context)
      : parts_(std::move(parts)), context_(context) {}

  // The feed that others who asked for the same follow, or null.
  [[nodiscard]] std::shared_ptr<Feed> find(const Request& request) const;
  // The names of hosts in a request that make() wants to be looked up.
  [[nodiscard]] static std::vector<std::string> names_in(const Request& request);
  // A new feed for /api/messages, /api/stats or /api/capture, or what is wrong with the request.
  // Any thread.
  [[nodiscard]] Result<std::shared_ptr<Feed>, ApiError> make(const Request& request,
                                                             const HostAddresses& looked_up) const;
  // Answers the feed to follow: this one, or one that came before it. It lives as long as it has
  // streams, from the next tick on.
  std::shared_ptr<Feed> enter(const Request& request, const std::shared_ptr<Feed>& feed);
  void tick();
  // Every stream gets a farewell.
  void close();

  [[nodiscard]] std::size_t count_streams() const;
  // As of the last tick; any thread.
  [[nodiscard]] std::size_t streams() const noexcept {
    return streams_.load(std::memory_order_relaxed);
  }

 private:
  // The owner of a socket is reported a moment after the message that went through it: live views
  // wait so many ticks for it.
  static constexpr std::size_t kTicksHeld = 3;

  static constexpr std::chrono::milliseconds kComposeTime{300};
  // Of chunks that wait for their readers, all together; a chunk that many wait for counts once.
  static constexpr std::size_t kBytesMax = std::size_t{64} << 20;

  struct Said {
    std::shared_ptr<Feed> feed;
    Composed composed;
  };
  [[nodiscard]] std::vector<Said> compose(const std::vector<std::shared_ptr<Feed>>& feeds,
                                          bool second);
  void hand_out(std::vector<Said>&& all);
  std::vector<Change> pop_changes(bool wanted);

  Api::Parts parts_;
  boost::asio::io_context& context_;
  std::shared_ptr<ByteBudget> bytes_ =
      std::make_shared<ByteBudget>(kBytesMax);         // chunks may outlive the feeds
  std::map<std::string, std::shared_ptr<Feed>> feeds_; // by path and query
  std::deque<std::vector<std::uint64_t>> held_;        // of the composing thread
  std::chrono::steady_clock::time_point last_second_;
  bool composing_ = false;
  std::atomic<std::size_t> streams_{0};
  boost::asio::thread_pool composer_{1};
};

} // namespace xdpcap::web
