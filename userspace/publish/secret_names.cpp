#include "publish/secret_names.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace xdpcap::publish {
namespace {

// The last eight characters of a name, in lower case, the last one in the highest byte.
constexpr std::uint64_t kLower = 0x2020202020202020;

std::uint64_t tail_of(std::string_view name) noexcept {
  std::uint64_t tail = 0;
  if (name.size() >= sizeof tail) [[likely]] {
    std::memcpy(&tail, name.data() + name.size() - sizeof tail, sizeof tail);
    return tail | kLower;
  }
  const std::size_t size = std::min<std::size_t>(name.size(), sizeof tail);
  std::memcpy(reinterpret_cast<char*>(&tail) + sizeof tail - size, name.data() + name.size() - size,
              size);
  return tail | kLower;
}

struct Tail {
  std::uint64_t text = 0, mask = 0;

  consteval explicit Tail(std::string_view word) {
    for (const char c : word.substr(word.size() > 8 ? word.size() - 8 : 0)) {
      text = text >> 8 | (c == '?' ? 0 : std::uint64_t{static_cast<unsigned char>(c | 0x20)} << 56);
      mask = mask >> 8 | (c == '?' ? 0 : std::uint64_t{0xff} << 56); // '?' stands for any
    }
  }
  [[nodiscard]] constexpr bool ends(std::uint64_t tail) const noexcept {
    return (tail & mask) == text;
  }
};

// By the last character first: a name is compared with few words, most with none.
bool has_secret_end(std::uint64_t tail) noexcept {
  constexpr Tail kCookie{"cookie"}, kCookie2{"cookie2"}, kToken{"token"}, kTokens{"tokens"},
      kSecret{"secret"};
  constexpr Tail kAuthorization{"authorization"}, kSession{"session"}, kSessionId{"session?id"};
  constexpr Tail kSessionid{"sessionid"}, kApiKey{"api?key"}, kApikey{"apikey"},
      kAccessKey{"access?key"};
  constexpr Tail kAuthKey{"auth?key"}, kSubscriptionKey{"subscription?key"},
      kFunctionsKey{"functions?key"};
  constexpr Tail kAssertion{"assertion"};
  constexpr Tail kPassword{"password"}, kPasswd{"passwd"}, kCsrf{"csrf"}, kXsrf{"xsrf"};
  constexpr Tail kCredential{"credential"}, kCredentials{"credentials"},
      kInfo{"authentication-info"};
  switch (tail >> 56) {
    case 'e':
      return kCookie.ends(tail);
    case '2':
      return kCookie2.ends(tail);
    case 'n':
      return kToken.ends(tail) || kAuthorization.ends(tail) || kSession.ends(tail) ||
             kAssertion.ends(tail);
    case 't':
      return kSecret.ends(tail);
    case 'd':
      return kPassword.ends(tail) || kPasswd.ends(tail) || kSessionId.ends(tail) ||
             kSessionid.ends(tail);
    case 'y':
      return kApiKey.ends(tail) || kApikey.ends(tail) || kAccessKey.ends(tail) ||
             kAuthKey.ends(tail) || kSubscriptionKey.ends(tail) || kFunctionsKey.ends(tail);
    case 's':
      return kTokens.ends(tail) || kCredentials.ends(tail);
    case 'f':
      return kCsrf.ends(tail) || kXsrf.ends(tail);
    case 'l':
      return kCredential.ends(tail);
    case 'o':
      return kInfo.ends(tail);
    default:
      return false;
  }
}

// Which of the 26 letters a text has (and of the other characters, some): what lacks a letter of a
// word does not have the word in it.
constexpr std::uint32_t letters_of(std::string_view text) noexcept {
  std::uint32_t letters = 0;
  for (const char c : text) letters |= 1U << (c & 31);
  return letters;
}

struct Word {
  std::string_view text;
  std::uint32_t letters = 0;
  consteval Word(const char* word) : text(word) { // NOLINT(google-explicit-constructor)
    for (const char c : text) {
      if (c >= 'a' && c <= 'z') letters |= 1U << (c & 31);
    }
  }
};

constexpr std::array<Word, 16> kWords{"token",     "secret",      "passw",      "passphrase",
                                      "pwd",       "api-key",     "apikey",     "access-key",
                                      "accesskey", "private-key", "credential", "signature",
                                      "session",   "csrf",        "xsrf",       "authorization"};
constexpr std::array<std::string_view, 3> kWholeFields{"dpop", "x-auth", "sec-websocket-protocol"};
constexpr std::array<std::string_view, 7> kWholeParameters{"key",  "sig",  "sid", "jwt",
                                                           "pass", "auth", "pwd"};
constexpr std::size_t kShortMost =
    4; // characters of all of them, and fewer than any other word has
// It says whether credentials may be sent, and has none.
constexpr std::string_view kHarmless = "access-control-";

constexpr char plain(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c | 0x20);
  return c == '_' || c == '.' ? '-' : c;
}

bool is_same(std::string_view name, std::string_view word) noexcept {
  return name.size() == word.size() &&
         std::equal(name.begin(), name.end(), word.begin(),
                    [](char a, char b) { return plain(a) == plain(b); });
}

bool has_word(std::string_view name) noexcept {
  const std::uint32_t letters = letters_of(name);
  return std::any_of(kWords.begin(), kWords.end(), [name, letters](const Word& word) {
    if ((letters & word.letters) != word.letters) return false;
    return std::search(name.begin(), name.end(), word.text.begin(), word.text.end(),
                       [](char a, char b) { return plain(a) == b; }) != name.end();
  });
}

bool is_one_of(std::string_view name, std::span<const std::string_view> words) noexcept {
  return std::any_of(words.begin(), words.end(),
                     [name](std::string_view word) { return is_same(name, word); });
}

bool is_added(std::string_view name, const std::vector<std::string>& added) noexcept {
  return std::any_of(added.begin(), added.end(),
                     [name](const std::string& word) { return is_same(name, word); });
}

bool is_harmless(std::string_view name) noexcept {
  return name.size() > kHarmless.size() && is_same(name.substr(0, kHarmless.size()), kHarmless);
}

} // namespace

bool SecretNames::has_doubtful_field(std::string_view name) const noexcept {
  if (has_secret_end(tail_of(name))) return !is_harmless(name);
  const bool has_x = (name[0] | 0x20) == 'x';
  if (has_x && name.size() >= kWordyLeast && has_word(name)) return true;
  for (const std::string_view whole : kWholeFields) {
    if (name.size() == whole.size() && is_same(name, whole)) return true;
  }
  return !fields.empty() && is_added(name, fields);
}

bool SecretNames::has_parameter(std::string_view name) const noexcept {
  if (name.size() <= kShortMost ? is_one_of(name, kWholeParameters) : has_word(name)) return true;
  return !parameters.empty() && is_added(name, parameters);
}

} // namespace xdpcap::publish
