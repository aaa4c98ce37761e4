#include "publish/masking.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "http/keyword.hpp"

namespace xdpcap::publish {
namespace {

constexpr http::Keyword kContentType{"content-type"};
constexpr http::Keyword kForm{"application/x-www-form-urlencoded"};

constexpr bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

bool overwrite(std::span<std::byte> copy, std::size_t from, std::size_t to) noexcept {
  if (from >= to) return false;
  std::fill(copy.begin() + static_cast<std::ptrdiff_t>(from),
            copy.begin() + static_cast<std::ptrdiff_t>(to), std::byte{'*'});
  return true;
}

// A name with %XX as what it stands for; the rest of a long one counts for nothing.
class PlainName {
 public:
  explicit PlainName(std::string_view name) noexcept {
    for (std::size_t at = 0; at < name.size() && size_ < text_.size(); ++at) {
      char c = name[at];
      if (c == '%' && at + 2 < name.size() && digit(name[at + 1]) >= 0 &&
          digit(name[at + 2]) >= 0) {
        c = static_cast<char>(digit(name[at + 1]) << 4 | digit(name[at + 2]));
        at += 2;
      }
      text_[size_++] = c;
    }
  }
  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }

 private:
  static int digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  }
  std::array<char, 128> text_{};
  std::size_t size_ = 0;
};

bool names_secret(std::string_view name, const SecretNames& names) noexcept {
  if (name.empty()) return false;
  const bool is_plain = std::memchr(name.data(), '%', name.size()) == nullptr;
  return names.has_parameter(is_plain ? name : PlainName(name).text());
}

// A set of characters.
struct Characters {
  std::array<bool, 256> in{};
  consteval explicit Characters(std::string_view list) {
    for (const char c : list) in[static_cast<unsigned char>(c)] = true;
  }
  [[nodiscard]] bool has(char c) const noexcept { return in[static_cast<unsigned char>(c)]; }
};
constexpr Characters kParts{"?&;#, \t\r\n\"'<>"};

// name=value, parted by what parts parameters of addresses and forms.
bool mask_parameters(std::span<std::byte> copy, std::size_t from, std::size_t to,
                     const SecretNames& names) noexcept {
  const std::string_view text = as_text(copy).substr(0, to);
  bool masked = false;
  for (std::size_t at = from; at < to;) {
    std::size_t equal = at;
    while (equal < to && !kParts.has(text[equal]) && text[equal] != '=') ++equal;
    std::size_t end = equal;
    while (end < to && !kParts.has(text[end])) ++end;
    if (end > equal && names_secret(text.substr(at, equal - at), names)) {
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
    const std::size_t end = std::min(text.find_first_of("/?# \t\r\n\"'<>", begin), to);
    const std::size_t sign = text.substr(0, end).rfind('@');
    if (sign != std::string_view::npos && sign >= begin)
      masked = overwrite(copy, begin, sign) || masked;
    at = is_authority ? std::string_view::npos : text.find("://", end);
  }
  return masked;
}

// The first of "?;#" or the end, eight characters at a time: most targets have none of them.
std::size_t find_parameters(std::string_view text, std::size_t at) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
  const auto has_zero = [](std::uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    // '?' and ';' differ in one bit.
    if ((has_zero((word | kOnes * 4) ^ kOnes * '?') | has_zero(word ^ kOnes * '#')) != 0) break;
  }
  while (at < text.size() && text[at] != '?' && text[at] != ';' && text[at] != '#') ++at;
  return at;
}

bool mask_address(std::span<std::byte> copy, std::size_t from, std::size_t to,
                  const SecretNames& names) noexcept {
  const std::string_view text = as_text(copy).substr(0, to);
  bool masked = text[from] != '/' && mask_user_info(copy, from, to, false);
  const std::size_t query = find_parameters(text, from);
  if (query < to) masked = mask_parameters(copy, query + 1, to, names) || masked;
  return masked;
}

// Fields whose values are addresses, by the end of their names; the last two characters are known
// to fit.
bool holds_address(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 8> kEnds{
      "referer", "referrer", "location", "destination", "refresh", "link", "url", "uri"};
  return std::any_of(kEnds.begin(), kEnds.end(), [name](std::string_view end) {
    return name.size() >= end.size() &&
           std::equal(end.rbegin(), end.rend(), name.rbegin(),
                      [](char a, char b) { return a == static_cast<char>(b | 0x20); });
  });
}

// Where the text that begins with optional junk and a secret name ends its name, or npos. Junk:
// whatever cannot be a part of a name.
std::size_t end_of_secret_name(std::string_view line, const SecretNames& names) noexcept {
  const auto* const begin = std::find_if(line.begin(), line.end(), is_name_character);
  const auto* const end = std::find_if_not(begin, line.end(), is_name_character);
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
    // The hot path: most names are let go by their last two characters.
    const std::string_view name{text + field.name.offset, field.name.length};
    if (name.empty() || field.value.length == 0) continue;
    const bool begins_with_x = (name[0] | 0x20) == 'x';
    if (!begins_with_x && !has_added && SecretNames::end_of(name) == kPlainEnd) [[likely]]
      continue;
    const std::size_t begin = field.value.offset, end = begin + field.value.length;
    if (names.has_field(name)) {
      masked = overwrite(copy, begin, end) || masked;
    } else if ((SecretNames::end_of(name) & kAddressEnd) != 0 && holds_address(name)) {
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
  const char first = static_cast<char>(head[begin]);
  // CONNECT's is an authority, and nobody stops anybody to write a user there.
  const bool is_authority =
      first != '/' &&
      as_text(head).substr(begin, target.length).find("://") == std::string_view::npos;
  const bool masked = is_authority && mask_user_info(head, begin, end, true);
  return mask_address(head, begin, end, names) || masked;
}

bool is_form(Bytes head, std::span<const http::FieldSpan> fields) noexcept {
  return std::any_of(fields.begin(), fields.end(), [head](const http::FieldSpan& field) {
    return kContentType.is(field.name.in(head)) && field.value.length >= kForm.size &&
           kForm.is(field.value.in(head).substr(0, kForm.size));
  });
}

bool mask_form(std::span<std::byte> body, bool has_gaps, const SecretNames& names) noexcept {
  return has_gaps ? overwrite(body, 0, body.size()) : mask_parameters(body, 0, body.size(), names);
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
