#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>

#include "apps/xdpcap_web/http_server.hpp"

namespace xdpcap::web {

// One connection of a browser: requests one after the other, until one of them becomes an event stream. The
// server's thread. Lives as long as an operation of it is under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::ip::tcp::socket socket, HttpServer& server);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start() { read(); }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

  void read();
  void on_head(boost::beast::error_code error);
  // Nothing where the request is one of those that are answered here.
  [[nodiscard]] std::optional<ApiError> check() const;
  [[nodiscard]] Request request_of() const;
  void answer(Request request);
  void follow(Request request);
  void join(const Request& request, const std::shared_ptr<Feed>& feed);
  void reply(const Request& request, Reply reply, bool keep);
  void close();
  void drain(std::size_t octets_max);

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_{32 << 10};
  std::optional<Parser> parser_;
  boost::beast::http::response<boost::beast::http::string_body> response_;
  HttpServer& server_; // until it is stopped
  std::shared_ptr<std::size_t> connections_;
};

} // namespace xdpcap::web
