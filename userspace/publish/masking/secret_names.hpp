#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xdpcap::publish {

// The names of fields whose values are secret or addresses, by their last five characters, all of
// them looked at in one go: a bit for each end, in a table for each place. Nearly no other name has
// one of these ends. Case, and what else is not told apart by its lowest five bits, does not count.
class FieldEnds {
 public:
  consteval FieldEnds() {
    for (const std::string_view end :
         {"ookie", "okie2", "token", "okens", "ecret", "ation", "ssion", "on?id",
          "ionid", "i?key", "pikey", "s?key", "h?key", "n?key", "rtion", "sword",
          "asswd", "?csrf", "?xsrf", "ntial", "tials", "-info", "ature", "e?256",
          "?hmac", "?dpop", "?auth", "tocol", "x?otp", "?totp", "x?pin", "x?jwt"})
      secret_ |= add(end);
    for (const std::string_view end :
         {"ferer", "errer", "ation", "fresh", "?link", "??url", "??uri", "rigin"})
      address_ |= add(end);
  }

  // The ends that a name may have; none, for nearly all names.
  using Ends = std::uint64_t;
  [[nodiscard]] constexpr Ends of(std::string_view name) const noexcept {
    if (name.size() < kPlaces) [[unlikely]]
      return of_short(name);
    const char* const end = name.data() + name.size();
    const Ends ends = at(0, end[-1]) & at(1, end[-2]) & at(2, end[-3]);
    return ends == 0 ? ends : ends & at(3, end[-4]) & at(4, end[-5]);
  }
  [[nodiscard]] constexpr bool may_be_secret(Ends ends) const noexcept {
    return (ends & secret_) != 0;
  }
  [[nodiscard]] constexpr bool may_be_address(Ends ends) const noexcept {
    return (ends & address_) != 0;
  }

 private:
  static constexpr std::size_t kPlaces = 5;

  [[nodiscard]] constexpr Ends at(std::size_t place, char c) const noexcept {
    return ends_[place][static_cast<std::size_t>(c & 31)];
  }
  // What is missing in front only '?' stands for.
  [[nodiscard]] constexpr Ends of_short(std::string_view name) const noexcept {
    Ends ends = ~Ends{0};
    for (std::size_t place = 0; place < kPlaces; ++place)
      ends &= at(place, place < name.size() ? name[name.size() - 1 - place] : '\0');
    return ends;
  }
  consteval Ends add(std::string_view end) {
    const Ends bit = Ends{1} << count_++;
    for (std::size_t place = 0; place < kPlaces; ++place) {
      const char c = end[kPlaces - 1 - place];
      for (std::size_t i = 0; i < ends_[place].size(); ++i) {
        if (c == '?' || i == static_cast<std::size_t>(c & 31)) ends_[place][i] |= bit;
      }
    }
    return bit;
  }

  std::array<std::array<Ends, 32>, kPlaces> ends_{};
  Ends secret_ = 0, address_ = 0;
  unsigned count_ = 0;
};
inline constexpr FieldEnds kFieldEnds;

// Which names have values that are secret, whatever their case. Always:
//
//   fields       what ends in authorization, cookie, cookie2, token, tokens, secret, password,
//                passwd, api-key, apikey, access-key, auth-key, subscription-key, functions-key,
//                assertion, credential(s), session, sessionid, session-id, csrf, xsrf,
//                authentication-info, signature, signature-256, hmac; a field that begins with X
//                also where it has one of the words below; X-OTP, X-TOTP, X-PIN, X-JWT, DPoP,
//                X-Auth, Sec-WebSocket-Protocol
//   parameters   (of addresses, forms and command lines) what has one of these words in it,
//                whatever marks divide it: token, secret, passw, passphrase, passcode, pwd, apikey,
//                accesskey, privatekey, signingkey, encryptionkey, masterkey, sharedkey,
//                credential, signature, session, sessid, csrf, xsrf, authorization, assertion,
//                samlre, codeverifier, connectionstring; otp, totp, pin, cvv, cvc, jwt, pass, hmac
//                as a part of the name (user_pin, otpCode); key, sig, sid, auth as the whole name
//   members      (of JSON) both, but `key` alone, which is what JSON calls any name
//
// and what a user adds (--mask, --mask-parameter). Not `code` and `state` of OAuth, which are good
// once, and as words too common: add them where they matter.
struct SecretNames {
  std::vector<std::string> fields, parameters; // added ones, in lower case

  [[nodiscard]] bool has_field(std::string_view name) const noexcept {
    return may_have_field(name) && has_doubtful_field(name);
  }
  [[nodiscard]] bool has_parameter(std::string_view name) const noexcept;
  [[nodiscard]] bool has_member(std::string_view name) const noexcept; // of JSON

  // One look at a name, which most fail: the hot path.
  [[nodiscard]] bool may_have_field(std::string_view name) const noexcept {
    return kFieldEnds.may_be_secret(kFieldEnds.of(name)) || may_have_word(name) || !fields.empty();
  }
  [[nodiscard]] static bool may_have_word(std::string_view name) noexcept {
    return name.size() >= kWordyLeast && (*name.data() | 0x20) == 'x';
  }

 private:
  static constexpr std::size_t kWordyLeast = sizeof "X-token" - 1;

  [[nodiscard]] bool has_doubtful_field(std::string_view name) const noexcept;
};

} // namespace xdpcap::publish
