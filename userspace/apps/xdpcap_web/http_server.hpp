#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "apps/xdpcap_web/access.hpp"
#include "apps/xdpcap_web/api.hpp"
#include "apps/xdpcap_web/feeds.hpp"
#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::web {

// HTTP/1.1 for browsers (Boost.Beast). Everything happens on the thread that runs the io_context, but for the calls of
// the API, which one other thread answers: a long search stops neither streams nor short calls' sockets.
//
// Strict on purpose: GET and HEAD only, no bodies, heads of at most 16 KiB, one Host, the target begins with /.
// What is refused ends its connection, so nothing of it can be taken for another request.
class HttpServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080; // 0: one that is free
    std::size_t streams_max = 512, connections_max = 2048;
  };

  static Result<std::unique_ptr<HttpServer>, Error> open(boost::asio::io_context& context, Options options,
                                                         const Access& access, const Api& api, Feeds& feeds);
  // Accepts until stop(). The io_context's thread.
  void start();
  void stop();

  [[nodiscard]] std::string url() const;

 private:
  friend class Session;
  HttpServer(boost::asio::io_context& context, Options options, const Access& access, const Api& api, Feeds& feeds)
      : context_(context),
        options_(std::move(options)),
        access_(access),
        api_(api),
        feeds_(feeds),
        acceptor_(context),
        ticker_(context) {}
  void accept();
  void tick();

  boost::asio::io_context& context_;
  Options options_;
  const Access& access_;
  const Api& api_;
  Feeds& feeds_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer ticker_;
  boost::asio::thread_pool workers_{1};
  // Sessions count themselves; the last of them may outlive the server, until the io_context goes.
  std::shared_ptr<std::size_t> connections_ = std::make_shared<std::size_t>(0);
};

} // namespace xdpcap::web
