#include "apps/xdpcap_web/access.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace xdpcap::web {
namespace {

constexpr std::string_view kCookie = "xdpcap_token=";

// Takes the same time wherever they differ.
bool equal_secretly(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^
                                        static_cast<unsigned char>(b.empty() ? '\0' : b[i % b.size()]));
  return difference == 0;
}

bool is_loopback_name(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end != std::string_view::npos && host.substr(0, end + 1) == "[::1]";
  }
  host = host.substr(0, host.find(':'));
  const bool is_127 = host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return is_127 || host == "localhost" || host.ends_with(".localhost");
}

std::string_view cookie_token(std::string_view cookie) {
  std::size_t at = 0;
  while (at < cookie.size()) {
    std::string_view one = cookie.substr(at, cookie.find(';', at) - at);
    at += one.size() + 1;
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    if (one.starts_with(kCookie)) return one.substr(kCookie.size());
  }
  return {};
}

std::string query_token(std::string_view query) {
  constexpr std::string_view kName = "token=";
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    std::string value;
    if (pair.starts_with(kName) && percent_decode(pair.substr(kName.size()), true, value)) return value;
  }
  return {};
}

} // namespace

std::string make_token() {
  std::array<unsigned char, 16> octets{};
  std::size_t have = 0;
  while (have < octets.size()) {
    const ssize_t got = ::getrandom(octets.data() + have, octets.size() - have, 0);
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  std::string token;
  for (const unsigned char octet : octets) token += fmt::format("{:02x}", octet);
  return token;
}

bool Access::has_token(const Request& request) const {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view authorization = request.authorization;
  if (authorization.starts_with(kBearer) && equal_secretly(authorization.substr(kBearer.size()), options_.token))
    return true;
  return equal_secretly(cookie_token(request.cookie), options_.token);
}

bool Access::is_allowed_origin(const std::string& origin) const {
  return !origin.empty() &&
         std::find(options_.origins.begin(), options_.origins.end(), origin) != options_.origins.end();
}

std::optional<Reply> Access::refuse(const Request& request) const {
  if (options_.loopback && !is_loopback_name(request.host)) {
    return reply_of({.status = 403,
                     .message = "the Host of this request is no name of this machine's loopback; open the address that "
                                "xdpcap-web printed"});
  }
  if (options_.token.empty() || has_token(request)) return std::nullopt;
  if (const std::string token = query_token(request.query); !token.empty() && equal_secretly(token, options_.token)) {
    Reply reply{.status = 303};
    reply.fields = {{"Location", "/"},
                    {"Set-Cookie", fmt::format("{}{}; HttpOnly; SameSite=Strict; Path=/", kCookie, options_.token)}};
    return reply;
  }
  Reply reply =
      reply_of({.status = 401,
                .message = "a token is wanted: send 'Authorization: Bearer TOKEN', or open /?token=TOKEN once in "
                           "the browser; xdpcap-web printed it, or has it from --token FILE"});
  reply.fields.emplace_back("WWW-Authenticate", "Bearer");
  return reply;
}

void Access::add_fields(const Request& request, Reply& reply) const {
  static constexpr std::array<std::pair<const char*, const char*>, 6> kAlways{{
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src "
       "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
  }};
  const bool foreign = is_allowed_origin(request.origin);
  for (const auto& [name, value] : kAlways) {
    // Who may read the API from another origin may also load it from there.
    if (foreign && std::string_view(name) == "Cross-Origin-Resource-Policy") continue;
    reply.fields.emplace_back(name, value);
  }
  if (!options_.origins.empty()) reply.fields.emplace_back("Vary", "Origin");
  if (foreign) reply.fields.emplace_back("Access-Control-Allow-Origin", request.origin);
}

std::optional<Reply> Access::preflight(const Request& request) const {
  if (!is_allowed_origin(request.origin)) return std::nullopt;
  Reply reply{.status = 204};
  reply.fields = {{"Access-Control-Allow-Methods", "GET, HEAD"},
                  {"Access-Control-Allow-Headers", "Authorization"},
                  {"Access-Control-Max-Age", "600"}};
  return reply;
}

} // namespace xdpcap::web
