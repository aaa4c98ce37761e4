#include "apps/xdpcap_web/server/session.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <utility>

#include "apps/xdpcap_web/api/parameters.hpp"
#include "apps/xdpcap_web/server/assets.hpp"

namespace xdpcap::web {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

using std::chrono::steady_clock;

constexpr auto kReadTimeout = std::chrono::seconds(30);
constexpr auto kHandshakeTimeout = std::chrono::seconds(10);
constexpr auto kWriteTimeout = std::chrono::seconds(60); // of an answer
constexpr auto kStillTimeout = std::chrono::seconds(10); // without a byte that was read
constexpr auto kLookUpTimeout = std::chrono::seconds(5);
constexpr std::uint32_t kHeadMax = 16 << 10;
constexpr auto kDrainTimeout = std::chrono::seconds(2);
constexpr std::size_t kDrainMax = 256 << 10, kDrainPiece = 4 << 10, kReadPiece = 4 << 10;
// Answers as small as this need no room of the budget: all connections together hold 32 MiB of them
// at most.
constexpr std::size_t kSmallAnswer = 16 << 10;

const Asset* asset_at(std::string_view path) {
  if (path == "/") path = "/index.html";
  const auto all = assets();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [path](const Asset& asset) { return asset.path == path; });
  return found == all.end() ? nullptr : &*found;
}

Reply reply_of(const Asset& asset) {
  Reply reply{.type = asset.type, .static_body = asset.bytes};
  reply.fields.emplace_back("Cache-Control",
                            asset.hashed ? "public, max-age=31536000, immutable" : "no-cache");
  return reply;
}

bool is_stream(const Request& request) {
  return request.path == "/api/capture" ||
         (request.wants_events() &&
          (request.path == "/api/messages" || request.path == "/api/stats"));
}

// The head of an answer. Values are our own words, or an origin that --cors names.
std::string head_of(const Reply& reply, std::optional<std::size_t> length, bool keep) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(reply.status));
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\n", reply.status,
                                 std::string_view(reason.data(), reason.size()), reply.type);
  bool has_caching = false;
  for (const auto& [name, value] : reply.fields) {
    has_caching = has_caching || name == "Cache-Control";
    head += fmt::format("{}: {}\r\n", name, value);
  }
  if (!has_caching) head += "Cache-Control: no-store\r\n";
  if (length) head += fmt::format("Content-Length: {}\r\n", *length);
  if (!keep) head += "Connection: close\r\n";
  return head + "\r\n";
}

constexpr std::string_view kHealthPath = "/healthz";
const ApiError kNoBody{.status = 413, .message = "no request here has a body"};

// What is wrong with a head that is no HTTP.
ApiError malformed(const beast::error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return {.status = 431, .message = "the head of this request is larger than 16 KiB"};
  if (error == http::error::body_limit) return kNoBody;
  return {.status = 400,
          .message = fmt::format("this is no request of HTTP/1.1: {}", error.message())};
}

} // namespace

Session::Session(asio::ip::tcp::socket socket, HttpServer& server)
    : stream_(std::move(socket), server.tls_.get()), server_(server), sessions_(server.sessions_) {
  sessions_->insert(this);
  beast::error_code ignored;
  const auto peer = stream_.tcp().socket().remote_endpoint(ignored).address();
  peer_ = peer.to_string();
  enter(State::idle);
}

Session::~Session() {
  sessions_->erase(this);
}

void Session::enter(State state) {
  state_ = state;
  moved_ = steady_clock::now();
}

void Session::start() {
  if (!stream_.is_tls()) return read();
  stream_.tcp().expires_after(kHandshakeTimeout);
  stream_.handshake([self = shared_from_this()](beast::error_code error) {
    if (!error) self->read();
  });
}

void Session::abandon() {
  share_ = {};
  sessions_->erase(this); // its place is free at once; what waits of it ends with an error
  stream_.tcp().close();
}

// From here on each function starts an operation and is called by the end of another. That is no
// recursion, though it looks like one: Boost.Asio calls a handler from its loop, never from the
// call that it belongs to.
// NOLINTBEGIN(misc-no-recursion)
void Session::read() {
  enter(State::idle);
  parser_.emplace();
  parser_->header_limit(kHeadMax);
  parser_->body_limit(0);
  stream_.tcp().expires_after(kReadTimeout);
  read_head();
}

// A head may be here already: behind the request before it.
void Session::read_head() {
  beast::error_code error;
  if (buffer_.size() != 0) {
    buffer_.consume(parser_->put(buffer_.data(), error));
    if (error == http::error::need_more) error = {};
    if (error || parser_->is_header_done()) return on_head(error);
  }
  const std::size_t room = buffer_.max_size() - buffer_.size();
  if (room == 0) return on_head(http::error::buffer_overflow);
  stream_.read_some(buffer_.prepare(std::min(kReadPiece, room)),
                    [self = shared_from_this()](beast::error_code failure, std::size_t bytes) {
                      self->buffer_.commit(bytes);
                      if (!failure) return self->read_head();
                      if (failure == asio::error::eof && !self->parser_->got_some())
                        failure = http::error::end_of_stream;
                      else if (failure == asio::error::eof)
                        failure = http::error::partial_message;
                      self->on_head(failure);
                    });
}

