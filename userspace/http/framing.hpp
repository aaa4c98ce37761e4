#pragma once

#include <cstdint>

#include "http/head_parser.hpp"

namespace xdpcap::http {

// What of a request its response's framing depends on.
enum class RequestKind : std::uint8_t { plain, head, connect };

RequestKind request_kind(std::string_view method) noexcept;

// How the body behind a head is framed.
struct BodyPlan {
  Framing framing = Framing::none;
  std::uint64_t length = 0; // where framing is content_length
  bool malformed = false;   // there is no safe reading: the direction ends here
  bool switches = false;    // HTTP/1 ends behind this message, in both directions
  Anomalies anomalies;
};

// RFC 9112, 6.3, in its order. `answered` is the request that a response answers.
// Every 101 switches, asked for or not: the server has said that what follows is
// another protocol (RFC 9110, 15.2.2).
BodyPlan plan_body(const Head& head, RequestKind answered) noexcept;

// What Host and the request target say about each other (RFC 9112, 3.2).
void check_host(const Head& head, Bytes bytes, Anomalies& anomalies) noexcept;

} // namespace xdpcap::http
