#include "publish/masking/masking_text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "core/bytes.hpp"
#include "core/characters.hpp"
#include "core/check.hpp"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace xdpcap::publish {
namespace {

constexpr Characters kNameCharacters{
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.[]"};
constexpr Characters kBlanks{" \t\r\n"};
constexpr Characters kQuotes{"\"'"};
// What may stand between a name and its sign.
constexpr Characters kBehindNames{" \t\r\n\"'\\"};
// Ends of what follows a sign without quotes: name=value, "name": value, name: value.
constexpr Characters kParts{"?&;#, \t\r\n\"'<>\\"};
constexpr Characters kMemberEnds{",}]{[: \t\r\n\"'\\&<>"};
constexpr Characters kLineEnds{"\r\n\"'\\&<>"};
constexpr Characters kAuthorityEnds{"/?# \t\r\n\"'<>,\\"};

int digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_hex(std::string_view text, std::size_t at, std::size_t count) noexcept {
  if (at + count > text.size()) return false;
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at),
                     text.begin() + static_cast<std::ptrdiff_t>(at + count),
                     [](char c) { return digit(c) >= 0; });
}

// One character and where it is written.
struct Token {
  char c = 0;
  std::size_t begin = 0, end = 0;
  unsigned depth = 0;   // how often it is percent-encoded
  unsigned slashes = 0; // of a quote: backslashes before it

  // In how many strings within strings a quote begins or ends one: 0 for ", 1 for \", 2 for \\\".
  [[nodiscard]] unsigned level() const noexcept {
    return static_cast<unsigned>(std::countr_one(slashes));
  }
};

Token percent_decoded(std::string_view text, std::size_t at) noexcept {
  if (text[at] != '%') return {text[at], at, at + 1};
  std::size_t hex = at + 1;
  unsigned depth = 1;
  while (text.substr(hex, 2) == "25" && is_hex(text, hex + 2, 2)) {
    hex += 2;
    ++depth;
  }
  if (!is_hex(text, hex, 2)) return {'%', at, at + 1};
  return {static_cast<char>(digit(text[hex]) << 4 | digit(text[hex + 1])), at, hex + 2, depth};
}

Token token_at(std::string_view text, std::size_t at) noexcept {
  Token token = percent_decoded(text, at);
  if (token.c != '\\') return token;
  unsigned slashes = 1;
  while (token.end < text.size()) {
    const Token next = percent_decoded(text, token.end);
    if (next.depth != token.depth) break;
    if (next.c == '\\') {
      ++slashes;
      token.end = next.end;
      continue;
    }
    if (kQuotes.has(next.c)) return {next.c, at, next.end, token.depth, slashes};
    if (next.c == '/') return {'/', at, next.end, token.depth};
    if (next.c == 'n' || next.c == 'r' || next.c == 't')
      return {next.c == 't' ? '\t' : '\n', at, next.end, token.depth};
    if (next.c == 'u' && is_hex(text, next.end, 4)) {
      unsigned value = 0;
      for (std::size_t i = 0; i < 4; ++i)
        value = value << 4 | static_cast<unsigned>(digit(text[next.end + i]));
      const char c = value < 0x80 ? static_cast<char>(value) : '\x7f';
      return {c, at, next.end + 4, token.depth, slashes};
    }
    break;
  }
  return token;
}

// The first of : = % \ or `to`.
std::size_t find_mark(std::string_view text, std::size_t at, std::size_t to) noexcept {
#ifdef __SSE2__
  const __m128i colon = _mm_set1_epi8(':'), equal = _mm_set1_epi8('='),
                percent = _mm_set1_epi8('%'), slash = _mm_set1_epi8('\\');
  const auto marks_at = [&](std::size_t place) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + place));
    return _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, colon), _mm_cmpeq_epi8(bytes, equal)),
                        _mm_or_si128(_mm_cmpeq_epi8(bytes, percent), _mm_cmpeq_epi8(bytes, slash)));
  };
  for (; to - at >= 32; at += 32) {
    const __m128i first = marks_at(at), second = marks_at(at + 16);
    if (_mm_movemask_epi8(_mm_or_si128(first, second)) == 0) continue;
    const auto low = static_cast<unsigned>(_mm_movemask_epi8(first));
    const auto high = static_cast<unsigned>(_mm_movemask_epi8(second));
    return at + static_cast<std::size_t>(std::countr_zero(low | high << 16));
  }
#endif
  while (at < to && text[at] != ':' && text[at] != '=' && text[at] != '%' && text[at] != '\\') ++at;
  return at;
}

bool is_literal(std::string_view word) noexcept {
  return word == "true" || word == "false" || word == "null";
}

bool is_number(std::string_view word) noexcept {
  return word.find_first_not_of("+-.0123456789eE") == std::string_view::npos;
}

