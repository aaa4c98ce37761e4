#include "apps/xdpcap_web/server/access.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace xdpcap::web {
namespace {

constexpr std::size_t kTokenLeast = 16, kTokenMost = 256;

// Takes the same time wherever they differ.
bool equal_secretly(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |=
        static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^
                              static_cast<unsigned char>(b.empty() ? '\0' : b[i % b.size()]));
  return difference == 0;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return out;
}

bool is_letter_or_digit(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_ipv4(const std::string& host) {
  in_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_ipv6_in_brackets(const std::string& host) {
  in6_addr address{};
  // inet_pton() reads up to a NUL, which no address has.
  return host.starts_with('[') && host.ends_with(']') && host.find('\0') == std::string::npos &&
         ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &address) == 1;
}

// RFC 6761, 6.3: "localhost" and all below it are this machine.
bool is_loopback(const std::string& host) {
  return (is_ipv4(host) && host.starts_with("127.")) || host == "[::1]" || host == "localhost" ||
         host.ends_with(".localhost");
}

// The value of a query parameter that stands there alone: `token`, or nothing.
std::optional<std::string> query_token(std::string_view query) {
  constexpr std::string_view kName = "token=";
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    std::string value;
    if (!pair.starts_with(kName)) continue;
    percent_decode(pair.substr(kName.size()), false, value); // what is no encoding is no token
    return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> bearer_of(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer "; // case aside (RFC 9110, 11.1)
  if (authorization.size() < kScheme.size() ||
      ::strncasecmp(authorization.data(), kScheme.data(), kScheme.size()) != 0)
    return std::nullopt;
  authorization.remove_prefix(kScheme.size());
  authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
  return authorization;
}

std::vector<std::string_view> cookies_named(std::string_view cookie,
                                            std::string_view name_and_equals) {
  std::vector<std::string_view> values;
  while (!cookie.empty()) {
    std::string_view one = cookie.substr(0, cookie.find(';'));
    cookie.remove_prefix(std::min(one.size() + 1, cookie.size()));
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    if (one.starts_with(name_and_equals)) values.push_back(one.substr(name_and_equals.size()));
  }
  return values;
}

std::string own_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? lower(name.data()) : std::string{};
}

} // namespace

std::string make_token() {
  std::array<unsigned char, 32> bytes{};
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::getrandom(bytes.data() + have, bytes.size() - have, 0);
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  std::string token;
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

bool is_sound_token(std::string_view token) noexcept {
  static constexpr std::string_view kMarks = "-._~+/=";
  return token.size() >= kTokenLeast && token.size() <= kTokenMost &&
         std::all_of(token.begin(), token.end(), [](char c) {
           return is_letter_or_digit(c) || kMarks.find(c) != std::string_view::npos;
         });
}

std::optional<std::string> host_of_field(std::string_view field) {
  const std::size_t bracket = field.starts_with('[') ? field.find(']') : 0;
  if (bracket == std::string_view::npos) return std::nullopt;
  const std::size_t end = std::min(field.find(':', bracket), field.size());
  const std::string host = lower(field.substr(0, end));
  if (end < field.size()) {
    const std::string_view port = field.substr(end + 1);
    std::uint16_t number = 0;
    const auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc{} || stop != port.data() + port.size()) return std::nullopt;
  }
  if (host.starts_with('[')) return is_ipv6_in_brackets(host) ? std::optional(host) : std::nullopt;
  const bool is_name = !host.empty() && host.size() <= 253 && is_letter_or_digit(host.front()) &&
                       host.find("..") == std::string::npos &&
                       std::all_of(host.begin(), host.end(), [](char c) {
                         return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
                       });
  return is_name ? std::optional(host) : std::nullopt;
}

Access::Access(Options options) : options_(std::move(options)) {
  cookie_ = fmt::format("{}xdpcap_{}=", options_.tls ? "__Host-" : "", options_.port);
  for (std::string& host : options_.hosts) host = lower(host);
  if (!options_.loopback) options_.hosts.push_back(own_name());
}

// An address cannot be rebound: it is what the browser connected to.
bool Access::is_own_host(std::string_view field) const {
  const auto host = host_of_field(field);
  if (!host) return false;
  if (is_loopback(*host)) return true;
  if (!options_.loopback && (is_ipv4(*host) || is_ipv6_in_brackets(*host))) return true;
  return std::find(options_.hosts.begin(), options_.hosts.end(), *host) != options_.hosts.end();
}

