#pragma once

#include <string>

#include "apps/xdpcap_web/store/exchange.hpp"

namespace xdpcap::web {

// A command for a POSIX shell that sends the request of an exchange again with curl: method,
// target, field lines in their order and body as they were captured, nothing added. Survives
// copying: what is no plain UTF-8 text goes through printf. Where it cannot be the same request,
// comment lines before the command say why; captured bytes never stand in a comment.
//
// The target goes into the URL, or where curl would change it into --request-target. The URL names
// the server as Host does, or by its captured address where Host is missing or means another port.
// Left to curl: Content-Length, Transfer-Encoding.
std::string curl_command(const Exchange& exchange);

} // namespace xdpcap::web
