#include "apps/xdpcap_web/server/http_server.hpp"

#include <fmt/core.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "apps/xdpcap_web/server/session.hpp"

namespace xdpcap::web {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;

namespace {

// The first address of this machine that others can reach, IPv4 before IPv6; else its name.
std::string reachable_host() {
  std::array<std::string, 2> found; // by family
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) == 0) {
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(all, ::freeifaddrs);
    for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
      if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0 ||
          (one->ifa_flags & IFF_LOOPBACK) != 0)
        continue;
      if (one->ifa_addr->sa_family == AF_INET && found[0].empty()) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
        found[0] = asio::ip::address_v4(ntohl(v4->sin_addr.s_addr)).to_string();
      }
      if (one->ifa_addr->sa_family != AF_INET6 || !found[1].empty()) continue;
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(one->ifa_addr);
      asio::ip::address_v6::bytes_type bytes{};
      std::copy(std::begin(v6->sin6_addr.s6_addr), std::end(v6->sin6_addr.s6_addr), bytes.begin());
      const asio::ip::address_v6 address(bytes);
      if (!address.is_link_local()) found[1] = fmt::format("[{}]", address.to_string());
    }
  }
  if (!found[0].empty() || !found[1].empty()) return found[0].empty() ? found[1] : found[0];
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "localhost";
}

} // namespace

HttpServer::HttpServer(asio::io_context& context, Options options, const Api& api, Feeds& feeds)
    : context_(context),
      options_(std::move(options)),
      api_(api),
      feeds_(feeds),
      acceptor_(context),
      ticker_(context),
      answers_(options_.answer_bytes_max) {}

Result<std::unique_ptr<HttpServer>, Error> HttpServer::open(asio::io_context& context,
                                                            Options options, const Api& api,
                                                            Feeds& feeds) {
  const std::string where = fmt::format("{}:{}", options.address, options.port);
  std::unique_ptr<HttpServer> server(new HttpServer(context, std::move(options), api, feeds));
  boost::system::error_code error;
  const auto address = asio::ip::make_address(server->options_.address, error);
  if (error)
    return Error{
        ExitCode::usage,
        fmt::format("--listen {}: '{}' is no IP address; write 127.0.0.1:8080 or [::1]:8080", where,
                    server->options_.address)};
  if (auto ready = server->use_tls(); !ready) return std::move(ready).error();
  const tcp::endpoint endpoint(address, server->options_.port);
  tcp::acceptor& acceptor = server->acceptor_;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1024, error);
  if (error)
    return Error{
        ExitCode::environment,
        fmt::format(
            "cannot listen on {}: {}; reserve another one with --listen (port 0: one that is free)",
            where, error.message())};
  return server;
}

Result<void, Error> HttpServer::use_tls() {
  if (options_.tls_certificate.empty()) return {};
  boost::system::error_code error;
  tls_ = std::make_unique<ssl::context>(ssl::context::tls_server);
  tls_->set_options(
      ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1, error);
  if (!error) tls_->use_certificate_chain_file(options_.tls_certificate, error);
  if (error)
    return Error{ExitCode::usage,
                 fmt::format("--tls-cert {}: there is no certificate in PEM form to be read: {}",
                             options_.tls_certificate, error.message())};
  tls_->use_private_key_file(options_.tls_key, ssl::context::pem, error);
  if (error)
    return Error{
        ExitCode::usage,
        fmt::format("--tls-key {}: it is not the key of the certificate, or cannot be read: {}",
                    options_.tls_key, error.message())};
  return {};
}

std::uint16_t HttpServer::port() const {
  boost::system::error_code ignored;
  return acceptor_.local_endpoint(ignored).port();
}

std::string HttpServer::url() const {
  boost::system::error_code ignored;
  const auto address = acceptor_.local_endpoint(ignored).address();
  std::string host =
      address.is_v6() ? fmt::format("[{}]", address.to_string()) : address.to_string();
  if (address.is_unspecified()) host = reachable_host();
  return fmt::format("{}://{}:{}/", tls_ == nullptr ? "http" : "https", host, port());
}

void HttpServer::start(Access& access) {
  access_ = &access;
  accept();
  tick();
}

HttpServer::Lane& HttpServer::lane_of(Api::Cost cost) noexcept {
  switch (cost) {
    case Api::Cost::figures:
      return figures_;
    case Api::Cost::search:
      return searches_;
    case Api::Cost::other:
      return others_;
  }
  return others_;
}

ByteBudget::Share HttpServer::room_for(std::size_t bytes) {
  constexpr std::chrono::seconds kStill{1};
  ByteBudget::Share share = answers_.reserve(bytes);
  const auto now = std::chrono::steady_clock::now();
  while (!share) {
    Session* stillest = nullptr;
    for (Session* session : *sessions_) {
      if (session->is_writing() && session->moved() + kStill < now &&
          (stillest == nullptr || session->moved() < stillest->moved()))
        stillest = session;
    }
    if (stillest == nullptr) break;
    stillest->abandon();
    share = answers_.reserve(bytes);
  }
  return share;
}

// A connection that asks for nothing gives way to a new one.
void HttpServer::make_room_for_connection() {
  if (sessions_->size() < options_.connections_max) return;
  Session* idlest = nullptr;
  for (Session* session : *sessions_) {
    if (session->is_idle() && (idlest == nullptr || session->moved() < idlest->moved()))
      idlest = session;
  }
  if (idlest != nullptr) idlest->abandon();
}

void HttpServer::accept() {
  acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
    if (!error) {
      make_room_for_connection();
      if (sessions_->size() < options_.connections_max)
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
  names_.close();
  feeds_.close();
  for (Lane* lane : {&figures_, &searches_, &others_}) lane->pool.join();
}

} // namespace xdpcap::web