bool is_count(std::string_view name) noexcept {
  constexpr std::string_view kTokens = "tokens";
  return name.size() >= kTokens.size() &&
         std::equal(kTokens.rbegin(), kTokens.rend(), name.rbegin(),
                    [](char a, char b) { return a == static_cast<char>(b | 0x20); });
}

} // namespace

bool overwrite(std::span<std::byte> copy, std::size_t from, std::size_t to) noexcept {
  if (from >= to) return false;
  XDPCAP_CHECK(to <= copy.size());
  std::fill(copy.begin() + static_cast<std::ptrdiff_t>(from),
            copy.begin() + static_cast<std::ptrdiff_t>(to), std::byte{'*'});
  return true;
}

void PlainName::append(char c) noexcept {
  if (size_ == text_.size()) { // the end tells more than the beginning
    size_ /= 2;
    std::memcpy(text_.data(), text_.data() + size_, size_);
  }
  text_[size_++] = c;
}

PlainName::PlainName(std::string_view escaped) noexcept {
  for (std::size_t at = 0; at < escaped.size();) {
    const Token token = token_at(escaped, at);
    append(token.c);
    at = token.end;
  }
}

// One look through a text.
class NameSearch {
 public:
  NameSearch(std::span<std::byte> copy, std::size_t from, std::size_t to,
             const SecretNames& names) noexcept
      : copy_(copy), text_(as_text(copy).substr(0, to)), names_(names), at_(from), floor_(from) {}

  bool run() noexcept {
    while ((at_ = find_mark(text_, at_, text_.size())) < text_.size()) {
      const Token sign = token_at(text_, at_);
      at_ = sign.end;
      if (sign.c == ':' && is_authority_behind(sign)) {
        mask_authority();
      } else if (sign.c == ':' || sign.c == '=') {
        if (ends_secret_name(sign)) mask_value(sign);
        floor_ = at_;
      }
    }
    return masked_;
  }

 private:
  // A name, and how it stands there.
  struct Name {
    std::string_view text;
    bool quoted = false;
    unsigned level = 0;
  };

  void mask(std::size_t from, std::size_t to) noexcept {
    masked_ = overwrite(copy_, from, to) || masked_;
  }

  [[nodiscard]] bool is_authority_behind(const Token& colon) const noexcept {
    std::size_t at = colon.end;
    for (int count = 0; count < 2; ++count) {
      if (at >= text_.size()) return false;
      const Token slash = token_at(text_, at);
      if (slash.c != '/') return false;
      at = slash.end;
    }
    return true;
  }

  // Behind the colon of "://": what is before the last @ of the authority.
  void mask_authority() noexcept {
    at_ = token_at(text_, at_).end;
    const Token slash = token_at(text_, at_);
    at_ = floor_ = slash.end;
    std::size_t sign = at_;
    for (std::size_t at = at_; at < text_.size();) {
      const Token token = token_at(text_, at);
      if (token.depth <= slash.depth && kAuthorityEnds.has(token.c)) break;
      if (token.c == '@') sign = token.begin;
      at = token.end;
    }
    mask(at_, sign);
    at_ = floor_ = sign;
  }

  // The name before a sign. Plain ones are read backwards; one with escapes in or around it is
  // decoded from where the last value ended, so that no byte is read twice.
  bool ends_secret_name(const Token& sign) noexcept {
    std::size_t end = sign.begin;
    while (end > floor_ && kBehindNames.has(text_[end - 1])) --end;
    std::size_t begin = end;
    while (begin > floor_ && kNameCharacters.has(text_[begin - 1])) --begin;
    const char before = begin > floor_ ? text_[begin - 1] : ' ';
    if (before != '%' && before != '\\' && sign.depth == 0) {
      name_ = {text_.substr(begin, end - begin)};
      if (end < sign.begin) {
        const Token behind = token_at(text_, end);
        name_.quoted = kQuotes.has(behind.c);
        name_.level = behind.level();
      }
    } else {
      decode_name(sign);
    }
    if (name_.text.empty()) return false;
    return sign.c == '=' ? names_.has_parameter(name_.text) : names_.has_member(name_.text);
  }

  void decode_name(const Token& sign) noexcept {
    decoded_.clear();
    name_ = {};
    bool has_ended = false;
    for (std::size_t at = floor_; at < sign.begin;) {
      const Token token = token_at(text_, at);
      if (kNameCharacters.has(token.c)) {
        if (has_ended) decoded_.clear();
        has_ended = false;
        decoded_.append(token.c);
      } else if (kBehindNames.has(token.c) && decoded_.size_ != 0) {
        if (!has_ended) {
          name_.quoted = kQuotes.has(token.c);
          name_.level = token.level();
        }
        has_ended = true;
      } else {
        decoded_.clear();
      }
      at = token.end;
    }
    if (!has_ended) name_.quoted = false;
    name_.text = decoded_.text();
  }

