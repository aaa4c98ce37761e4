#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <memory>
#include <utility>

namespace xdpcap::web {

// A browser's connection, in clear or under TLS: whoever reads and writes need not know. An
// AsyncStream of Boost.Asio. Time limits are set on tcp(). One thread.
class ClientStream {
 public:
  using executor_type = boost::beast::tcp_stream::executor_type;

  // `tls` null: in clear. It outlives this.
  ClientStream(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls) {
    if (tls == nullptr) {
      plain_ = std::make_unique<boost::beast::tcp_stream>(std::move(socket));
    } else {
      tls_ = std::make_unique<Tls>(boost::beast::tcp_stream(std::move(socket)), *tls);
    }
  }

  [[nodiscard]] boost::beast::tcp_stream& tcp() noexcept {
    return tls_ == nullptr ? *plain_ : tls_->next_layer();
  }
  [[nodiscard]] bool is_tls() const noexcept { return tls_ != nullptr; }
  executor_type get_executor() noexcept { return tcp().get_executor(); }

  // Only where is_tls(). handler(error_code)
  template <class Handler>
  void handshake(Handler&& handler) {
    tls_->async_handshake(boost::asio::ssl::stream_base::server, std::forward<Handler>(handler));
  }
  template <class Handler>
  void shutdown_tls(Handler&& handler) {
    tls_->async_shutdown(std::forward<Handler>(handler));
  }
  // No recursion: handlers are called from the loop of Boost.Asio.
  // NOLINTBEGIN(misc-no-recursion)
  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    tls_ == nullptr ? plain_->async_read_some(buffers, std::forward<Handler>(handler))
                    : tls_->async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    tls_ == nullptr ? plain_->async_write_some(buffers, std::forward<Handler>(handler))
                    : tls_->async_write_some(buffers, std::forward<Handler>(handler));
  }
  // NOLINTEND(misc-no-recursion)

 private:
  using Tls = boost::beast::ssl_stream<boost::beast::tcp_stream>;
  std::unique_ptr<boost::beast::tcp_stream> plain_;
  std::unique_ptr<Tls> tls_;
};

} // namespace xdpcap::web
