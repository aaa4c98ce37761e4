#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "core/characters.hpp"
#include "http/keyword.hpp"
#include "publish/masking/masking.hpp"
#include "publish/masking/masking_text.hpp"

namespace xdpcap::publish {
namespace {

constexpr http::Keyword kJson{"application/json"};
constexpr http::Keyword kContentType{"content-type"};
constexpr http::Keyword kContentEncoding{"content-encoding"};
constexpr http::Keyword kTransferEncoding{"transfer-encoding"};
constexpr http::Keyword kCacheControl{"cache-control"};

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

// Whether a text begins with `word`, which is in lower case.
bool begins_with_word(std::string_view text, std::string_view word) noexcept {
  return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(),
                                                  [](char a, char b) { return a == lower(b); });
}

// Where `word`, in lower case and with a letter in front, is in a text, or npos.
std::size_t find_word(std::string_view text, std::string_view word, std::size_t from = 0) noexcept {
  if (from > text.size()) return std::string_view::npos;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data() + from; end - at >= std::ssize(word); ++at) {
    if ((*at | 0x20) == word.front() && begins_with_word({at, word.size()}, word))
      return static_cast<std::size_t>(at - text.data());
  }
  return std::string_view::npos;
}

bool has(std::string_view text, std::string_view word) noexcept {
  return find_word(text, word) != std::string_view::npos;
}

constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_coding(std::string_view value, std::string_view none) noexcept {
  for (std::size_t at = 0; at <= value.size();) {
    const std::size_t end = std::min(value.find(',', at), value.size());
    const std::string_view coding = trimmed(value.substr(at, end - at));
    if (!coding.empty() && !(coding.size() == none.size() && has(coding, none))) return true;
    at = end + 1;
  }
  return false;
}

enum class BodyType : std::uint8_t { unknown, other, text, multipart };

constexpr std::array<std::string_view, 4> kTexts{"json", "x-www-form-urlencoded", "event-stream",
                                                 "graphql"};
constexpr std::string_view kMultipart = "multipart/";
// How all of these begin.
constexpr Characters kTypeBegins{"jJxXeEgGmM"};

BodyType type_of(std::string_view value) noexcept {
  if (value.size() >= kJson.size && kJson.is(value.substr(0, kJson.size))) return BodyType::text;
  BodyType type = BodyType::other;
  for (const char& c : value) {
    if (!kTypeBegins.has(c)) continue;
    const std::string_view rest = value.substr(static_cast<std::size_t>(&c - value.data()));
    const auto begins = [rest](std::string_view word) { return begins_with_word(rest, word); };
    if (std::any_of(kTexts.begin(), kTexts.end(), begins)) return BodyType::text;
    if (begins(kMultipart)) type = BodyType::multipart;
  }
  return type;
}

// Calls `visit` with each value of a field that is not empty; most names are let go by their
// length.
template <std::size_t Size, class Visit>
void for_each_value(const http::Message& message, const http::Keyword<Size>& name,
                    Visit&& visit) noexcept {
  for (const http::FieldSpan& field : message.fields) {
    if (field.name.length != Size || !name.is(field.name.in(message.head))) continue;
    const std::string_view value = trimmed(field.value.in(message.head));
    if (!value.empty()) visit(value);
  }
}

// What Content-Type says.
struct MediaType {
  BodyType type = BodyType::unknown;
  std::string_view text; // of multipart, with its parameters
};

MediaType media_type_of(const http::Message& message) noexcept {
  MediaType media;
  for_each_value(message, kContentType, [&media](std::string_view value) {
    const BodyType type = type_of(value);
    if (type == BodyType::multipart) media.text = value;
    // Of two the one that says more: nobody knows which the receiver believed.
    media.type = std::max(media.type, type);
  });
  return media;
}

bool is_coded(const http::Message& message) noexcept {
  bool coded = false;
  for_each_value(message, kContentEncoding, [&coded](std::string_view value) {
    coded = coded || is_coding(value, "identity");
  });
  for_each_value(message, kTransferEncoding, [&coded](std::string_view value) {
    coded = coded || is_coding(value, "chunked");
  });
  return coded;
}

bool is_private(const http::Message& message) noexcept {
  bool is_private = false;
  for_each_value(message, kCacheControl, [&is_private](std::string_view value) {
    is_private = is_private || has(value, "no-store");
  });
  return is_private;
}

// Compressed, though no field says so.
bool looks_compressed(std::string_view body) noexcept {
  return body.starts_with("\x1f\x8b") || body.starts_with("\x28\xb5\x2f\xfd");
}

// JSON behind what some put before it: a byte order mark, the )]}' that keeps scripts from it.
bool looks_like_json(std::string_view body) noexcept {
  if (body.starts_with("\xef\xbb\xbf")) body.remove_prefix(3);
  for (std::size_t at = 0; at < body.size(); ++at) {
    const char c = body[at];
    if (is_blank(c)) continue;
    return c == '{' || c == '[' || body.substr(at).starts_with(")]}'");
  }
  return false;
}

// The value behind `at`: a quoted string's or a token.
std::string_view value_at(std::string_view text, std::size_t at) noexcept {
  at = std::min(text.find_first_not_of(" \t", at), text.size());
  if (at == text.size() || text[at] != '"') {
    const std::size_t end = std::min(text.find_first_of("; \t\r\n", at), text.size());
    return text.substr(at, end - at);
  }
  std::size_t end = ++at;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2U : 1U;
  return text.substr(at, std::min(end, text.size()) - at);
}

