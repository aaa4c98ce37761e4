#include "apps/xdpcap_web/http_server.hpp"

#include <fmt/format.h>

#include <chrono>

#include "apps/xdpcap_web/session.hpp"

namespace xdpcap::web {

namespace asio = boost::asio;
using asio::ip::tcp;

Result<std::unique_ptr<HttpServer>, Error> HttpServer::open(asio::io_context& context, Options options,
                                                            const Access& access, const Api& api, Feeds& feeds) {
  const std::string where = fmt::format("{}:{}", options.address, options.port);
  std::unique_ptr<HttpServer> server(new HttpServer(context, std::move(options), access, api, feeds));
  boost::system::error_code error;
  const auto address = asio::ip::make_address(server->options_.address, error);
  if (error)
    return Error{ExitCode::usage, fmt::format("--listen {}: '{}' is no IP address; write 127.0.0.1:8080 or [::1]:8080",
                                              where, server->options_.address)};
  const tcp::endpoint endpoint(address, server->options_.port);
  tcp::acceptor& acceptor = server->acceptor_;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1024, error);
  if (error)
    return Error{ExitCode::environment,
                 fmt::format("cannot listen on {}: {}; take another one with --listen (port 0: one that is free)",
                             where, error.message())};
  return server;
}

std::string HttpServer::url() const {
  boost::system::error_code ignored;
  const tcp::endpoint endpoint = acceptor_.local_endpoint(ignored);
  const std::string address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("http://[{}]:{}/", address, endpoint.port())
                                    : fmt::format("http://{}:{}/", address, endpoint.port());
}

void HttpServer::start() {
  accept();
  tick();
}

void HttpServer::accept() {
  acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
    if (!error && *connections_ < options_.connections_max) {
      std::make_shared<Session>(std::move(socket), *this)->start();
    }
    if (!error || error == asio::error::connection_aborted) {
      accept(); // a socket beyond the limit was closed by its destructor
      return;
    }
    // Out of descriptors, most likely: look again in a moment instead of spinning.
    auto pause = std::make_shared<asio::steady_timer>(context_, std::chrono::milliseconds(100));
    pause->async_wait([this, pause](boost::system::error_code stopped) {
      if (!stopped) accept();
    });
  });
}

void HttpServer::tick() {
  ticker_.expires_after(std::chrono::milliseconds(100));
  ticker_.async_wait([this](boost::system::error_code stopped) {
    if (stopped) return;
    feeds_.tick();
    tick();
  });
}

void HttpServer::stop() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  ticker_.cancel();
  feeds_.close();
  workers_.join();
}

} // namespace xdpcap::web
