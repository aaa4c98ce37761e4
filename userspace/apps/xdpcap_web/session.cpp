#include "apps/xdpcap_web/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>

#include "apps/xdpcap_web/assets.hpp"

namespace xdpcap::web {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr auto kReadPatience = std::chrono::seconds(30);
constexpr auto kWritePatience = std::chrono::seconds(60);
constexpr std::uint32_t kHeadMax = 16 << 10;
constexpr auto kDrainPatience = std::chrono::seconds(2);
constexpr std::size_t kDrainMax = 256 << 10, kDrainPiece = 4 << 10;

const Asset* asset_at(std::string_view path) {
  if (path == "/") path = "/index.html";
  const auto all = assets();
  const auto found = std::find_if(all.begin(), all.end(), [path](const Asset& asset) { return asset.path == path; });
  return found == all.end() ? nullptr : &*found;
}

Reply reply_of(const Asset& asset) {
  Reply reply{.type = asset.type, .body = std::string(asset.octets)};
  reply.fields.emplace_back("Cache-Control", asset.hashed ? "public, max-age=31536000, immutable" : "no-cache");
  return reply;
}

bool is_stream(const Request& request) {
  return request.path == "/api/capture" ||
         (request.wants_events() && (request.path == "/api/messages" || request.path == "/api/stats"));
}

const ApiError kNoBody{.status = 413, .message = "no request here has a body"};

// What is wrong with a head that is no HTTP.
ApiError malformed(const beast::error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return {.status = 431, .message = "the head of this request is larger than 16 KiB"};
  if (error == http::error::body_limit) return kNoBody;
  return {.status = 400, .message = fmt::format("this is no request of HTTP/1.1: {}", error.message())};
}

} // namespace

Session::Session(asio::ip::tcp::socket socket, HttpServer& server)
    : stream_(std::move(socket)), server_(server), connections_(server.connections_) {
  ++*connections_;
}

Session::~Session() {
  --*connections_;
}

void Session::read() {
  parser_.emplace();
  parser_->header_limit(kHeadMax);
  parser_->body_limit(0);
  stream_.expires_after(kReadPatience);
  http::async_read_header(stream_, buffer_, *parser_,
                          [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_head(error); });
}

void Session::on_head(beast::error_code error) {
  if (error == http::error::body_limit && check()) error = {}; // what is wrong with it is said below
  if (error.category() == http::make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message) {
    reply({}, web::reply_of(malformed(error)), false);
    return;
  }
  if (error) {
    close();
    return;
  }
  Request request = request_of();
  if (const auto refusal = check()) {
    Reply refused = web::reply_of(*refusal);
    if (refusal->status == 405) refused.fields.emplace_back("Allow", "GET, HEAD");
    reply(request, std::move(refused), false);
    return;
  }
  if (parser_->get().method() == http::verb::options) {
    auto preflight = server_.access_.preflight(request);
    reply(request,
          preflight ? *std::move(preflight) : web::reply_of({.status = 405, .message = "there are GET and HEAD only"}),
          false);
    return;
  }
  if (auto refused = server_.access_.refuse(request)) {
    reply(request, *std::move(refused), false);
    return;
  }
  answer(std::move(request));
}

std::optional<ApiError> Session::check() const {
  const auto& head = parser_->get();
  const auto verb = head.method();
  if (verb != http::verb::get && verb != http::verb::head && verb != http::verb::options)
    return ApiError{.status = 405, .message = "nothing here changes anything: there are GET and HEAD only"};
  // By the fields alone: the parser's own answers hold only for heads that it liked.
  const std::size_t lengths = head.count(http::field::content_length);
  if (head.count(http::field::transfer_encoding) != 0 || lengths > 1 ||
      (lengths == 1 && head[http::field::content_length] != "0"))
    return kNoBody;
  if (head.count(http::field::host) > 1 || (head.version() >= 11 && head.count(http::field::host) == 0))
    return ApiError{.status = 400, .message = "a request names one Host"};
  if (head.version() != 11 && head.version() != 10)
    return ApiError{.status = 505, .message = "HTTP/1.1 and 1.0 are spoken here"};
  if (!head.target().starts_with('/'))
    return ApiError{.status = 400, .message = "the target of a request begins with /"};
  std::string decoded;
  if (!percent_decode(std::string_view(head.target().data(), head.target().find('?')).substr(0, head.target().size()),
                      false, decoded))
    return ApiError{.status = 400, .message = "the path is not percent-encoded as RFC 3986 says"};
  return std::nullopt;
}

