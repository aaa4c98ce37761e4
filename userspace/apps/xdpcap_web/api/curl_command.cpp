#include "apps/xdpcap_web/api/curl_command.hpp"

#include <fmt/core.h>
#include <strings.h>

#include <algorithm>
#include <vector>

#include "codec/batch_view.hpp"
#include "codec/json_text.hpp"
#include "core/utf8.hpp"

namespace xdpcap::web {
namespace {

using codec::field_named;
using codec::text_in;
using codec::text_of;

// Linux takes 128 KiB in one argument of a program; builtins of the shell have no such limit.
constexpr std::size_t kArgumentMax = std::size_t{64} << 10;
constexpr std::size_t kBodyMax = 8u << 20;

bool same_name(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// Text that a terminal shows and pastes as it is: UTF-8 without control characters but ends of
// lines and tabs, and without those that turn the direction of writing.
bool is_plain(std::string_view text) noexcept {
  if (!is_utf8(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[i + at]); };
    if ((byte(0) < ' ' && text[i] != '\n' && text[i] != '\t') || byte(0) == 0x7f) return false;
    if (byte(0) == 0xc2 && byte(1) < 0xa0) return false; // C1
    if (byte(0) == 0xe2 && byte(1) == 0x80 && byte(2) >= 0xaa && byte(2) <= 0xae)
      return false; // U+202A to 202E
    if (byte(0) == 0xe2 && byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9)
      return false; // U+2066 to 2069
  }
  return true;
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out += '\'';
}

// The argument of printf that gives these bytes. An exclamation mark means history to some shells,
// a hyphen in front an option to some printfs.
std::string printf_format(std::string_view bytes) {
  std::string out = "'";
  for (const char c : bytes) {
    if (c >= ' ' && c <= '~' && std::string_view("'\\%!").find(c) == std::string_view::npos &&
        (c != '-' || out.size() > 1)) {
      out += c;
    } else {
      out += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    }
  }
  return out += '\'';
}

// One argument; without ends of lines and NUL, which a command substitution would drop.
std::string argument(std::string_view text) {
  return is_plain(text) ? quoted(text) : "\"$(printf " + printf_format(text) + ")\"";
}

// CR, LF and NUL cannot be sent in a field value or start line: each run becomes one space, as RFC
// 9110, 5.5 has it. `changed` is set where that was more than the fold of a line.
std::string on_one_line(std::string_view text, bool& changed) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t end =
        std::min(text.find_first_not_of(std::string_view("\r\n\0", 3), i), text.size());
    if (end == i) {
      out += text[i];
      continue;
    }
    const std::string_view run = text.substr(i, end - i);
    const bool is_fold = (run == "\r\n" || run == "\n") && end < text.size() &&
                         (text[end] == ' ' || text[end] == '\t');
    const std::size_t next = is_fold ? text.find_first_not_of(" \t", end) : end;
    changed = changed || !is_fold;
    out += ' ';
    i = std::min(next, text.size()) - 1;
  }
  return out;
}

// What Host says.
struct HostField {
  std::string_view name; // without the port
  unsigned port = 80;
  bool fits = false; // into a URL, from which curl makes the same field again
};

// curl writes numeric addresses anew, drops port 80 and zeros in front of a port.
HostField read_host(std::string_view field) noexcept {
  const auto all_of = [](std::string_view text, std::string_view allowed) {
    return std::all_of(text.begin(), text.end(), [allowed](char c) {
      return allowed.find(c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c) !=
             std::string_view::npos;
    });
  };
  HostField host;
  std::size_t end = field.starts_with('[') ? field.find(']') : field.find(':');
  if (field.starts_with('[') && end != std::string_view::npos) ++end;
  end = std::min(end, field.size());
  host.name = field.substr(0, end);
  const std::string_view port = field.substr(end);
  if (!port.empty()) {
    if (port.size() < 2 || port.size() > 6 || port[1] == '0' ||
        !all_of(port.substr(1), "0123456789"))
      return host;
    host.port = 0;
    for (const char c : port.substr(1)) host.port = host.port * 10 + static_cast<unsigned>(c - '0');
    if (host.port == 80) return host;
  }
  host.fits = !host.name.empty() && !host.name.ends_with('.') &&
              all_of(host.name, "abcdefghijklmnopqrstuvwxyz0123456789.-_") &&
              !all_of(host.name, "0123456789abcdefx.");
  return host;
}

// Whether curl sends it unchanged when it is the path of a URL.
bool is_plain_path(std::string_view target) noexcept {
  return target.starts_with('/') && target.find('#') == std::string_view::npos &&
         std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c <= '~'; });
}

class Command {
 public:
  explicit Command(const schema::HttpMessage& request)
      : request_(request),
        body_(text_of(request.body())),
        has_body_(!body_.empty() ||
                  (request.framing() == schema::Framing::content_length &&
                   request.has_declared_length() && request.declared_length() == 0)),
        method_(on_one_line(text_in(request.head(), request.method()), changed_)) {}

  std::string text() {
    where();
    fields();
    body();
    doubts();
    std::string out;
    for (const std::string& remark : remarks_) out += "# " + remark + "\n";
    return out + feed_ + "curl --path-as-is -g" + options_ + " \\\n  " + argument(url_) + '\n';
  }

