#include "publish/masking/secret_names.hpp"

#include <algorithm>
#include <array>
#include <bit>
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
  constexpr Tail kSignature{"signature"}, kSignature256{"signature?256"}, kHmac{"hmac"};
  switch (tail >> 56) {
    case 'e':
      return kCookie.ends(tail) || kSignature.ends(tail);
    case '6':
      return kSignature256.ends(tail);
    case 'c':
      return kHmac.ends(tail);
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

// A word, and three letters in it that few other names have.
struct SecretWord {
  std::string_view text, rare;
  consteval SecretWord(std::string_view word, std::string_view letters)
      : text(word), rare(letters) {
    if (rare.size() != 3 || text.find(rare) == std::string_view::npos) throw "not of the word";
  }
};

constexpr std::array kWords{
    SecretWord{"token", "oke"},         SecretWord{"secret", "ecr"},
    SecretWord{"passw", "ssw"},         SecretWord{"passphrase", "ssp"},
    SecretWord{"passcode", "ssc"},      SecretWord{"pwd", "pwd"},
    SecretWord{"apikey", "pik"},        SecretWord{"accesskey", "ssk"},
    SecretWord{"privatekey", "tek"},    SecretWord{"signingkey", "gke"},
    SecretWord{"masterkey", "rke"},     SecretWord{"sharedkey", "dke"},
    SecretWord{"encryptionkey", "nke"}, SecretWord{"credential", "red"},
    SecretWord{"signature", "gna"},     SecretWord{"session", "ess"},
    SecretWord{"sessid", "ess"},        SecretWord{"csrf", "csr"},
    SecretWord{"xsrf", "xsr"},          SecretWord{"authorization", "riz"},
    SecretWord{"assertion", "sse"},     SecretWord{"samlre", "mlr"},
    SecretWord{"codeverifier", "rif"},  SecretWord{"connectionstring", "nst"}};
constexpr std::array kNameParts{SecretWord{"otp", "otp"},  SecretWord{"totp", "tot"},
                                SecretWord{"pin", "pin"},  SecretWord{"cvv", "cvv"},
                                SecretWord{"cvc", "cvc"},  SecretWord{"jwt", "jwt"},
                                SecretWord{"pass", "ass"}, SecretWord{"hmac", "mac"}};
constexpr std::array<std::string_view, 7> kWholeFields{
    "dpop", "x-auth", "sec-websocket-protocol", "x-otp", "x-totp", "x-pin", "x-jwt"};

// Whole names of up to four characters, in lower case, as one number each.
constexpr std::uint32_t number_of(std::string_view name) noexcept {
  std::uint32_t number = 0;
  for (const char c : name) number = number << 8 | static_cast<unsigned char>(c | 0x20);
  return number;
}
constexpr std::size_t kShortMost = sizeof(std::uint32_t);
constexpr std::array<std::uint32_t, 13> kShortParameters{
    number_of("key"),  number_of("sig"),  number_of("sid"), number_of("auth"), number_of("pwd"),
    number_of("otp"),  number_of("pin"),  number_of("cvv"), number_of("cvc"),  number_of("jwt"),
    number_of("totp"), number_of("pass"), number_of("hmac")};

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

constexpr bool is_lower(char c) noexcept {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_upper(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_letter(char c) noexcept {
  return is_lower(static_cast<char>(c | 0x20));
}

// A part of a name lies between marks, digits, and where small letters become large.
bool is_part(std::string_view name, std::size_t begin, std::size_t end) noexcept {
  const auto is_border = [name](std::size_t at) {
    if (at == 0 || at == name.size()) return true;
    const char before = name[at - 1], behind = name[at];
    return !is_letter(before) || !is_letter(behind) || (is_lower(before) && is_upper(behind));
  };
  return is_border(begin) && is_border(end);
}

// Looks for the rare letters of all words at once: a bit for each word, those of `kNameParts`
// behind those of `kWords`.
class RareLetters {
 public:
  consteval RareLetters() {
    for (const SecretWord& word : kWords) add(word.rare);
    for (const SecretWord& part : kNameParts) add(part.rare);
  }
  // The words whose rare letters are in a name, whatever is between them that is no letter.
  [[nodiscard]] std::uint32_t in(std::string_view name) const noexcept {
    std::uint32_t found = 0;
    std::uint64_t begun = 0; // one letter is there in the lower half, two are in the upper one
    for (const char c : name) {
      if (!is_letter(c)) continue;
      const auto letter = static_cast<std::size_t>(c & 31);
      found |= static_cast<std::uint32_t>(begun >> 32) & third_[letter];
      begun = (begun << 32 | 0xffffffff) & first_two_[letter];
    }
    return found;
  }

 private:
  static_assert(kWords.size() + kNameParts.size() <= 32);
  consteval void add(std::string_view rare) {
    first_two_[static_cast<std::size_t>(rare[0] & 31)] |= std::uint64_t{1} << count_;
    first_two_[static_cast<std::size_t>(rare[1] & 31)] |= std::uint64_t{1} << (32 + count_);
    third_[static_cast<std::size_t>(rare[2] & 31)] |= std::uint32_t{1} << count_++;
  }

  std::array<std::uint64_t, 32> first_two_{};
  std::array<std::uint32_t, 32> third_{};
  unsigned count_ = 0;
};
constexpr RareLetters kRareLetters;

bool has_part(std::string_view name, std::string_view part) noexcept {
  for (std::size_t at = 0; at + part.size() <= name.size(); ++at) {
    const std::string_view there = name.substr(at, part.size());
    if (std::equal(there.begin(), there.end(), part.begin(),
                   [](char a, char b) { return plain(a) == b; }) &&
        is_part(name, at, at + part.size()))
      return true;
  }
  return false;
}

// Whether the word is there, marks between its letters being nothing.
bool has_word(std::string_view name, std::string_view word) noexcept {
  for (std::size_t begin = 0; begin < name.size(); ++begin) {
    std::size_t fits = 0;
    for (std::size_t at = begin; at < name.size() && fits < word.size(); ++at) {
      if (!is_letter(name[at]) && at != begin) continue;
      if (plain(name[at]) != word[fits]) break;
      ++fits;
    }
    if (fits == word.size()) return true;
  }
  return false;
}

bool has_word(std::string_view name) noexcept {
  for (std::uint32_t candidates = kRareLetters.in(name); candidates != 0;
       candidates &= candidates - 1) {
    const auto word = static_cast<std::size_t>(std::countr_zero(candidates));
    const bool is_there = word < kWords.size()
                              ? has_word(name, kWords[word].text)
                              : has_part(name, kNameParts[word - kWords.size()].text);
    if (is_there) return true;
  }
  return false;
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
  if (may_have_word(name) && has_word(name)) return true;
  for (const std::string_view whole : kWholeFields) {
    if (name.size() == whole.size() && is_same(name, whole)) return true;
  }
  return !fields.empty() && is_added(name, fields);
}

bool SecretNames::has_parameter(std::string_view name) const noexcept {
  if (name.empty()) return false;
  if (name.size() > kShortMost) {
    if (has_word(name)) return true;
  } else {
    const std::uint32_t number = number_of(name);
    std::uint32_t is_short = 0;
    for (const std::uint32_t known : kShortParameters) is_short |= number == known ? 1U : 0U;
    if (is_short != 0) return true;
  }
  return !parameters.empty() && is_added(name, parameters);
}

bool SecretNames::has_member(std::string_view name) const noexcept {
  if (name.empty()) return false;
  if (is_same(name, "key")) return is_added(name, parameters) || is_added(name, fields);
  return has_parameter(name) || has_field(name);
}

} // namespace xdpcap::publish
