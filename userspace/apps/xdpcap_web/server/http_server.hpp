#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "apps/xdpcap_web/api/api.hpp"
#include "apps/xdpcap_web/host/name_lookup.hpp"
#include "apps/xdpcap_web/server/access.hpp"
#include "apps/xdpcap_web/server/byte_budget.hpp"
#include "apps/xdpcap_web/server/feeds.hpp"
#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::web {

class Session;

// HTTP/1.1 for browsers (Boost.Beast), in clear or under TLS. Everything happens on the thread that
// runs the io_context, but for the calls of the API: those that are answered from figures alone
// have a thread, searches have one, the others have one. So a long search stops neither streams nor
// /healthz.
//
// Strict on purpose: GET and HEAD only, no bodies, heads of at most 16 KiB, one Host, the target
// begins with /. What is refused ends its connection, so nothing of it can be taken for another
// request.
//
// Bounded: calls that wait for a thread, connections, and the bytes of answers that clients have
// not read yet. Past a bound an answer is 503; and who stands still for long loses its connection
// to those who do not.
class HttpServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;            // 0: one that is free
    std::string tls_certificate, tls_key; // PEM files; empty: in clear
    std::size_t streams_max = 512, connections_max = 2048;
    std::size_t answer_bytes_max = std::size_t{64} << 20;
  };

  static Result<std::unique_ptr<HttpServer>, Error> open(boost::asio::io_context& context,
                                                         Options options, const Api& api,
                                                         Feeds& feeds);
  // Accepts until stop(). The io_context's thread. `access` outlives this.
  void start(Access& access);
  void stop();

  [[nodiscard]] std::uint16_t port() const;
  // An address that those who may reach it can open: of a wildcard one of this machine's own.
  [[nodiscard]] std::string url() const;

 private:
  friend class Session;
  // A thread for calls of the API, and how many wait for it.
  struct Lane {
    boost::asio::thread_pool pool{1};
    std::size_t waiting = 0; // the server's thread only
  };
  static constexpr std::size_t kWaitingMax = 256; // of a lane

  HttpServer(boost::asio::io_context& context, Options options, const Api& api, Feeds& feeds);
  Result<void, Error> use_tls();
  Lane& lane_of(Api::Cost cost) noexcept;
  // Room for an answer; who has not read a byte of its own for a second makes room for it.
  ByteBudget::Share room_for(std::size_t bytes);
  void accept();
  void make_room_for_connection();
  void tick();

  boost::asio::io_context& context_;
  Options options_;
  Access* access_ = nullptr;
  const Api& api_;
  Feeds& feeds_;
  std::unique_ptr<boost::asio::ssl::context> tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer ticker_;
  Lane figures_, searches_, others_;
  NameLookup names_;
  ByteBudget answers_;
  // The open ones; the last of them may outlive the server, until the io_context goes.
  std::shared_ptr<std::set<Session*>> sessions_ = std::make_shared<std::set<Session*>>();
};

} // namespace xdpcap::web
