#include "publish/outlet.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>

#include "codec/batch_view.hpp"

namespace xdpcap::publish {
namespace {

// Lies before the bytes of a message in one piece of memory.
struct alignas(16) MessageHeader {
  InFlight* in_flight;
  std::size_t bytes;
};
// ZeroMQ's own record of a message, and what the allocator sets aside for both.
constexpr std::size_t kMessageCost = sizeof(MessageHeader) + 96;

// On whichever thread lets go of the message last.
void release_message(void* /*data*/, void* hint) {
  auto* header = static_cast<MessageHeader*>(hint);
  header->in_flight->remove(header->bytes);
  ::operator delete(header);
}

zmq::message_t shared(const zmq::message_t& payload) {
  zmq::message_t copy;
  copy.copy(
      const_cast<zmq::message_t&>(payload)); // counts a reference; the contents stay as they are
  return copy;
}

bool begins_a_topic(std::string_view prefix) {
  return name_of(codec::Topic::stats).starts_with(prefix) ||
         std::any_of(codec::kRecordTopics.begin(), codec::kRecordTopics.end(),
                     [prefix](codec::Topic topic) { return name_of(topic).starts_with(prefix); });
}

} // namespace

void limit_peers(zmq::socket_t& socket, bool curve) {
  socket.set(zmq::sockopt::maxmsgsize, curve ? kPeerMessageMaxCurve : kPeerMessageMax);
  // Subscriptions are taken in one by one: before the next one its sender may have been hung up on.
  socket.set(zmq::sockopt::rcvhwm, 1);
  socket.set(zmq::sockopt::handshake_ivl, 5000);
  socket.set(zmq::sockopt::tcp_keepalive,
             1); // a peer that vanished without a word ends at some time
}

zmq::message_t copy_to_message(Bytes bytes, InFlight& in_flight) {
  auto* header = static_cast<MessageHeader*>(::operator new(sizeof(MessageHeader) + bytes.size()));
  *header = {&in_flight, bytes.size() + kMessageCost};
  std::memcpy(header + 1, bytes.data(), bytes.size());
  in_flight.add(header->bytes);
  return {header + 1, bytes.size(), release_message, header};
}

bool PubOutlet::wants(codec::Topic topic) const noexcept {
  return std::any_of(
      prefixes_.begin(), prefixes_.end(),
      [name = name_of(topic)](const std::string& prefix) { return name.starts_with(prefix); });
}

void PubOutlet::send(const Outgoing& batch, const zmq::message_t& payload) {
  const std::string_view topic = name_of(batch.topic);
  socket_.send(zmq::buffer(topic), zmq::send_flags::sndmore | zmq::send_flags::dontwait);
  socket_.send(shared(payload), zmq::send_flags::dontwait);
  counters_.add(OutletCount::batches_published);
  counters_.add(OutletCount::records_published, batch.records);
}

void PubOutlet::service() {
  zmq::message_t message;
  for (int i = 0; i < kChangesAtOnce && socket_.recv(message, zmq::recv_flags::dontwait); ++i)
    change(message);
}

void PubOutlet::change(zmq::message_t& message) {
  const std::string_view text = message.to_string_view();
  const bool subscribes = !text.empty() && text.front() == '\x01';
  if (!subscribes && (text.empty() || text.front() != '\x00'))
    return disconnect(message); // nothing else is ever sent
  const std::string_view prefix = text.substr(1);
  std::set<std::string, std::less<>>& kept = begins_a_topic(prefix) ? prefixes_ : unknown_;
  if (!subscribes) {
    if (const auto found = kept.find(prefix); found != kept.end()) kept.erase(found);
    return;
  }
  if (&kept == &unknown_) {
    unknown_seen_.fetch_add(1, std::memory_order_relaxed);
    if (unknown_.size() >= kUnknownMax && !unknown_.contains(prefix)) return disconnect(message);
  }
  kept.emplace(prefix);
}

// The I/O thread then sees the end of the connection, and forgets the peer with all it subscribed
// to. Where that peer has just gone, another one may have its descriptor: it connects again.
void PubOutlet::disconnect(zmq::message_t& message) {
  const int fd = zmq_msg_get(message.handle(), ZMQ_SRCFD);
  if (fd < 0 || ::shutdown(fd, SHUT_RDWR) != 0) return;
  disconnected_.fetch_add(1, std::memory_order_relaxed);
}

void PubOutlet::close(int linger_ms) {
  socket_.set(zmq::sockopt::linger, linger_ms);
  socket_.close();
}

void PushOutlet::send(const Outgoing& batch, const zmq::message_t& payload, SteadyInstant now) {
  waiting_.push_back({batch.topic, batch.records, shared(payload), now});
  service(now);
  if (timeout_ && waiting_.size() > kWaitingMax) {
    drop(waiting_.front());
    waiting_.pop_front();
  }
}

void PushOutlet::service(SteadyInstant now) {
  // As for PUB: makes libzmq take note of the room that receivers have made.
  [[maybe_unused]] const int events = socket_.get(zmq::sockopt::events);
  while (!waiting_.empty()) {
    Waiting& first = waiting_.front();
    if (try_send(first)) {
      counters_.add(OutletCount::batches_published);
      counters_.add(OutletCount::records_published, first.records);
    } else if (timeout_ && now - first.since >= *timeout_) {
      drop(first);
    } else {
      return;
    }
    waiting_.pop_front();
  }
}

void PushOutlet::drop_waiting() {
  for (const Waiting& waiting : waiting_) drop(waiting);
  waiting_.clear();
}

void PushOutlet::close(int linger_ms) {
  socket_.set(zmq::sockopt::linger, linger_ms);
  socket_.close();
}

bool PushOutlet::try_send(Waiting& waiting) {
  const std::string_view topic = name_of(waiting.topic);
  if (!socket_.send(zmq::buffer(topic), zmq::send_flags::sndmore | zmq::send_flags::dontwait))
    return false;
  // Whoever took the first part takes the second: room is counted in whole messages.
  return socket_.send(waiting.payload, zmq::send_flags::dontwait).has_value();
}

void PushOutlet::drop(const Waiting& waiting) noexcept {
  counters_.add(OutletCount::batches_dropped);
  counters_.add(OutletCount::records_dropped, waiting.records);
}

bool JsonOutlet::wants(codec::Topic topic) const noexcept {
  return std::find(topics_.begin(), topics_.end(), topic) != topics_.end();
}

void JsonOutlet::send(const Outgoing& batch) {
  lines_.clear();
  // Our own batch, not something from the wire: nothing to verify.
  codec::append_json(lines_, *schema::GetBatch(batch.bytes.data()), options_);
  drain(lines_);
  const bool written = !failure_;
  counters_.add(written ? OutletCount::batches_published : OutletCount::batches_dropped);
  counters_.add(written ? OutletCount::records_published : OutletCount::records_dropped,
                batch.records);
}

// Once something failed nothing is written any more.
void JsonOutlet::drain(std::string& lines) {
  if (!failure_) write_all(lines);
  lines.clear();
}

// Never so much at once that a pipe with room for something would make the writer wait for more.
bool JsonOutlet::write_all(std::string_view text) {
  while (!text.empty()) {
    if (!wait_for_room()) return false;
    const ssize_t written = ::write(fd_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      const char* cure = errno == EPIPE    ? "; whoever read it has gone"
                         : errno == ENOSPC ? "; make room on the disk and start again"
                                           : "";
      failure_ = Error{ExitCode::output,
                       fmt::format("cannot write JSON lines: {}{}", std::strerror(errno), cure)};
      return false;
    }
  }
  return true;
}

bool JsonOutlet::wait_for_room() {
  constexpr int kTurnMs = 50;
  pollfd writable{fd_, POLLOUT, 0};
  for (std::int64_t waited_ms = 0; ::poll(&writable, 1, kTurnMs) == 0; waited_ms += kTurnMs) {
    const std::int64_t timeout_ms = timeout_ms_.load();
    if (timeout_ms < 0 || waited_ms < timeout_ms) continue;
    failure_ =
        Error{ExitCode::output,
              fmt::format("JSON lines are cut short: whoever reads them took nothing for {} s",
                          waited_ms / 1000)};
    return false;
  }
  return true;
}

} // namespace xdpcap::publish
