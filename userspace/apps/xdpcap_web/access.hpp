#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/xdpcap_web/http_types.hpp"

namespace xdpcap::web {

// Who may ask. On loopback a request has to name the gateway by a loopback name, or a page of another site whose
// name was made to point here (DNS rebinding) could read what was captured. Beyond loopback it has to bring the token.
class Access {
 public:
  struct Options {
    bool loopback = true;
    std::string token;                // empty: none is wanted
    std::vector<std::string> origins; // that may read the API
  };
  explicit Access(Options options) : options_(std::move(options)) {}

  // Nothing where the request may go on, else the answer it gets: 403, 401, or the redirection that turns a token
  // in the address into a cookie.
  [[nodiscard]] std::optional<Reply> refuse(const Request& request) const;

  // What every answer to this request carries: content policy, no sniffing, and for allowed origins CORS.
  void add_fields(const Request& request, Reply& reply) const;
  // The answer to a CORS preflight, where its origin is allowed.
  [[nodiscard]] std::optional<Reply> preflight(const Request& request) const;

 private:
  [[nodiscard]] bool has_token(const Request& request) const;
  [[nodiscard]] bool is_allowed_origin(const std::string& origin) const;

  Options options_;
};

// 16 random octets as hexadecimal text.
std::string make_token();

} // namespace xdpcap::web
