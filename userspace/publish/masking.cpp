#include "publish/masking.hpp"

#include <algorithm>
#include <string_view>

#include "http/keyword.hpp"

namespace xdpcap::publish {
namespace {

constexpr http::Keyword kCookie{"cookie"};
constexpr http::Keyword kSetCookie{"set-cookie"};
constexpr http::Keyword kAuthorization{"authorization"};
constexpr http::Keyword kProxyAuthorization{"proxy-authorization"};

bool is_secret(std::string_view name) noexcept {
  switch (name.size()) {
    case kCookie.size:
      return kCookie.is(name);
    case kSetCookie.size:
      return kSetCookie.is(name);
    case kAuthorization.size:
      return kAuthorization.is(name);
    case kProxyAuthorization.size:
      return kProxyAuthorization.is(name);
    default:
      return false;
  }
}

constexpr bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

void overwrite(std::span<std::byte> copy, std::size_t from, std::size_t to) noexcept {
  std::fill(copy.begin() + static_cast<std::ptrdiff_t>(from), copy.begin() + static_cast<std::ptrdiff_t>(to),
            std::byte{'*'});
}

// Where the text that begins with optional junk and one of the names ends its
// name, or npos. Junk: whatever cannot be a part of a name.
std::size_t end_of_secret_name(std::string_view line) noexcept {
  const auto* const begin = std::find_if(line.begin(), line.end(), is_name_character);
  const auto* const end = std::find_if_not(begin, line.end(), is_name_character);
  const auto name = std::string_view(begin, static_cast<std::size_t>(end - begin));
  return is_secret(name) ? static_cast<std::size_t>(end - line.begin()) : std::string_view::npos;
}

// Line by line, whatever a line end may be to whoever reads it: CR, LF or both.
bool mask_lines(std::span<std::byte> copy) noexcept {
  const std::string_view text = as_text(copy);
  bool masked = false;
  bool continues = false; // the line before was a secret's
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const bool folded = !line.empty() && (line.front() == ' ' || line.front() == '\t');
    const std::size_t name = end_of_secret_name(line);
    if (continues && folded) {
      overwrite(copy, at, end);
    } else if (name != std::string_view::npos) {
      const std::size_t colon = std::min(line.find_first_not_of(" \t:", name), line.size());
      overwrite(copy, at + colon, end);
      masked = continues = true;
    } else if (!line.empty()) {
      continues = false;
    }
    at = end + 1;
  }
  return masked;
}

} // namespace

bool mask_secrets(std::span<std::byte> copy, std::span<const http::FieldSpan> fields, bool suspicious) noexcept {
  bool masked = false;
  for (const http::FieldSpan& field : fields) {
    if (!is_secret(field.name.in(copy)) || field.value.length == 0) continue;
    overwrite(copy, field.value.offset, std::size_t{field.value.offset} + field.value.length);
    masked = true;
  }
  if (suspicious && mask_lines(copy)) masked = true;
  return masked;
}

bool head_is_suspicious(const http::Message& message) noexcept {
  using http::Anomaly;
  constexpr std::uint64_t kDoubtful =
      http::Anomalies::bit(Anomaly::obs_fold) | http::Anomalies::bit(Anomaly::space_before_colon) |
      http::Anomalies::bit(Anomaly::bare_lf) | http::Anomalies::bit(Anomaly::bare_cr) |
      http::Anomalies::bit(Anomaly::nul_in_head) | http::Anomalies::bit(Anomaly::bad_field_name) |
      http::Anomalies::bit(Anomaly::missing_colon) | http::Anomalies::bit(Anomaly::bad_start_line) |
      http::Anomalies::bit(Anomaly::head_too_large);
  return !message.complete || (message.anomalies.bits() & kDoubtful) != 0;
}

} // namespace xdpcap::publish