  void mask_value(const Token& sign) noexcept {
    Token token = next_word();
    if (at_ >= text_.size()) return;
    if (sign.c == '=' && token.begin != sign.end) return; // name= value: there is none
    while (kQuotes.has(token.c)) {
      mask_string(token);
      // A name where a value belongs is broken JSON: its value goes as well.
      token = next_word();
      if (at_ >= text_.size() || token.c != ':') return;
      at_ = token.end;
      token = next_word();
      if (at_ >= text_.size()) return;
    }
    if (sign.c == ':' && (token.c == '{' || token.c == '[')) return mask_container(token);
    const Characters& ends = sign.c == '=' ? kParts : name_.quoted ? kMemberEnds : kLineEnds;
    const bool is_json = sign.c == ':' && name_.quoted && name_.level == 0 && sign.depth == 0;
    const std::size_t begin = at_;
    at_ = end_of_word(begin, sign.depth, ends);
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (sign.c == ':' && is_number(word) && is_count(name_.text)) return;
    mask_word(begin, at_, is_json);
  }

  // Steps over blanks, to what is read next.
  Token next_word() noexcept {
    while (at_ < text_.size()) {
      const Token token = token_at(text_, at_);
      if (!kBlanks.has(token.c)) return token;
      at_ = token.end;
    }
    return {};
  }

  [[nodiscard]] std::size_t end_of_word(std::size_t at, unsigned depth,
                                        const Characters& ends) const noexcept {
    while (at < text_.size()) {
      const Token token = token_at(text_, at);
      if (token.depth <= depth && ends.has(token.c)) break;
      at = token.end;
    }
    return at;
  }

  void mask_word(std::size_t begin, std::size_t end, bool is_json) noexcept {
    const std::string_view word = text_.substr(begin, end - begin);
    if (word.empty() || is_literal(word)) return;
    if (!is_json || !is_number(word)) return mask(begin, end);
    mask(begin, end);
    copy_[begin] = copy_[end - 1] = std::byte{'"'};
    if (word.size() == 1) copy_[begin] = std::byte{'0'};
  }

  // Where the string ends that `opening` begins; its end mark, or nothing at the end of the text.
  [[nodiscard]] Token end_of_string(const Token& opening) const noexcept {
    for (std::size_t at = opening.end; at < text_.size();) {
      const Token token = token_at(text_, at);
      const bool closes =
          token.c == opening.c && token.depth <= opening.depth && token.level() <= opening.level();
      if (closes || (token.depth < opening.depth && kParts.has(token.c))) return token;
      at = token.end;
    }
    return {0, text_.size(), text_.size()};
  }

  // What ends the string around this one is still to be read.
  static std::size_t end_of(const Token& opening, const Token& closing) noexcept {
    const bool is_outer = closing.depth < opening.depth || closing.level() < opening.level();
    return is_outer ? closing.begin : closing.end;
  }

  // Of the backslashes before an end mark those are the string's that the mark does not need.
  void mask_between(const Token& opening, const Token& closing) noexcept {
    const std::size_t own = (std::size_t{1} << closing.level()) - 1;
    const bool is_plain = closing.depth == 0 && closing.end - closing.begin == closing.slashes + 1;
    mask(opening.end, is_plain ? closing.end - 1 - own : closing.begin);
  }

  void mask_string(const Token& opening) noexcept {
    const Token closing = end_of_string(opening);
    mask_between(opening, closing);
    at_ = end_of(opening, closing);
  }

  // An object or a list: all strings that are no names, and all that has no quotes.
  void mask_container(const Token& opening) noexcept {
    const bool is_json = name_.level == 0 && opening.depth == 0;
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const Token token = token_at(text_, at_);
      if (token.depth < opening.depth && kParts.has(token.c)) return;
      if (kQuotes.has(token.c)) {
        if (token.level() < name_.level) return; // the string ends that all this is in
        mask_string_that_is_no_name(token);
      } else if (token.c == '{' || token.c == '[') {
        ++depth;
        at_ = token.end;
      } else if (token.c == '}' || token.c == ']') {
        at_ = token.end;
        if (--depth == 0) return;
      } else if (kMemberEnds.has(token.c)) {
        at_ = token.end;
      } else {
        const std::size_t begin = at_;
        at_ = end_of_word(begin, opening.depth, kMemberEnds);
        at_ = std::max(at_, token.end);
        mask_word(begin, at_, is_json);
      }
    }
  }

  void mask_string_that_is_no_name(const Token& opening) noexcept {
    const Token closing = end_of_string(opening);
    at_ = end_of(opening, closing);
    if (next_word().c != ':') mask_between(opening, closing);
  }

  std::span<std::byte> copy_;
  std::string_view text_; // up to where it ends
  const SecretNames& names_;
  std::size_t at_, floor_; // names begin behind the floor
  Name name_;
  PlainName decoded_;
  bool masked_ = false;
};

bool mask_text(std::span<std::byte> copy, std::size_t from, std::size_t to,
               const SecretNames& names) noexcept {
  XDPCAP_CHECK(from <= to && to <= copy.size());
  return NameSearch(copy, from, to, names).run();
}

} // namespace xdpcap::publish
