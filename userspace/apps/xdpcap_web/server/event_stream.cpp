#include "apps/xdpcap_web/server/event_stream.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <utility>

namespace xdpcap::web {

namespace asio = boost::asio;
namespace beast = boost::beast;

void EventStream::start(std::string head) {
  stream_.tcp().expires_never(); // a stopped reader is dropped data, not a dead connection
  beast::error_code ignored;
  // The kernel's buffer counts as well: it must not become the queue.
  stream_.tcp().socket().set_option(asio::socket_base::send_buffer_size(128 << 10), ignored);
  queue_.push_back({std::make_shared<const std::string>(std::move(head)), 0});
  write_next();
  watch();
}

// A client that leaves is found by reading; one that goes on to talk has misunderstood.
void EventStream::watch() {
  stream_.read_some(asio::buffer(&byte_, 1),
                    [self = shared_from_this()](beast::error_code, std::size_t) { self->close(); });
}

void EventStream::offer(const Chunk& chunk) {
  if (closed_ || ending_) return;
  if (queued_ + chunk.text->size() > kQueuedMax && !queue_.empty()) {
    lost_ += chunk.events;
    return;
  }
  if (lost_ != 0 && chunk.events != 0) {
    auto notice = std::make_shared<const std::string>(report_loss_(std::exchange(lost_, 0)));
    queued_ += notice->size();
    queue_.push_back({std::move(notice), 0});
  }
  queue_.push_back(chunk);
  queued_ += chunk.text->size();
  write_next();
}

void EventStream::end(const Chunk& last_words) {
  offer(last_words);
  ending_ = true;
  if (!writing_) close();
}

// No recursion: Boost.Asio calls a handler from its loop, never from the call that it belongs to.
// NOLINTBEGIN(misc-no-recursion)
void EventStream::write_next() {
  if (writing_ || closed_) return;
  if (queue_.empty()) {
    if (ending_) close();
    return;
  }
  writing_ = true;
  write_rest(queue_.front().text, 0);
}

void EventStream::write_rest(const std::shared_ptr<const std::string>& text, std::size_t written) {
  stream_.write_some(
      {asio::buffer(*text) + written, asio::const_buffer{}},
      [self = shared_from_this(), text, written](beast::error_code error, std::size_t bytes) {
        if (!error && !self->closed_ && written + bytes < text->size()) {
          self->write_rest(text, written + bytes);
          return;
        }
        self->writing_ = false;
        if (error || self->closed_) {
          self->close();
          return;
        }
        self->queued_ -= std::min(self->queued_, text->size());
        self->queue_.pop_front();
        self->write_next();
      });
}
// NOLINTEND(misc-no-recursion)

void EventStream::close() {
  if (std::exchange(closed_, true)) return;
  queue_.clear();
  beast::error_code ignored;
  stream_.tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  stream_.tcp().close();
}

} // namespace xdpcap::web