bool Access::is_allowed_origin(std::string_view origin) const {
  return !origin.empty() && std::find(options_.origins.begin(), options_.origins.end(), origin) !=
                                options_.origins.end();
}

std::optional<Reply> Access::refuse_stranger(const Request& request, bool is_public) const {
  if (!is_own_host(request.host)) {
    return reply_of({.status = 403,
                     .message = "the Host of this request does not mean this gateway; open the "
                                "address that xdpcap-web "
                                "printed, or allow the name with --host NAME"});
  }
  if (is_allowed_origin(request.origin)) return std::nullopt;
  // Before a proxy that speaks TLS the scheme is another one.
  const std::string host = lower(request.host);
  const bool own_origin = request.origin.empty() || request.origin == "http://" + host ||
                          request.origin == "https://" + host;
  const bool from_elsewhere =
      request.fetch_site == "cross-site" || request.fetch_site == "same-site";
  const bool follows_link =
      is_public && request.fetch_mode == "navigate" && request.fetch_destination == "document";
  if (own_origin && (!from_elsewhere || follows_link)) return std::nullopt;
  return reply_of({.status = 403,
                   .message =
                       "a page of another site made this request; pages of an origin may ask where "
                       "--cors ORIGIN names it"});
}

bool Access::is_token(std::string_view text) const {
  return !text.empty() && equal_secretly(text, options_.token);
}

std::optional<Reply> Access::refuse(const Request& request, bool is_public) {
  if (auto refused = refuse_stranger(request, is_public)) return refused;
  if (request.path == "/") {
    if (const auto token = query_token(request.query)) return accept_address(*token, request.peer);
  }
  if (is_public) return std::nullopt;
  if (const auto bearer = bearer_of(request.authorization)) {
    if (is_token(*bearer)) return std::nullopt;
    return refuse_token(true, request.peer);
  }
  const auto cookies = cookies_named(request.cookie, cookie_);
  if (std::any_of(cookies.begin(), cookies.end(),
                  [this](std::string_view one) { return is_token(one); }))
    return std::nullopt;
  return refuse_token(!cookies.empty(), request.peer);
}

// The address with the token is left at once, so that it stays in no history and no Referer.
Reply Access::accept_address(std::string_view token, const std::string& peer) {
  if (!is_token(token)) return refuse_token(true, peer);
  Reply reply{.status = 303};
  reply.fields = {{"Location", "./"},
                  {"Set-Cookie", fmt::format("{}{}; HttpOnly; SameSite=Strict; Path=/{}", cookie_,
                                             options_.token, options_.tls ? "; Secure" : "")}};
  return reply;
}

Reply Access::refuse_token(bool presented, const std::string& peer) {
  if (presented && !guesses_.count(peer, std::chrono::steady_clock::now())) {
    Reply reply = reply_of(
        {.status = 429, .message = "too many wrong tokens came from this address; wait a second"});
    reply.fields.emplace_back("Retry-After", "1");
    return reply;
  }
  Reply reply = reply_of(
      {.status = 401,
       .message = fmt::format(
           "{}: send 'Authorization: Bearer TOKEN', or open /?token=TOKEN once in the browser; "
           "xdpcap-web printed that link when it started, or has the token from --token-file",
           presented ? "this is not the token" : "a token is wanted")});
  reply.fields.emplace_back("WWW-Authenticate", "Bearer");
  return reply;
}

unsigned Access::check_bearer(std::string_view authorization, const std::string& peer) {
  const auto bearer = bearer_of(authorization);
  if (bearer && is_token(*bearer)) return 200;
  return refuse_token(bearer.has_value(), peer).status;
}

void Access::add_fields(const Request& request, Reply& reply) const {
  static constexpr std::array<std::pair<const char*, const char*>, 6> kAlways{{
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src "
       "'self'; connect-src "
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
  if (!is_own_host(request.host) || !is_allowed_origin(request.origin)) return std::nullopt;
  Reply reply{.status = 204};
  reply.fields = {{"Access-Control-Allow-Methods", "GET, HEAD"},
                  {"Access-Control-Allow-Headers", "Authorization"},
                  {"Access-Control-Max-Age", "600"}};
  return reply;
}

} // namespace xdpcap::web
