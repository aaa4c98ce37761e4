#include "publish/masking/secret_names.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>

namespace xdpcap::publish {
namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// A look at a few characters lets most names go: it must let go no secret one.
TEST(SecretNames, AFieldIsKnownByItsEndWhateverStandsBeforeIt) {
  for (const std::string end : {"authorization", "cookie",
                                "cookie2",       "token",
                                "tokens",        "secret",
                                "password",      "passwd",
                                "api-key",       "apikey",
                                "access-key",    "subscription-key",
                                "functions-key", "auth_key",
                                "assertion",     "credential",
                                "credentials",   "session",
                                "sessionid",     "session-id",
                                "csrf",          "xsrf",
                                "signature",     "signature-256",
                                "hmac",          "authentication-info"}) {
    for (std::size_t before = 0; before < 10; ++before) {
      const std::string name = std::string(before, 'q') + end;
      EXPECT_TRUE(SecretNames{}.has_field(name)) << name;
      EXPECT_TRUE(SecretNames{}.has_field(upper(name))) << name;
      EXPECT_FALSE(SecretNames{}.has_field(name + "q")) << name;
    }
  }
  for (const char mark : {'-', '_', '.'}) {
    for (std::string name : {"X-Auth", "X-OTP", "X-TOTP", "X-PIN", "x-jwt"}) {
      name[1] = mark;
      EXPECT_TRUE(SecretNames{}.has_field(name)) << name;
    }
  }
}

TEST(SecretNames, AWordIsFoundWhereverItStandsAndWhateverDividesIt) {
  for (const std::string word : {"token",      "secret",     "passw",         "passphrase",
                                 "passcode",   "pwd",        "apikey",        "accesskey",
                                 "privatekey", "signingkey", "encryptionkey", "masterkey",
                                 "sharedkey",  "credential", "signature",     "session",
                                 "sessid",     "csrf",       "xsrf",          "authorization",
                                 "assertion",  "samlre",     "codeverifier",  "connectionstring"}) {
    for (std::size_t mark = 1; mark <= word.size(); ++mark) {
      const std::string divided = word.substr(0, mark) + "-" + word.substr(mark);
      for (const std::string& name : {"X-" + divided, "x-qq" + divided + "qq", "X" + divided}) {
        EXPECT_TRUE(SecretNames{}.has_field(name + "qqqq")) << name;
        EXPECT_TRUE(SecretNames{}.has_field(upper(name) + "qqqq")) << name;
        EXPECT_TRUE(SecretNames{}.has_parameter(name)) << name;
      }
      const std::string broken = word.substr(0, mark - 1) + "q" + word.substr(mark);
      EXPECT_FALSE(SecretNames{}.has_parameter("q-" + broken)) << broken;
    }
  }
  for (const std::string part : {"otp", "totp", "pin", "cvv", "cvc", "jwt", "pass", "hmac"}) {
    EXPECT_TRUE(SecretNames{}.has_parameter("user_" + part)) << part;
    EXPECT_TRUE(SecretNames{}.has_parameter(part + "Code")) << part;
    EXPECT_FALSE(SecretNames{}.has_parameter("qq" + part + "qq")) << part;
  }
}

} // namespace
} // namespace xdpcap::publish