// Each value of a parameter in fields, wherever it stands: receivers differ in which they believe.
template <class Visit>
void for_each_parameter(std::string_view fields, std::string_view name, Visit&& visit) noexcept {
  std::size_t at = find_word(fields, name);
  for (; at != std::string_view::npos; at = find_word(fields, name, at)) {
    const bool begins =
        at == 0 || std::string_view("; \t\r\n").find(fields[at - 1]) != std::string_view::npos;
    at += name.size();
    std::size_t sign = std::min(fields.find_first_not_of(" \t*", at), fields.size());
    if (begins && sign < fields.size() && fields[sign] == '=') visit(value_at(fields, sign + 1));
  }
}

bool is_secret_part(std::string_view fields, const SecretNames& names) noexcept {
  bool is_secret = false;
  for_each_parameter(fields, "name", [&](std::string_view name) {
    is_secret = is_secret || names.has_member(PlainName(name).text());
  });
  return is_secret;
}

constexpr std::size_t kBoundaryMax = 70; // RFC 2046, 5.1.1

// Parts of a multipart body (RFC 2046, 5.1.1).
class Parts {
 public:
  Parts(std::string_view text, std::string_view boundary) noexcept
      : text_(text), boundary_(boundary), delimiter_(find_delimiter(0)) {}

  [[nodiscard]] bool is_empty() const noexcept { return delimiter_ == text_.size(); }
  // Steps to the next part; false behind the last.
  bool next() noexcept {
    const std::size_t line = text_.find('\n', delimiter_);
    if (line == std::string_view::npos) return false;
    fields_begin_ = content_begin_ = line + 1;
    if (!find_content()) return false;
    delimiter_ = find_delimiter(content_begin_);
    content_end_ = delimiter_;
    if (delimiter_ < text_.size()) { // the line end before a delimiter belongs to it
      if (content_end_ > content_begin_) --content_end_;
      if (content_end_ > content_begin_ && text_[content_end_ - 1] == '\r') --content_end_;
    }
    return true;
  }
  [[nodiscard]] std::string_view fields() const noexcept {
    return text_.substr(fields_begin_, content_begin_ - fields_begin_);
  }
  [[nodiscard]] std::size_t begin() const noexcept { return content_begin_; }
  [[nodiscard]] std::size_t end() const noexcept { return content_end_; }

 private:
  // Behind the empty line.
  bool find_content() noexcept {
    while (true) {
      const std::size_t end = text_.find('\n', content_begin_);
      if (end == std::string_view::npos) return false;
      const std::string_view line = text_.substr(content_begin_, end - content_begin_);
      content_begin_ = end + 1;
      if (line.empty() || line == "\r") return true;
    }
  }
  // The line that begins with two dashes and the boundary, or the end.
  [[nodiscard]] std::size_t find_delimiter(std::size_t at) const noexcept {
    while (at < text_.size()) {
      const std::string_view line = text_.substr(at);
      if (line.starts_with("--") && line.substr(2).starts_with(boundary_)) return at;
      const std::size_t end = text_.find('\n', at);
      if (end == std::string_view::npos) break;
      at = end + 1;
    }
    return text_.size();
  }

  std::string_view text_, boundary_;
  std::size_t delimiter_, fields_begin_ = 0, content_begin_ = 0, content_end_ = 0;
};

bool mask_multipart(std::span<std::byte> body, std::string_view media_type,
                    const SecretNames& names) noexcept {
  const std::string_view text = as_text(body);
  std::string_view boundary;
  for_each_parameter(media_type, "boundary", [&](std::string_view value) { boundary = value; });
  Parts parts(text, boundary);
  // Nobody knows then where a part ends.
  if (boundary.empty() || boundary.size() > kBoundaryMax || parts.is_empty())
    return overwrite(body, 0, body.size());
  bool masked = false;
  while (parts.next()) {
    const std::size_t begin = parts.begin(), end = parts.end();
    if (is_secret_part(parts.fields(), names)) {
      masked = overwrite(body, begin, end) || masked;
    } else if (looks_like_json(text.substr(begin, end - begin))) {
      masked = mask_text(body, begin, end, names) || masked;
    }
  }
  return masked;
}

} // namespace

bool mask_body(std::span<std::byte> body, const http::Message& message, bool has_secrets,
               const SecretNames& names) noexcept {
  if (body.empty()) return false;
  const std::string_view text = as_text(body);
  const MediaType media = media_type_of(message);
  const bool is_request = message.kind == http::Kind::request;
  const bool is_covered = media.type == BodyType::text || media.type == BodyType::multipart ||
                          (media.type == BodyType::unknown && is_request);
  if (is_covered && (is_coded(message) || looks_compressed(text))) {
    const bool is_withheld = is_request || has_secrets || is_private(message);
    return is_withheld && overwrite(body, 0, body.size());
  }
  const bool is_text = is_covered || looks_like_json(text);
  if (!is_text && !head_is_doubtful(message)) return false;
  std::size_t known = body.size();
  if (is_text && !message.gaps.empty()) {
    known = static_cast<std::size_t>(std::min<std::uint64_t>(known, message.gaps[0].offset));
  }
  const std::span<std::byte> whole = body.first(known);
  const bool masked = media.type == BodyType::multipart ? mask_multipart(whole, media.text, names)
                                                        : mask_text(whole, 0, known, names);
  return overwrite(body, known, body.size()) || masked;
}

} // namespace xdpcap::publish
