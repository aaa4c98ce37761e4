#include "apps/xdpcap_web/server/http_types.hpp"

#include "apps/xdpcap_web/api/json_views.hpp"

namespace xdpcap::web {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

} // namespace

Reply reply_of(const ApiError& error) {
  Reply reply{.status = error.status};
  {
    JsonObject outer(reply.body);
    JsonObject inner(outer.member("error"));
    inner.words_or_null("parameter", error.parameter);
    inner.words("message", error.message);
  }
  reply.body += '\n';
  return reply;
}

Reply busy_reply(std::string message) {
  Reply reply = reply_of({.status = 503, .message = std::move(message)});
  reply.fields.emplace_back("Retry-After", "1");
  return reply;
}

bool percent_decode(std::string_view text, bool plus_is_blank, std::string& decoded) {
  decoded.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += plus_is_blank && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return false;
    const int high = digit_of(text[i + 1]), low = digit_of(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return false;
    decoded += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return true;
}

} // namespace xdpcap::web
