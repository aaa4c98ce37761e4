#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/xdpcap_web/server/guess_limit.hpp"
#include "apps/xdpcap_web/server/http_types.hpp"

namespace xdpcap::web {

// Who may ask. Three questions, in this order:
//
// - Host (RFC 9110, 7.2): a name or an address that means this gateway. Else a page of another site
// whose name was
//   made to point here (DNS rebinding) could ask as if it were ours.
// - Origin and Sec-Fetch-Site (Fetch Metadata, W3C): nothing that a page of another site makes a
// browser send, but for
//   the origins that --cors allows, and for links to the dashboard.
// - The token (RFC 6750, or the cookie that opening /?token=TOKEN sets), for all that is not
// public: the dashboard's
//   files and /healthz hold nothing that was captured.
//
// Any thread.
class Access {
 public:
  struct Options {
    bool loopback = true; // listens on this machine's own addresses only
    bool tls = false;
    std::uint16_t port =
        0;             // a cookie is for all ports of a host, so this one has a name of its own
    std::string token; // never empty
    std::vector<std::string> origins; // that may read the API
    std::vector<std::string> hosts;   // that mean this gateway as well
  };
  explicit Access(Options options);

  // Nothing where the request may go on, else the answer it gets: 403, 401, 429, or the redirection
  // that turns a token in the address into a cookie. `is_public`: no token is wanted.
  [[nodiscard]] std::optional<Reply> refuse(const Request& request, bool is_public);
  // For gRPC: `authorization` is "Bearer TOKEN". 200, 401 or 429.
  [[nodiscard]] unsigned check_bearer(std::string_view authorization, const std::string& peer);

  // What every answer to this request carries: content policy, no sniffing, and for allowed origins
  // CORS.
  void add_fields(const Request& request, Reply& reply) const;
  // The answer to a CORS preflight, where its origin is allowed.
  [[nodiscard]] std::optional<Reply> preflight(const Request& request) const;

  [[nodiscard]] std::uint64_t wrong_tokens() const { return guesses_.wrong(); }

 private:
  [[nodiscard]] bool is_own_host(std::string_view host) const;
  [[nodiscard]] bool is_allowed_origin(std::string_view origin) const;
  [[nodiscard]] std::optional<Reply> refuse_stranger(const Request& request, bool is_public) const;
  [[nodiscard]] Reply accept_address(std::string_view token, const std::string& peer);
  [[nodiscard]] Reply refuse_token(bool presented, const std::string& peer);
  [[nodiscard]] bool is_token(std::string_view text) const;

  Options options_;
  std::string cookie_; // its name and '='
  GuessLimit guesses_;
};

// 32 random bytes as hexadecimal text.
std::string make_token();
// Whether a client can send it as it is (RFC 6750, 2.1), and it is long enough not to be guessed.
bool is_sound_token(std::string_view token) noexcept;
// The host of a Host field without its port, in lower case; nothing where the field is none by RFC
// 3986.
std::optional<std::string> host_of_field(std::string_view field);

} // namespace xdpcap::web
