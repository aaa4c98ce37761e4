#include "publish/masking/masking.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/characters.hpp"
#include "core/check.hpp"
#include "publish/masking/masking_text.hpp"

namespace xdpcap::publish {
namespace {

constexpr bool is_token_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

// Also where an escape begins, which a closer look is for.
constexpr Characters kParameterEnds{"?&;#, \t\r\n\"'<>%"};
constexpr Characters kUserInfoEnds{"/?# \t\r\n\"'<>"};

// name=value, parted by what parts parameters of addresses and forms.
bool mask_parameters(std::span<std::byte> copy, std::size_t from, std::size_t to,
                     const SecretNames& names) noexcept {
  const std::string_view text = as_text(copy).substr(0, to);
  bool masked = false;
  for (std::size_t at = from; at < to;) {
    std::size_t equal = at;
    while (equal < to && !kParameterEnds.has(text[equal]) && text[equal] != '=') ++equal;
    std::size_t end = equal;
    while (end < to && !kParameterEnds.has(text[end])) ++end;
    if (end < to && text[end] == '%') return mask_text(copy, at, to, names) || masked;
    if (end > equal && names.has_parameter(text.substr(at, equal - at))) {
      masked = overwrite(copy, equal + 1, end) || masked;
    }
    at = end + 1;
  }
  return masked;
}

// user:password@ behind "://", or at the beginning where the text is an authority.
bool mask_user_info(std::span<std::byte> copy, std::size_t from, std::size_t to,
                    bool is_authority) noexcept {
  const std::string_view text = as_text(copy).substr(0, to);
  bool masked = false;
  std::size_t at = is_authority ? from : text.find("://", from);
  while (at != std::string_view::npos) {
    const std::size_t begin = is_authority ? at : at + 3;
    std::size_t end = begin;
    while (end < to && !kUserInfoEnds.has(text[end])) ++end;
    const std::size_t sign = text.substr(begin, end - begin).rfind('@');
    if (sign != std::string_view::npos) masked = overwrite(copy, begin, begin + sign) || masked;
    at = is_authority ? std::string_view::npos : text.find("://", end);
  }
  return masked;
}

// The first of "?;#%" or the end, eight characters at a time: most targets have none of them.
std::size_t find_parameters(std::string_view text, std::size_t at) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  const auto has_zero = [](std::uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    // '?' and ';' differ in one bit, '#' and '%' in two: a few others look alike.
    if ((has_zero((word | kOnes * 4) ^ kOnes * '?') |
         has_zero((word | kOnes * 6) ^ kOnes * ('#' | 6))) != 0)
      break;
  }
  constexpr std::string_view kBegins = "?;#%";
  while (at < text.size() && kBegins.find(text[at]) == std::string_view::npos) ++at;
  return at;
}

bool mask_address(std::span<std::byte> copy, std::size_t from, std::size_t to,
                  const SecretNames& names) noexcept {
  XDPCAP_CHECK(from < to && to <= copy.size());
  const std::string_view text = as_text(copy).substr(0, to);
  bool masked = text[from] != '/' && mask_user_info(copy, from, to, false);
  const std::size_t query = find_parameters(text, from);
  if (query == to) return masked;
  // An address may hold another one, encoded, also in its path.
  if (text[query] == '%') return mask_text(copy, from, to, names) || masked;
  return mask_parameters(copy, query + 1, to, names) || masked;
}

// Fields whose values are addresses, by the end of their names.
bool holds_address(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 9> kEnds{
      "referer", "referrer", "location", "destination", "refresh", "link", "url", "uri", "origin"};
  return std::any_of(kEnds.begin(), kEnds.end(), [name](std::string_view end) {
    return name.size() >= end.size() &&
           std::equal(end.rbegin(), end.rend(), name.rbegin(),
                      [](char a, char b) { return a == static_cast<char>(b | 0x20); });
  });
}

// Where the text that begins with optional junk and a secret name ends its name, or npos. Junk:
// whatever cannot be a part of a name.
std::size_t end_of_secret_name(std::string_view line, const SecretNames& names) noexcept {
  const auto* const begin = std::find_if(line.begin(), line.end(), is_token_character);
  const auto* const end = std::find_if_not(begin, line.end(), is_token_character);
  const auto name = std::string_view(begin, static_cast<std::size_t>(end - begin));
  return !name.empty() && names.has_field(name) ? static_cast<std::size_t>(end - line.begin())
                                                : std::string_view::npos;
}

// Line by line, whatever a line end may be to whoever reads it: CR, LF or both.
bool mask_lines(std::span<std::byte> copy, const SecretNames& names) noexcept {
  const std::string_view text = as_text(copy);
  bool masked = false;
  bool continues = false; // the line before was a secret's
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const bool folded = !line.empty() && (line.front() == ' ' || line.front() == '\t');
    const std::size_t name = end_of_secret_name(line, names);
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

bool mask_fields(std::span<std::byte> copy, std::span<const http::FieldSpan> fields,
                 bool suspicious, const SecretNames& names) noexcept {
  bool masked = false;
  const char* const text = as_text(copy).data();
  const bool has_added = !names.fields.empty();
  for (const http::FieldSpan& field : fields) {
    // The hot path: most names are let go by how they end.
    const std::string_view name{text + field.name.offset, field.name.length};
    XDPCAP_DCHECK(std::size_t{field.name.offset} + field.name.length <= copy.size());
    const FieldEnds::Ends ends = kFieldEnds.of(name);
    if (ends == 0 && !has_added && !SecretNames::may_have_word(name)) [[likely]]
      continue;
    if (name.empty() || field.value.length == 0) continue;
    const std::size_t begin = field.value.offset, end = begin + field.value.length;
    if (names.has_field(name)) {
      masked = overwrite(copy, begin, end) || masked;
    } else if (kFieldEnds.may_be_address(ends) && holds_address(name)) {
      masked = mask_address(copy, begin, end, names) || masked;
    }
  }
  if (!suspicious) return masked;
  masked = mask_lines(copy, names) || masked;
  masked = mask_user_info(copy, 0, copy.size(), false) || masked;
  return mask_parameters(copy, 0, copy.size(), names) || masked;
}

bool mask_target(std::span<std::byte> head, http::Span target, const SecretNames& names) noexcept {
  if (target.length == 0) return false;
  const std::size_t begin = target.offset, end = begin + target.length;
  XDPCAP_CHECK(end <= head.size());
  const char first = static_cast<char>(head[begin]);
  // CONNECT's is an authority, and nobody stops anybody to write a user there.
  const bool is_authority =
      first != '/' &&
      as_text(head).substr(begin, target.length).find("://") == std::string_view::npos;
  const bool masked = is_authority && mask_user_info(head, begin, end, true);
  return mask_address(head, begin, end, names) || masked;
}

bool head_is_doubtful(const http::Message& message) noexcept {
  using http::Anomaly;
  constexpr std::uint64_t kDoubtful =
      http::Anomalies::bit(Anomaly::obs_fold) | http::Anomalies::bit(Anomaly::space_before_colon) |
      http::Anomalies::bit(Anomaly::bare_lf) | http::Anomalies::bit(Anomaly::bare_cr) |
      http::Anomalies::bit(Anomaly::nul_in_head) | http::Anomalies::bit(Anomaly::bad_field_name) |
      http::Anomalies::bit(Anomaly::missing_colon) | http::Anomalies::bit(Anomaly::bad_start_line) |
      http::Anomalies::bit(Anomaly::head_too_large);
  return (message.anomalies.bits() & kDoubtful) != 0;
}

bool head_is_suspicious(const http::Message& message) noexcept {
  return !message.complete || head_is_doubtful(message);
}

} // namespace xdpcap::publish
