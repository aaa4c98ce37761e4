#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>

#include "core/counters.hpp"
#include "host/socket.hpp"

namespace xdpcap::host {

// A TCP socket changed its state, or a process showed that it is its own.
struct SocketNews {
  Instant at;
  std::uint64_t cookie = 0;
  std::uint32_t network_namespace = 0;
  SocketState state = SocketState::closed;
  bool changed_state = true;
  record::Endpoint local, remote; // port 0: not known (yet, or any more)
  ProcessRef process;             // who did it; null where it happened in no process's name
  std::uint32_t uid = 0;
  std::optional<TcpInfo> tcp; // as the socket closes
};

enum class BookCount : std::uint8_t {
  opened,
  closed,
  without_process, // of the closed: nobody was found whose it was
  not_kept,        // events of sockets there was no room for
  count_,
};

// What is known of each socket: who owns it, and what is still to be reported. A socket's
// opening is reported a moment late, so that what comes with it (its addresses, the process
// that accepts it) is reported too; where nobody accepts it, the process that listens has
// to stand for it. Holds at most `sockets_max`. One thread.
class SocketBook {
 public:
  // What one socket costs, its place in the index included.
  static constexpr std::size_t socket_bytes = 192;
  static constexpr Duration kGathering = std::chrono::milliseconds{100}; // from event to telling
  static constexpr Duration kTimeout = std::chrono::seconds{1}; // for somebody to accept it

  explicit SocketBook(std::size_t sockets_max) : sockets_max_(sockets_max) {}

  void apply(const SocketNews& news);

  // Whose a socket that the kernel was asked about is; remembers it as one that is there.
  // Null where nobody knows: then its owner may be searched for elsewhere, and noted.
  ProcessRef process_of(const Socket& socket);
  [[nodiscard]] bool lacks_owner(std::uint64_t cookie) const;
  void set_owner(std::uint64_t cookie, ProcessRef process);
  // Whether looking for its owner elsewhere is worth it: not where that failed a short while ago.
  bool should_search(std::uint64_t cookie, Instant now);

  // Hands on what is due. Later calls go on where there is much.
  using Publish = std::function<void(const Socket&)>;
  void publish_due(Instant now, const Publish& publish);
  // Everything, due or not: it is the end.
  void publish_all(const Publish& publish);

  // After all that is there in these network namespaces was handed to process_of():
  // what was not among it for some rounds is gone, unless it is still to be reported. What
  // was reported to open is reported to have closed, without figures, as of its last news.
  void end_round(std::span<const std::uint32_t> namespaces);

  [[nodiscard]] std::size_t size() const noexcept { return sockets_.size(); }
  [[nodiscard]] const Counters<BookCount>& counters() const noexcept { return counters_; }

 private:
  // A socket as the last event had it, in few bytes.
  struct Entry {
    Instant at, opened_at, search_again;
    record::Endpoint local, remote;
    ProcessRef process;
    std::unique_ptr<TcpInfo> figures; // as it closed
    std::uint32_t network_namespace = 0;
    std::uint32_t uid = 0;
    std::uint32_t round = 0;
    SocketProtocol protocol = SocketProtocol::tcp;
    SocketState state = SocketState::closed;
    std::uint8_t searches = 0;
    bool to_open = false, has_opened = false, is_closed = false, was_established = false;
  };
  static_assert(sizeof(Entry) <= socket_bytes - 40);
  struct Due {
    std::uint64_t cookie;
    Instant at;
  };
  using Listener = std::uint64_t; // of namespace and port

  static Listener listener(std::uint32_t network_namespace, std::uint16_t port) noexcept {
    return std::uint64_t{network_namespace} << 16 | port;
  }
  Entry* entry_of(std::uint64_t cookie, bool& is_new);
  void close(std::uint64_t cookie, Entry& entry, Instant at);
  void count_dropped(const Socket& socket);
  void add_listener(const Entry& entry);
  void forget_listener(const Entry& entry);
  void publish_opening(std::uint64_t cookie, Entry& entry, const Publish& publish);
  static Socket socket_of(std::uint64_t cookie, const Entry& entry, SocketEvent event);
  void publish_closing(std::uint64_t cookie, const Publish& publish);
  void set_fallback_owner(Entry& entry);

  std::size_t sockets_max_;
  std::unordered_map<std::uint64_t, Entry> sockets_; // by cookie
  std::unordered_map<Listener, ProcessRef> listeners_;
  std::deque<Due> openings_, late_openings_, closings_; // each in order of time
  std::uint32_t round_ = 0;
  Counters<BookCount> counters_;
};

} // namespace xdpcap::host
