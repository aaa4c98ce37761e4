#include "http/start_line.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/check.hpp"
#include "http/scan.hpp"

namespace xdpcap::http {
namespace {

constexpr std::string_view kVersion = "HTTP/";
constexpr std::string_view kStatusShape = "HTTP/d.d ddd"; // d: a digit

// The IANA "HTTP Method Registry", and those in wide use outside of it.
constexpr std::array<std::string_view, 49> kRegisteredMethods{"ACL",
                                                              "BASELINE-CONTROL",
                                                              "BIND",
                                                              "CHECKIN",
                                                              "CHECKOUT",
                                                              "CONNECT",
                                                              "COPY",
                                                              "DELETE",
                                                              "GET",
                                                              "HEAD",
                                                              "LABEL",
                                                              "LINK",
                                                              "LOCK",
                                                              "MERGE",
                                                              "MKACTIVITY",
                                                              "MKCALENDAR",
                                                              "MKCOL",
                                                              "MKREDIRECTREF",
                                                              "MKWORKSPACE",
                                                              "MOVE",
                                                              "OPTIONS",
                                                              "ORDERPATCH",
                                                              "PATCH",
                                                              "POST",
                                                              "PROPFIND",
                                                              "PROPPATCH",
                                                              "PUT",
                                                              "QUERY",
                                                              "REBIND",
                                                              "REPORT",
                                                              "SEARCH",
                                                              "TRACE",
                                                              "UNBIND",
                                                              "UNCHECKOUT",
                                                              "UNLINK",
                                                              "UNLOCK",
                                                              "UPDATE",
                                                              "VERSION-CONTROL",
                                                              "PURGE",
                                                              "M-SEARCH",
                                                              "NOTIFY",
                                                              "SUBSCRIBE",
                                                              "UNSUBSCRIBE",
                                                              "SOURCE",
                                                              "PRI",
                                                              "BAN",
                                                              "UPDATEREDIRECTREF",
                                                              "RPC_IN_DATA",
                                                              "RPC_OUT_DATA"};

Span span_of(std::string_view text, const char* from, const char* to) noexcept {
  XDPCAP_DCHECK(text.data() <= from && from <= to && to <= text.data() + text.size());
  return {static_cast<std::uint32_t>(from - text.data()), static_cast<std::uint32_t>(to - from)};
}

struct LineEnd {
  Answer answer = Answer::need_more;
  const char* content_end = nullptr;
  const char* next = nullptr;
};

LineEnd find_line_end(const char* from, const char* end, Anomalies& anomalies) noexcept {
  for (const char* at = from;; ++at) {
    at = find_low_control(at, end);
    if (at == end) return {};
    if (*at == '\n') {
      anomalies.add(Anomaly::bare_lf);
      return {Answer::done, at, at + 1};
    }
    if (*at == '\0') anomalies.add(Anomaly::nul_in_head);
    if (*at != '\r') continue;
    if (at + 1 == end) return {};
    if (at[1] == '\n') return {Answer::done, at, at + 2};
    anomalies.add(Anomaly::bare_cr);
  }
}

// "HTTP/d.d" at `at`, which has eight characters.
bool read_version(const char* at, StartLine& line) noexcept {
  if (std::string_view{at, 5} != kVersion || !is_digit(at[5]) || at[6] != '.' || !is_digit(at[7]))
    return false;
  line.version_major = static_cast<std::uint8_t>(at[5] - '0');
  line.version_minor = static_cast<std::uint8_t>(at[7] - '0');
  if (line.version_major == 1 && line.version_minor > 1)
    line.anomalies.add(Anomaly::unknown_version);
  return true;
}

Answer parse_status_line(std::string_view text, StartLine& line) noexcept {
  line.kind = Kind::response;
  const std::size_t known = std::min(text.size(), kStatusShape.size());
  for (std::size_t i = 0; i < known; ++i) {
    if (kStatusShape[i] == 'd' ? !is_digit(text[i]) : text[i] != kStatusShape[i])
      return Answer::wrong;
  }
  if (text.size() > 5 && text[5] != '1') return Answer::wrong;
  if (text.size() <= kStatusShape.size()) return Answer::need_more;
  const char* at = text.data() + kStatusShape.size();
  if (*at != ' ' && *at != '\n' && *at != '\r') return Answer::wrong;
  if (*at == '\r' && at + 1 == text.data() + text.size()) return Answer::need_more;
  if (*at == '\r' && at[1] != '\n') return Answer::wrong;

  read_version(text.data(), line);
  line.status =
      static_cast<std::uint16_t>((at[-3] - '0') * 100 + (at[-2] - '0') * 10 + (at[-1] - '0'));
  // No such class of status codes, and senders send them: a client has to read the message all the
  // same.
  if (line.status < 100) line.anomalies.add(Anomaly::bad_start_line);
  const LineEnd line_end = find_line_end(at, text.data() + text.size(), line.anomalies);
  if (line_end.answer != Answer::done) return line_end.answer;
  if (at == line_end.content_end) {
    line.anomalies.add(
        Anomaly::bad_start_line); // the blank belongs there even without a reason (RFC 9112, 4)
  } else {
    ++at;
  }
  line.reason = span_of(text, at, line_end.content_end);
  line.length = static_cast<std::uint32_t>(line_end.next - text.data());
  return Answer::done;
}

Answer parse_request_line(std::string_view text, std::size_t method_length,
                          StartLine& line) noexcept {
  XDPCAP_DCHECK(method_length != 0 && method_length < text.size());
  const char* const end = text.data() + text.size();
  const char* const target = text.data() + method_length + 1;
  line.kind = Kind::request;
  line.method = {0, static_cast<std::uint32_t>(method_length)};
  if (target == end) return Answer::need_more;
  if (*target == ' ' || is_control(*target)) return Answer::wrong;
  const LineEnd line_end = find_line_end(target, end, line.anomalies);
  if (line_end.answer != Answer::done) return line_end.answer;

  const char* content_end = line_end.content_end;
  while (content_end > target && is_blank(content_end[-1])) {
    line.anomalies.add(Anomaly::bad_start_line);
    --content_end;
  }
  // The version is what stands last: a target with blanks in it is still read.
  constexpr std::ptrdiff_t kVersionLength = 8;
  if (content_end - target < 1 + 1 + kVersionLength) return Answer::wrong;
  const char* const version = content_end - kVersionLength;
  if (version[-1] != ' ' || !read_version(version, line)) return Answer::wrong;
  line.target = span_of(text, target, version - 1);
  line.length = static_cast<std::uint32_t>(line_end.next - text.data());
  const std::string_view target_text{target, line.target.length};
  if (target_text.find(' ') != std::string_view::npos) line.anomalies.add(Anomaly::bad_start_line);
  if (line.version_major == 1) return Answer::done;
  line.h2_preface =
      line.version_major == 2 && target_text == "*" && text.substr(0, method_length) == "PRI";
  return line.h2_preface ? Answer::done : Answer::wrong;
}

std::size_t token_length(std::string_view text) noexcept {
  std::size_t length = 0;
  while (length < text.size() && length <= kMethodMax && is_token_char(text[length])) ++length;
  return length;
}

// Eight characters as one number; the first is the lowest byte.
std::uint64_t load_eight(const char* at) noexcept {
  std::uint64_t eight = 0;
  std::memcpy(&eight, at, sizeof eight);
  return eight;
}
// "HTTP/1.0" or "HTTP/1.1"; the last bit of the last digit tells which.
bool is_plain_version(std::uint64_t eight) noexcept {
  constexpr std::uint64_t kLastBit = std::uint64_t{1} << 56;
  return (eight & ~kLastBit) == 0x302e312f50545448; // as it lies in memory
}
std::uint8_t minor_of(std::uint64_t version) noexcept {
  return static_cast<std::uint8_t>(version >> 56 & 1);
}

bool read_plain_status_line(std::string_view text, HeadScanner& scanner, StartLine& line) noexcept {
  constexpr std::uint32_t kReason = 13; // where it begins
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* const digits = begin + 9;
  if (begin[8] != ' ' || digits[0] < '1' || digits[0] > '9' || !is_digit(digits[1]) ||
      !is_digit(digits[2]) || digits[3] != ' ')
    return false;
  const char* const line_end = scanner.next_low(begin + kReason);
  if (end - line_end < 2 || !begins_with_crlf(line_end)) return false;
  line.kind = Kind::response;
  line.status = static_cast<std::uint16_t>((digits[0] - '0') * 100 + (digits[1] - '0') * 10 +
                                           (digits[2] - '0'));
  line.version_minor = minor_of(load_eight(begin));
  line.reason = {kReason, static_cast<std::uint32_t>(line_end - begin) - kReason};
  line.length = static_cast<std::uint32_t>(line_end + 2 - begin);
  return true;
}

bool read_plain_request_line(std::string_view text, HeadScanner& scanner,
                             StartLine& line) noexcept {
  constexpr std::ptrdiff_t kVersionLength = 8;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* const method_end = scanner.next_odd(begin);
  const auto method_length = static_cast<std::size_t>(method_end - begin);
  if (method_end == end || *method_end != ' ' || method_length == 0 || method_length > kMethodMax)
    return false;
  const char* const target = method_end + 1;
  const char* const line_end = scanner.next_low(target);
  if (end - line_end < 2 || !begins_with_crlf(line_end) ||
      line_end - target < 1 + 1 + kVersionLength)
    return false;
  const char* const version = line_end - kVersionLength;
  const std::uint64_t eight = load_eight(version);
  if (!is_plain_version(eight) || version[-1] != ' ' || is_control(*target)) return false;
  if (std::memchr(target, ' ', static_cast<std::size_t>(version - 1 - target)) != nullptr)
    return false;
  line.kind = Kind::request;
  line.method = {0, static_cast<std::uint32_t>(method_length)};
  line.target = span_of(text, target, version - 1);
  line.version_minor = minor_of(eight);
  line.length = static_cast<std::uint32_t>(line_end + 2 - begin);
  return true;
}

} // namespace

Answer parse_start_line(std::string_view text, StartLine& line) noexcept {
  line = StartLine{};
  if (text.starts_with(kVersion)) return parse_status_line(text, line);
  const std::size_t method_length = token_length(text);
  if (method_length > kMethodMax) return Answer::wrong;
  if (method_length == text.size()) return Answer::need_more;
  if (method_length == 0 || text[method_length] != ' ') return Answer::wrong;
  return parse_request_line(text, method_length, line);
}

bool read_plain_start_line(std::string_view text, HeadScanner& scanner, StartLine& line) noexcept {
  constexpr std::size_t kShortest = 16; // that of a response without a reason, and one byte
  line = StartLine{};
  if (text.size() < kShortest) return false;
  return is_plain_version(load_eight(text.data())) ? read_plain_status_line(text, scanner, line)
                                                   : read_plain_request_line(text, scanner, line);
}

bool resembles_start_line(std::string_view text) noexcept {
  StartLine line;
  const bool whole = parse_start_line(text, line) == Answer::done;
  return whole ? !line.anomalies.has(Anomaly::bad_start_line) : resembles_known_start_line(text);
}

bool resembles_known_start_line(std::string_view text) noexcept {
  StartLine line;
  if (text.empty() || parse_start_line(text, line) == Answer::wrong) return false;
  if (line.anomalies.has(Anomaly::bad_start_line)) return false;
  if (text.starts_with(kVersion) || kVersion.starts_with(text)) return true;
  const std::size_t blank = text.find(' ');
  return std::any_of(kRegisteredMethods.begin(), kRegisteredMethods.end(),
                     [&](std::string_view method) {
                       return blank == std::string_view::npos ? method.starts_with(text)
                                                              : method == text.substr(0, blank);
                     });
}

} // namespace xdpcap::http
