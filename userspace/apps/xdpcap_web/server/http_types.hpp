#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xdpcap::web {

// What a handler needs of an HTTP request; a copy, because handlers run on another thread.
struct Request {
  std::string path;  // percent-decoded, begins with /
  std::string query; // as sent, without the ?
  std::string host, origin, authorization, cookie, accept;
  std::string fetch_site, fetch_mode, fetch_destination; // Sec-Fetch-*: what a browser says of it
  std::string peer;                                      // address of the client
  bool head = false;                                     // HEAD: the answer without its body

  [[nodiscard]] bool wants_events() const {
    return accept.find("text/event-stream") != std::string::npos;
  }
};

struct Reply {
  unsigned status = 200;
  std::string_view type = "application/json"; // of static life
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields; // besides those that every answer has
  std::string_view static_body =
      {}; // in place of `body`; of static life: a dashboard's file is never copied

  [[nodiscard]] std::string_view content() const noexcept {
    return static_body.empty() ? body : static_body;
  }
};

// Why a request is not answered as it wanted: shown as JSON (README.md).
struct ApiError {
  unsigned status = 400;
  std::string parameter; // empty: none is to blame
  std::string message;
};
Reply reply_of(const ApiError& error);
// 503: there is no room now; the client may ask again after a moment.
Reply busy_reply(std::string message);

// %41 becomes A, and where `plus_is_blank` + becomes a blank. Nothing where an escape is broken or
// means NUL.
bool percent_decode(std::string_view text, bool plus_is_blank, std::string& decoded);

} // namespace xdpcap::web
