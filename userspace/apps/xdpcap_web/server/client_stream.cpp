#include "apps/xdpcap_web/server/client_stream.hpp"

#include <boost/beast/ssl/ssl_stream.hpp>
#include <utility>

#include "core/check.hpp"

namespace xdpcap::web {

namespace asio = boost::asio;
namespace beast = boost::beast;

struct ClientStream::Tls {
  beast::ssl_stream<beast::tcp_stream> stream;
};

ClientStream::ClientStream(asio::ip::tcp::socket socket, asio::ssl::context* tls) {
  if (tls == nullptr) {
    plain_ = std::make_unique<beast::tcp_stream>(std::move(socket));
  } else {
    tls_ = std::make_unique<Tls>(Tls{{beast::tcp_stream(std::move(socket)), *tls}});
  }
}

ClientStream::ClientStream(ClientStream&&) noexcept = default;
ClientStream::~ClientStream() = default;

beast::tcp_stream& ClientStream::tcp() noexcept {
  return is_tls() ? tls_->stream.next_layer() : *plain_;
}

void ClientStream::handshake(std::function<void(Error error)> done) {
  XDPCAP_CHECK(is_tls());
  tls_->stream.async_handshake(asio::ssl::stream_base::server, std::move(done));
}

void ClientStream::shutdown_tls(std::function<void(Error error)> done) {
  XDPCAP_CHECK(is_tls());
  tls_->stream.async_shutdown(std::move(done));
}

void ClientStream::read_some(asio::mutable_buffer buffer, Done done) {
  is_tls() ? tls_->stream.async_read_some(buffer, std::move(done))
           : plain_->async_read_some(buffer, std::move(done));
}

void ClientStream::write_some(const std::array<asio::const_buffer, 2>& buffers, Done done) {
  is_tls() ? tls_->stream.async_write_some(buffers, std::move(done))
           : plain_->async_write_some(buffers, std::move(done));
}

} // namespace xdpcap::web
