#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <cstddef>
#include <functional>
#include <memory>

namespace xdpcap::web {

// A browser's connection, in clear or under TLS: whoever reads and writes need not know. Time
// limits are set on tcp(). One thread; what is called at the end of an operation is called from the
// loop of Boost.Asio, never from the call that began it.
class ClientStream {
 public:
  using Error = boost::system::error_code;
  using Done = std::function<void(Error error, std::size_t bytes)>;

  // `tls` null: in clear. It outlives this.
  ClientStream(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls);
  ClientStream(ClientStream&&) noexcept;
  ClientStream& operator=(ClientStream&&) = delete;
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;
  ~ClientStream();

  [[nodiscard]] boost::beast::tcp_stream& tcp() noexcept;
  [[nodiscard]] bool is_tls() const noexcept { return tls_ != nullptr; }

  // Only where is_tls().
  void handshake(std::function<void(Error error)> done);
  void shutdown_tls(std::function<void(Error error)> done);

  // At least one byte, or an error. What the buffers point to lives until then.
  void read_some(boost::asio::mutable_buffer buffer, Done done);
  void write_some(const std::array<boost::asio::const_buffer, 2>& buffers, Done done);

 private:
  struct Tls;
  std::unique_ptr<boost::beast::tcp_stream> plain_;
  std::unique_ptr<Tls> tls_;
};

} // namespace xdpcap::web