void Session::on_head(beast::error_code error) {
  enter(State::working);
  if (error == http::error::body_limit && check())
    error = {}; // what is wrong with it is said below
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
    auto preflight = server_.access_->preflight(request);
    reply(request,
          preflight ? *std::move(preflight)
                    : web::reply_of({.status = 405, .message = "there are GET and HEAD only"}),
          false);
    return;
  }
  // What holds nothing that was captured is for everybody: else a browser could not even ask for
  // the token.
  const Asset* asset = asset_at(request.path);
  const bool is_public = asset != nullptr || request.path == kHealthPath;
  if (auto refused = server_.access_->refuse(request, is_public)) {
    // A wrong token in the address: the page asks for another one.
    if (refused->status == 401 && asset != nullptr) {
      refused = reply_of(*asset);
      refused->status = 401;
    }
    reply(request, *std::move(refused), false);
    return;
  }
  if (asset != nullptr) {
    reply(request, reply_of(*asset), parser_->get().keep_alive());
    return;
  }
  answer(std::move(request));
}

std::optional<ApiError> Session::check() const {
  const auto& head = parser_->get();
  const auto verb = head.method();
  if (verb != http::verb::get && verb != http::verb::head && verb != http::verb::options)
    return ApiError{.status = 405,
                    .message = "nothing here changes anything: there are GET and HEAD only"};
  // By the fields alone: the parser's own answers hold only for heads that it liked.
  const std::size_t lengths = head.count(http::field::content_length);
  if (head.count(http::field::transfer_encoding) != 0 || lengths > 1 ||
      (lengths == 1 && head[http::field::content_length] != "0"))
    return kNoBody;
  if (head.count(http::field::host) > 1 ||
      (head.version() >= 11 && head.count(http::field::host) == 0))
    return ApiError{.status = 400, .message = "a request names one Host"};
  if (head.version() != 11 && head.version() != 10)
    return ApiError{.status = 505, .message = "HTTP/1.1 and 1.0 are spoken here"};
  if (!head.target().starts_with('/'))
    return ApiError{.status = 400, .message = "the target of a request begins with /"};
  std::string decoded;
  if (!percent_decode(std::string_view(head.target().data(), head.target().find('?'))
                          .substr(0, head.target().size()),
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
  const auto unlisted = [&](const char* name) {
    const auto value = head[name];
    return std::string(value.data(), value.size());
  };
  request.fetch_site = unlisted("Sec-Fetch-Site");
  request.fetch_mode = unlisted("Sec-Fetch-Mode");
  request.fetch_destination = unlisted("Sec-Fetch-Dest");
  request.peer = peer_;
  request.head = head.method() == http::verb::head;
  return request;
}

void Session::answer(Request request) {
  if (is_stream(request)) {
    follow(std::move(request));
    return;
  }
  const bool keep = parser_->get().keep_alive();
  const Api::Cost cost = Api::cost_of(request);
  HttpServer::Lane& lane = server_.lane_of(cost);
  if (lane.waiting >= HttpServer::kWaitingMax ||
      (cost != Api::Cost::figures && server_.answers_.is_full())) {
    reply(request, busy_reply("too many calls are being answered; ask again in a moment"), keep);
    return;
  }
  stream_.tcp().expires_never(); // the answer takes as long as it takes
  ++lane.waiting;
  asio::post(lane.pool,
             [self = shared_from_this(), &lane, request = std::move(request), keep]() mutable {
               Reply made = self->server_.api_.answer(request);
               // Handed back and not shared: the session ends on the server's thread, never on this
               // one.
               const auto executor = self->stream_.tcp().get_executor();
               asio::post(executor, [self = std::move(self), &lane, request = std::move(request),
                                     made = std::move(made), keep]() mutable {
                 --lane.waiting;
                 self->reply(request, std::move(made), keep);
               });
             });
}

void Session::follow(Request request) {
  if (server_.feeds_.count_streams() >= server_.options_.streams_max) {
    reply(request, busy_reply("there are as many event streams as --clients allows"), false);
    return;
  }
  if (auto feed = server_.feeds_.find(request)) {
    join(request, feed);
    return;
  }
  std::vector<std::string> names = Feeds::names_in(request);
  if (names.empty()) {
    make_feed(request, {});
  } else {
    look_up(std::move(request), std::move(names));
  }
}

// The names of hosts in a request, by whichever comes first: their addresses, or the end of the
// time for it.
void Session::look_up(Request request, std::vector<std::string> names) {
  if (names.size() > NameLookup::kNamesMax) {
    reply(request,
          web::reply_of(
              bad("h", fmt::format("at most {} names are looked up", NameLookup::kNamesMax))),
          false);
    return;
  }
  stream_.tcp().expires_never();
  // The other thread gets nothing that may die there: the session lives by its timer.
  const bool started = server_.names_.start(
      std::move(names),
      [weak = weak_from_this(), executor = stream_.tcp().get_executor()](HostAddresses found) {
        asio::post(executor, [weak, found = std::move(found)]() mutable {
          const auto self = weak.lock();
          if (self == nullptr || !self->asks_) return;
          self->timer_->cancel();
          self->make_feed(*std::exchange(self->asks_, std::nullopt), found);
        });
      });
  if (!started) {
    reply(request, busy_reply("too many names are being looked up; write an address"), false);
    return;
  }
  asks_ = std::move(request);
  timer_ = std::make_unique<asio::steady_timer>(stream_.tcp().get_executor(), kLookUpTimeout);
  timer_->async_wait([self = shared_from_this()](beast::error_code) {
    if (!self->asks_) return;
    const Request late = *std::exchange(self->asks_, std::nullopt);
    self->reply(
        late, web::reply_of(bad("h", "the name could not be looked up in time; write an address")),
        false);
  });
}

void Session::make_feed(const Request& request, const HostAddresses& looked_up) {
  auto made = server_.feeds_.make(request, looked_up);
  if (!made) {
    reply(request, web::reply_of(made.error()), false);
  } else {
    join(request, server_.feeds_.enter(request, *made));
  }
}

void Session::join(const Request& request, const std::shared_ptr<Feed>& feed) {
  if (request.head) { // as GET would begin
    reply(request, {.type = "text/event-stream"}, false);
    return;
  }
  Reply fields{.type = "text/event-stream"};
  server_.access_->add_fields(request, fields);
  std::string head = head_of(fields, std::nullopt, false);
  auto stream = std::make_shared<EventStream>(
      std::move(stream_), [weak = std::weak_ptr<Feed>(feed)](std::uint64_t lost) {
        const auto alive = weak.lock();
        return alive == nullptr ? std::string{} : alive->report_loss(lost);
      });
  feed->streams.push_back(stream);
  stream->start(std::move(head));
}

void Session::reply(const Request& request, Reply reply, bool keep) {
  if (reply.body.size() > kSmallAnswer) {
    share_ = server_.room_for(reply.body.size());
    if (!share_)
      reply = busy_reply("too many answers wait for their readers; ask again in a moment");
  }
  server_.access_->add_fields(request, reply);
  reply_ = std::move(reply);
  head_ = head_of(reply_, reply_.content().size(), keep);
  content_ = request.head ? std::string_view{} : reply_.content();
  written_ = 0;
  keep_ = keep;
  enter(State::writing);
  write_until_ = moved_ + kWriteTimeout;
  write_more();
}

void Session::write_more() {
  const std::string_view head = std::string_view(head_).substr(std::min(written_, head_.size()));
  const std::string_view content = content_.substr(written_ - std::min(written_, head_.size()));
  std::array<asio::const_buffer, 2> rest{asio::buffer(head.data(), head.size()),
                                         asio::buffer(content.data(), content.size())};
  // The stream of TLS writes nothing at all where the first of two is empty and the second is long.
  if (head.empty()) std::swap(rest[0], rest[1]);
  stream_.tcp().expires_at(std::min(write_until_, steady_clock::now() + kStillTimeout));
  stream_.write_some(rest, [self = shared_from_this()](beast::error_code error, std::size_t bytes) {
    self->written_ += bytes;
    self->moved_ = steady_clock::now();
    if (!error && self->written_ < self->head_.size() + self->content_.size()) {
      self->write_more();
      return;
    }
    self->share_ = {};
    // An assignment of {} would keep the room of its text, for as long as the connection lives.
    [[maybe_unused]] const Reply written = std::exchange(self->reply_, {});
    if (error || !self->keep_) {
      self->close();
    } else {
      self->read();
    }
  });
}

// With bytes unread the kernel would answer RST, which may take our last words back: what the
// client still sends is read for a moment, and thrown away.
void Session::close() {
  enter(State::idle);
  stream_.tcp().expires_after(kDrainTimeout);
  if (stream_.is_tls()) {
    stream_.shutdown_tls([self = shared_from_this()](beast::error_code) {});
    return;
  }
  beast::error_code ignored;
  stream_.tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  drain(kDrainMax);
}

void Session::drain(std::size_t bytes_max) {
  buffer_.clear();
  stream_.read_some(buffer_.prepare(kDrainPiece), [self = shared_from_this(), bytes_max](
                                                      beast::error_code error, std::size_t bytes) {
    if (!error && bytes < bytes_max) self->drain(bytes_max - bytes);
  });
}
// NOLINTEND(misc-no-recursion)

} // namespace xdpcap::web
