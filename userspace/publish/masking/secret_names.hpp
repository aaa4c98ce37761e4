#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xdpcap::publish {

// What the last two characters of a field's name say: nearly all fields of a message are neither.
enum FieldEnd : std::uint8_t { kPlainEnd = 0, kSecretEnd = 1, kAddressEnd = 2 };
struct FieldEnds {
  std::array<std::uint8_t, 1024> kinds{};

  static constexpr std::size_t index(char before, char last) noexcept {
    return static_cast<std::size_t>(before & 31) << 5 | static_cast<std::size_t>(last & 31);
  }
  consteval FieldEnds() {
    for (const std::string_view end :
         {"ie", "e2", "en", "on", "et", "rd", "wd", "ey", "ns", "ls", "al", "id",
          "rf", "fo", "op", "ol", "th", "re", "56", "ac", "tp", "wt", "in"}) {
      kinds[index(end[0], end[1])] |= kSecretEnd;
    }
    for (const std::string_view end : {"er", "on", "sh", "nk", "rl", "ri", "in"})
      kinds[index(end[0], end[1])] |= kAddressEnd;
  }
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
    const bool may_have_word = (name[0] | 0x20) == 'x' && name.size() >= kWordyLeast;
    return (end_of(name) & kSecretEnd) != 0 || may_have_word || !fields.empty();
  }
  // Of a name with two characters or more; others are never secret by themselves.
  static std::uint8_t end_of(std::string_view name) noexcept {
    if (name.size() < 2) return kPlainEnd;
    const std::uint8_t kind =
        kFieldEnds.kinds[FieldEnds::index(name[name.size() - 2], name.back())];
    // Connection is in nearly every message. Of the others that end so none has a 'c' there.
    const bool is_connection =
        name.size() >= 5 && (name.back() | 0x20) == 'n' && (name[name.size() - 5] | 0x20) == 'c';
    return kind != kPlainEnd && is_connection ? std::uint8_t{kPlainEnd} : kind;
  }

 private:
  static constexpr std::size_t kWordyLeast = sizeof "X-token" - 1;

  [[nodiscard]] bool has_doubtful_field(std::string_view name) const noexcept;
};

} // namespace xdpcap::publish