Request Session::request_of() const {
  const auto& head = parser_->get();
  const auto field = [&](http::field name) {
    const auto value = head[name];
    return std::string(value.data(), value.size());
  };
  const std::string target(head.target().data(), head.target().size());
  const std::size_t mark = std::min(target.find('?'), target.size());
  Request request;
  percent_decode(std::string_view(target).substr(0, mark), false, request.path);
  request.query = target.substr(std::min(mark + 1, target.size()));
  request.host = field(http::field::host);
  request.origin = field(http::field::origin);
  request.authorization = field(http::field::authorization);
  request.cookie = field(http::field::cookie);
  request.accept = field(http::field::accept);
  request.head = head.method() == http::verb::head;
  return request;
}

void Session::answer(Request request) {
  const bool keep = parser_->get().keep_alive();
  if (const Asset* asset = asset_at(request.path)) {
    reply(request, reply_of(*asset), keep);
    return;
  }
  if (is_stream(request) && !request.head) {
    follow(std::move(request));
    return;
  }
  stream_.expires_never(); // the answer takes as long as it takes
  asio::post(server_.workers_, [self = shared_from_this(), request = std::move(request), keep] {
    Reply made = self->server_.api_.answer(request);
    asio::post(self->stream_.get_executor(), [self, request, made = std::move(made), keep]() mutable {
      self->reply(request, std::move(made), keep);
    });
  });
}

void Session::follow(Request request) {
  if (server_.feeds_.count_streams() >= server_.options_.streams_max) {
    reply(request, web::reply_of({.status = 503, .message = "there are as many event streams as --clients allows"}),
          false);
    return;
  }
  if (auto feed = server_.feeds_.find(request)) {
    join(request, feed);
    return;
  }
  stream_.expires_never();
  asio::post(server_.workers_, [self = shared_from_this(), request = std::move(request)] {
    auto made = self->server_.feeds_.make(request);
    asio::post(self->stream_.get_executor(), [self, request, made = std::move(made)]() mutable {
      if (!made) {
        self->reply(request, web::reply_of(made.error()), false);
      } else {
        self->join(request, self->server_.feeds_.enter(request, *made));
      }
    });
  });
}

void Session::join(const Request& request, const std::shared_ptr<Feed>& feed) {
  Reply fields;
  server_.access_.add_fields(request, fields);
  std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n";
  for (const auto& [name, value] : fields.fields) head += fmt::format("{}: {}\r\n", name, value);
  head += "\r\n";
  auto stream =
      std::make_shared<EventStream>(std::move(stream_), [weak = std::weak_ptr<Feed>(feed)](std::uint64_t lost) {
        const auto alive = weak.lock();
        return alive == nullptr ? std::string{} : alive->tell_loss(lost);
      });
  feed->streams.push_back(stream);
  stream->start(std::move(head));
}

void Session::reply(const Request& request, Reply reply, bool keep) {
  server_.access_.add_fields(request, reply);
  response_ = {};
  response_.version(11);
  response_.result(reply.status);
  response_.set(http::field::content_type, beast::string_view(reply.type.data(), reply.type.size()));
  for (const auto& [name, value] : reply.fields) response_.insert(name, value);
  if (response_.count(http::field::cache_control) == 0) response_.set(http::field::cache_control, "no-store");
  response_.keep_alive(keep);
  response_.content_length(reply.body.size());
  if (!request.head) response_.body() = std::move(reply.body);
  stream_.expires_after(kWritePatience);
  http::async_write(stream_, response_, [self = shared_from_this(), keep](beast::error_code error, std::size_t) {
    if (error || !keep) {
      self->close();
    } else {
      self->read();
    }
  });
}

// With octets unread the kernel would answer RST, which may take our last words back: what the client still sends is
// read for a moment, and thrown away.
void Session::close() {
  beast::error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  stream_.expires_after(kDrainPatience);
  drain(kDrainMax);
}

void Session::drain(std::size_t octets_max) {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(kDrainPiece),
                          [self = shared_from_this(), octets_max](beast::error_code error, std::size_t octets) {
                            if (!error && octets < octets_max) self->drain(octets_max - octets);
                          });
}

} // namespace xdpcap::web
