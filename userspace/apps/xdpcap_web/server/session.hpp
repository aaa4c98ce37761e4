#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "apps/xdpcap_web/server/client_stream.hpp"
#include "apps/xdpcap_web/server/http_server.hpp"

namespace xdpcap::web {

// One connection of a browser: requests one after the other, until one of them becomes an event
// stream. The server's thread. Lives as long as an operation of it is under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Session(boost::asio::ip::tcp::socket socket, HttpServer& server);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start();

  // It waits for a request, or for its client to read an answer; and since when nothing went either
  // way.
  [[nodiscard]] bool is_idle() const noexcept { return state_ == State::idle; }
  [[nodiscard]] bool is_writing() const noexcept { return state_ == State::writing; }
  [[nodiscard]] Time moved() const noexcept { return moved_; }
  // Ends the connection at once; what it held is given back.
  void abandon();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;
  enum class State { idle, working, writing };

  void enter(State state);
  void read();
  void read_head();
  void on_head(boost::beast::error_code error);
  // Nothing where the request is one of those that are answered here.
  [[nodiscard]] std::optional<ApiError> check() const;
  [[nodiscard]] Request request_of() const;
  void answer(Request request);
  void follow(Request request);
  void look_up(Request request, std::vector<std::string> names);
  void make_feed(const Request& request, const HostAddresses& looked_up);
  void join(const Request& request, const std::shared_ptr<Feed>& feed);
  void reply(const Request& request, Reply reply, bool keep);
  void write_more();
  void close();
  void drain(std::size_t bytes_max);

  ClientStream stream_;
  boost::beast::flat_buffer buffer_{32 << 10};
  std::optional<Parser> parser_;
  HttpServer& server_; // until it is stopped
  std::shared_ptr<std::set<Session*>> sessions_;
  std::string peer_;
  State state_ = State::idle;
  Time moved_;

  // What waits for names to be looked up, and for how long.
  std::optional<Request> asks_;
  std::unique_ptr<boost::asio::steady_timer> timer_;

  // The answer that is being written.
  std::string head_;
  Reply reply_;
  std::string_view content_; // of reply_; empty for HEAD
  std::size_t written_ = 0;  // of both
  Time write_until_;
  bool keep_ = false;
  ByteBudget::Share share_;
};

} // namespace xdpcap::web