 private:
  void add(std::string_view option, std::string_view value) {
    options_ += fmt::format(" \\\n  {} {}", option, argument(value));
  }

  // Method, version, URL, Host.
  void where() {
    const std::string target = on_one_line(text_in(request_.head(), request_.target()), changed_);
    const std::string_view field = field_named(request_, "host");
    const HostField host = read_host(field);
    const bool same_server = host.port == request_.server()->port();
    const std::string server = text_of(request_.server());
    const bool names_address = field == server || (server.ends_with(":80") &&
                                                   server.substr(0, server.size() - 3) == field);
    in_url_ =
        (target.starts_with('/') || target == "*") && (names_address || (host.fits && same_server));
    url_ = "http://" + (in_url_ ? std::string(field) : server);
    if (in_url_ && !names_address)
      remarks_.push_back(
          fmt::format("It was sent to {}: where the name does not lead there add --connect-to ::{}",
                      server, server));
    url_ += is_plain_path(target) ? target : "/";
    if (method_ == "HEAD") {
      options_ += " -I";
    } else if (method_ != "GET" || has_body_) {
      add("-X", method_);
    }
    if (request_.version_major() == 1 && request_.version_minor() == 0) options_ += " --http1.0";
    if (!is_plain_path(target)) add("--request-target", target);
    if (method_ == "CONNECT")
      remarks_.emplace_back("CONNECT opened a tunnel; what went through it is not sent again.");
  }

  void fields() {
    unsigned left_out = 0;
    bool has_agent = false, has_accept = false, has_host = false;
    if (request_.fields() != nullptr) {
      for (const schema::FieldSpan* field : *request_.fields()) {
        const std::string_view name = text_in(request_.head(), field->name());
        const std::string value = on_one_line(text_in(request_.head(), field->value()), changed_);
        has_agent = has_agent || same_name(name, "user-agent");
        has_accept = has_accept || same_name(name, "accept");
        has_type_ = has_type_ || same_name(name, "content-type");
        has_expect_ = has_expect_ || same_name(name, "expect");
        if (same_name(name, "content-length") || same_name(name, "transfer-encoding")) continue;
        const bool is_host = same_name(name, "host");
        if (!is_token(name) || (is_host && has_host)) {
          ++left_out;
          continue;
        }
        has_host = has_host || is_host;
        if (is_host && in_url_) continue;
        // "Name;" is curl's way of sending a field without a value.
        add("-H", value.empty() ? std::string(name) + ';' : std::string(name) + ": " + value);
      }
    }
    if (!has_host) add("-H", "Host:");
    if (!has_agent) add("-H", "User-Agent:");
    if (!has_accept) add("-H", "Accept:");
    if (left_out != 0)
      remarks_.push_back(fmt::format(
          "{} field line(s) were left out: curl sends no such names, and Host only once.",
          left_out));
  }

  void body() {
    if (!has_body_) return;
    if (method_ == "HEAD" || body_.size() > kBodyMax) {
      if (!body_.empty())
        remarks_.push_back(
            method_ == "HEAD"
                ? "The body was left out: curl sends none with HEAD."
                : fmt::format("The body was left out: {} bytes are too long for a command.",
                              body_.size()));
      return;
    }
    if (!has_type_) add("-H", "Content-Type:");
    if (!has_expect_ && body_.size() > kArgumentMax)
      add("-H", "Expect:"); // curl asks first where a body is long
    if (!is_plain(body_)) {
      feed_ = "printf " + printf_format(body_) + " | ";
    } else if (body_.size() > kArgumentMax) {
      feed_ = "printf '%s' " + quoted(body_) + " | ";
    }
    // --data-raw is --data-binary that takes a leading @ for what it is.
    options_ += feed_.empty() ? " \\\n  --data-raw " + quoted(body_) : " \\\n  --data-binary @-";
  }

  void doubts() {
    if (!request_.complete()) remarks_.emplace_back("The request was not captured to its end.");
    if (body_.size() < request_.full_body_length())
      remarks_.push_back(
          fmt::format("Of its body {} of {} bytes were kept; the others are missing here.",
                      body_.size(), request_.full_body_length()));
    if (request_.trailers() != nullptr && request_.trailers()->size() != 0)
      remarks_.emplace_back("Its trailers were left out: curl cannot send any.");
    if (request_.masked())
      remarks_.emplace_back("Secret values were masked by the capture: put the real ones in.");
    if (changed_) remarks_.emplace_back("CR, LF or NUL inside a line were replaced by spaces.");
  }

  const schema::HttpMessage& request_;
  std::string_view body_;
  bool has_body_; // perhaps one of no bytes
  bool changed_ = false;
  std::string method_, url_, feed_, options_;
  std::vector<std::string> remarks_;
  bool in_url_ = false, has_type_ = false, has_expect_ = false;
};

} // namespace

std::string curl_command(const Exchange& exchange) {
  if (!exchange.request) return "# The request was not captured: there is nothing to send again.\n";
  if (exchange.request->server() == nullptr)
    return "# The server is not known: there is nowhere to send it.\n";
  return Command(*exchange.request).text();
}

} // namespace xdpcap::web
