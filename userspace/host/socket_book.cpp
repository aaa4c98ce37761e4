#include "host/socket_book.hpp"

#include <algorithm>
#include <utility>

namespace xdpcap::host {
namespace {

// From a search for an owner to the next one, doubled each time.
constexpr Duration kSearchPause = std::chrono::seconds{2};
constexpr std::uint8_t kSearchDoublings = 5;

} // namespace

SocketBook::Entry* SocketBook::entry_of(std::uint64_t cookie, bool& is_new) {
  const auto known = sockets_.find(cookie);
  is_new = known == sockets_.end();
  if (!is_new) return &known->second;
  if (sockets_.size() >= sockets_max_) {
    counters_.add(BookCount::not_kept);
    return nullptr;
  }
  Entry& entry = sockets_[cookie];
  entry.round = round_;
  return &entry;
}

void SocketBook::add_listener(const Entry& entry) {
  if (entry.state != SocketState::listen || entry.process == nullptr) return;
  listeners_[listener(entry.network_namespace, entry.local.port)] = entry.process;
}

// With its socket, so that there are never more listeners than sockets. Where another
// socket listens on the port as well, the next round notes that one again.
void SocketBook::forget_listener(const Entry& entry) {
  if (entry.state != SocketState::listen) return;
  const auto found = listeners_.find(listener(entry.network_namespace, entry.local.port));
  if (found != listeners_.end() && found->second == entry.process) listeners_.erase(found);
}

void SocketBook::apply(const SocketNews& news) {
  bool is_new = false;
  Entry* entry = entry_of(news.cookie, is_new);
  if (entry == nullptr) return;
  const bool closes = news.changed_state && news.state == SocketState::closed;
  if (closes && news.tcp && entry->figures == nullptr)
    entry->figures = std::make_unique<TcpInfo>(*news.tcp);
  if (entry->is_closed) return;
  entry->at = news.at;
  entry->network_namespace = news.network_namespace;
  // An address is chosen after the socket says that it connects, and gone before it says that it
  // closed.
  if (is_new || news.local.port != 0) entry->local = news.local;
  if (is_new || news.remote.port != 0) entry->remote = news.remote;
  if (news.process != nullptr) {
    entry->process = news.process;
    entry->uid = news.uid;
  }
  if (news.changed_state && !closes) {
    if (news.state != SocketState::listen) forget_listener(*entry);
    entry->state = news.state;
    entry->was_established |= news.state == SocketState::established;
    add_listener(*entry);
  }
  // A round of questions may have met it before the news of its opening came.
  const bool opens = news.changed_state &&
                     (news.state == SocketState::syn_sent || news.state == SocketState::listen ||
                      news.state == SocketState::established);
  if (opens && !entry->has_opened) {
    entry->to_open = entry->has_opened = true;
    entry->opened_at = news.at;
    openings_.push_back({news.cookie, news.at + kGathering});
  }
  if (closes) {
    close(news.cookie, *entry, news.at);
  }
}

void SocketBook::close(std::uint64_t cookie, Entry& entry, Instant at) {
  entry.is_closed = true;
  closings_.push_back({cookie, at + kGathering});
}

// The news of it may still come, or may never.
void SocketBook::count_dropped(const Socket& socket) {
  const auto known = sockets_.find(socket.cookie);
  if (known == sockets_.end() || known->second.is_closed || !known->second.has_opened) return;
  close(socket.cookie, known->second, socket.at);
}

ProcessRef SocketBook::process_of(const Socket& socket) {
  if (socket.cookie == 0) return nullptr;
  if (socket.state == SocketState::time_wait) {
    count_dropped(socket);
    return nullptr; // its owner has let it go
  }
  bool is_new = false;
  Entry* entry = entry_of(socket.cookie, is_new);
  if (entry == nullptr) return nullptr;
  entry->round = round_;
  if (is_new) {
    entry->at = socket.at;
    entry->network_namespace = socket.network_namespace;
    entry->protocol = socket.protocol;
    entry->local = socket.local;
    entry->remote = socket.remote;
    entry->uid = socket.uid;
  }
  if (!entry->is_closed) entry->state = socket.state;
  add_listener(*entry);
  return entry->process;
}

bool SocketBook::lacks_owner(std::uint64_t cookie) const {
  const auto known = sockets_.find(cookie);
  return known != sockets_.end() && known->second.process == nullptr;
}

void SocketBook::set_owner(std::uint64_t cookie, ProcessRef process) {
  const auto known = sockets_.find(cookie);
  // Who was seen using it knows better than who merely has it open.
  if (known == sockets_.end() || known->second.process != nullptr) return;
  known->second.process = std::move(process);
  add_listener(known->second);
}

bool SocketBook::should_search(std::uint64_t cookie, Instant now) {
  const auto known = sockets_.find(cookie);
  if (known == sockets_.end() || now < known->second.search_again) return false;
  Entry& entry = known->second;
  entry.search_again = now + kSearchPause * (1U << entry.searches);
  if (entry.searches < kSearchDoublings) ++entry.searches;
  return true;
}

void SocketBook::set_fallback_owner(Entry& entry) {
  if (entry.process != nullptr) return;
  const auto found = listeners_.find(listener(entry.network_namespace, entry.local.port));
  if (found != listeners_.end()) entry.process = found->second;
}

Socket SocketBook::socket_of(std::uint64_t cookie, const Entry& entry, SocketEvent event) {
  Socket socket;
  socket.set_time(event == SocketEvent::opened ? entry.opened_at : entry.at);
  socket.event = event;
  socket.protocol = entry.protocol;
  socket.state = entry.state;
  socket.cookie = cookie;
  socket.network_namespace = entry.network_namespace;
  socket.local = entry.local;
  socket.remote = entry.remote;
  socket.process = entry.process;
  socket.uid = entry.uid;
  return socket;
}

void SocketBook::publish_opening(std::uint64_t cookie, Entry& entry, const Publish& publish) {
  if (!std::exchange(entry.to_open, false)) return;
  Socket opened = socket_of(cookie, entry, SocketEvent::opened);
  if (entry.is_closed && entry.was_established) opened.state = SocketState::established;
  counters_.add(BookCount::opened);
  publish(opened);
}

void SocketBook::publish_closing(std::uint64_t cookie, const Publish& publish) {
  const auto known = sockets_.find(cookie);
  if (known == sockets_.end()) return;
  Entry& entry = known->second;
  set_fallback_owner(entry);
  publish_opening(cookie, entry, publish);
  Socket closed = socket_of(cookie, entry, SocketEvent::closed);
  closed.state = SocketState::closed;
  if (entry.figures != nullptr) closed.tcp = *entry.figures;
  counters_.add(BookCount::closed);
  if (entry.process == nullptr) counters_.add(BookCount::without_process);
  publish(closed);
  forget_listener(entry);
  sockets_.erase(known);
}

void SocketBook::publish_due(Instant now, const Publish& publish) {
  const auto each_due = [now](std::deque<Due>& queue, const auto& take) {
    while (!queue.empty() && queue.front().at <= now) {
      const std::uint64_t cookie = queue.front().cookie;
      queue.pop_front();
      take(cookie);
    }
  };
  each_due(openings_, [&](std::uint64_t cookie) {
    const auto known = sockets_.find(cookie);
    if (known == sockets_.end() || !known->second.to_open) return;
    if (known->second.process == nullptr) {
      late_openings_.push_back({cookie, known->second.opened_at + kTimeout});
    } else {
      publish_opening(cookie, known->second, publish);
    }
  });
  each_due(late_openings_, [&](std::uint64_t cookie) {
    const auto known = sockets_.find(cookie);
    if (known == sockets_.end()) return;
    const bool was_known = known->second.process != nullptr;
    set_fallback_owner(known->second);
    publish_opening(cookie, known->second, publish);
    if (!was_known) known->second.process = nullptr; // who accepts it after all is to be believed
  });
  each_due(closings_, [&](std::uint64_t cookie) { publish_closing(cookie, publish); });
}

void SocketBook::publish_all(const Publish& publish) {
  publish_due(Instant::max(), publish);
}

void SocketBook::end_round(std::span<const std::uint32_t> namespaces) {
  constexpr std::uint32_t kDumpsMissed = 2;
  const auto is_gone = [&](const Entry& entry) {
    if (entry.to_open || entry.is_closed || round_ - entry.round <= kDumpsMissed) return false;
    return std::find(namespaces.begin(), namespaces.end(), entry.network_namespace) !=
           namespaces.end();
  };
  for (auto& [cookie, entry] : sockets_) {
    if (!entry.has_opened || !is_gone(entry)) continue;
    close(cookie, entry, entry.at); // the news of it was lost
  }
  std::erase_if(sockets_, [&](const auto& one) {
    const bool gone = is_gone(one.second);
    if (gone) forget_listener(one.second);
    return gone;
  });
  ++round_;
}

} // namespace xdpcap::host
