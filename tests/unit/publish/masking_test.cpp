#include "publish/masking/masking.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "publish/masking/masking.hpp"
#include "support.hpp"

namespace xdpcap::publish::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The head of the message as a consumer gets it.
std::string published(TestMessage message, bool reveal = false) {
  Doorbell doorbell;
  BatchLane lane({.normal_batches = 2, .normal_bytes = 16384, .large_batches = 0, .large_bytes = 0},
                 0, doorbell);
  Encoder encoder({.reveal = reveal}, lane);
  encoder.add(message.get(), context());
  encoder.close();
  Takes takes(lane);
  const auto batches = takes.all();
  const schema::HttpMessage& got = *batches.at(0)->messages()->Get(0);
  EXPECT_EQ(got.head()->size(), message.head().size()) << "masking keeps lengths";
  std::string text(codec::text_of(got.head()));
  text += codec::text_of(got.trailer_section());
  text += got.masked() ? "[masked]" : "[as sent]";
  return text;
}

TEST(Masking, TheFourSecretFieldsAreOverwrittenWhateverTheirCase) {
  const std::string head = published(
      TestMessage::request("GET", "/",
                           "Host: a\r\ncOOkie: sesame\r\nAUTHORIZATION: Basic sesame\r\nX: keep\r\n"
                           "Set-Cookie: id=sesame\r\nproxy-authorization: sesame\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("sesame")));
  EXPECT_THAT(head, HasSubstr("cOOkie: ******\r\n"));
  EXPECT_THAT(head, HasSubstr("AUTHORIZATION: ************\r\n"));
  EXPECT_THAT(head, HasSubstr("X: keep\r\n"));
  EXPECT_THAT(head, HasSubstr("[masked]"));
}

TEST(Masking, NamesThatOnlyLookAlikeAreLeftAlone) {
  const std::string lines =
      "Cookies: a\r\nAccept: b\r\nSec-WebSocket-Key: c\r\nAccess-Control-Allow-Credentials: "
      "true\r\nHost: d\r\n"
      "WWW-Authenticate: Basic\r\nAuthor: e\r\nMonkey: f\r\nX-Request-Id: g\r\nKeep-Alive: h\r\nA: "
      "i\r\nOrigin: https://a.example\r\nX-Spinner: j\r\n";
  const std::string head = published(TestMessage::request(
      "GET", "/a?page=2&spin=3&option=4&shipping=5&next=%2Fb%3Fx%3Dy&sort=asc;x=1#top", lines));
  EXPECT_THAT(
      head, HasSubstr("GET /a?page=2&spin=3&option=4&shipping=5&next=%2Fb%3Fx%3Dy&sort=asc;x=1#top "
                      "HTTP/1.1\r\n" +
                      lines));
  EXPECT_THAT(head, HasSubstr("[as sent]"));
}

TEST(Masking, EachFieldThatIsKnownToHoldSecretsIsOverwritten) {
  for (const std::string_view name : {"Authorization",
                                      "Proxy-Authorization",
                                      "Cookie",
                                      "Cookie2",
                                      "Set-Cookie",
                                      "Set-Cookie2",
                                      "X-Api-Key",
                                      "Api-Key",
                                      "ApiKey",
                                      "api_key",
                                      "X-Auth-Token",
                                      "X-Access-Token",
                                      "X-Amz-Security-Token",
                                      "X-Vault-Token",
                                      "Private-Token",
                                      "X-Goog-Api-Key",
                                      "DPoP",
                                      "Authentication-Info",
                                      "Proxy-Authentication-Info",
                                      "X-CSRF-Token",
                                      "X-XSRF-TOKEN",
                                      "Sec-WebSocket-Protocol",
                                      "X-Token-Value",
                                      "X-Client-Secret",
                                      "client_secret",
                                      "X-Session-Id",
                                      "Ocp-Apim-Subscription-Password",
                                      "X-Auth",
                                      "X-Auth-Key",
                                      "Ocp-Apim-Subscription-Key",
                                      "x-functions-key",
                                      "Cf-Access-Jwt-Assertion",
                                      "TOKEN",
                                      "X-Amz-Credential",
                                      "x_secret_thing",
                                      "Stripe-Signature",
                                      "Signature",
                                      "X-Signature",
                                      "X-Hub-Signature",
                                      "X-Hub-Signature-256",
                                      "Hub-Signature-256",
                                      "X-Shopify-Hmac-Sha256",
                                      "X-OTP",
                                      "X-GitHub-OTP",
                                      "JOB-TOKEN"}) {
    std::string line = std::string(name) + ": sesame\r\nX: keep\r\n";
    const std::string head = published(TestMessage::request("GET", "/", line));
    EXPECT_THAT(head, Not(HasSubstr("sesame"))) << name;
    EXPECT_THAT(head, HasSubstr("X: keep\r\n"));
    EXPECT_THAT(published(TestMessage::response(200, "OK").trailers(line)),
                Not(HasSubstr("sesame")))
        << name;
  }
}

TEST(Masking, ParametersOfAddressesAndUsersInThemAreOverwritten) {
  for (const std::string_view address :
       {"/a?access_token=sesame&page=2",
        "/a?page=2&password=sesame",
        "/a?x=1;api_key=sesame&page=2",
        "/a?X-Amz-Signature=sesame&page=2",
        "/a;jsessionid=sesame?page=2",
        "/a?access%5Ftoken=sesame&page=2",
        "/a?page=2#id_token=sesame",
        "/?sig=sesame&page=2",
        "/?key=sesame&page=2",
        "/?PassWord=sesame&page=2",
        "http://user:sesame@example.org/a?page=2",
        "http://sesame@example.org/?page=2",
        "http://u:ses@sesame@example.org/?page=2",
        "/a?otp=sesame&page=2",
        "/a?user_pin=sesame&page=2",
        "/a?TOTP=sesame&page=2",
        "/a?otpCode=sesame&page=2",
        "/a?PHPSESSID=sesame&page=2",
        "/a?SAMLResponse=sesame&page=2",
        "/a?user[password]=sesame&page=2",
        "/a?passwords[]=sesame&page=2",
        "/a?access.token=sesame&page=2",
        "/a?db-pass=sesame&page=2",
        "/a?next=https%3A%2F%2Fb%2F%3Ftoken%3Dsesame&page=2",
        "/a?next=https%3A%2F%2Fb%2F%3Fa%3Db%26token%3Dsesame%26c%3Dd&page=2",
        "/a?next=https%3a%2f%2fb%2f%3ftoken%3dsesame&page=2",
        "/a?next=https%253A%252F%252Fb%252F%253Ftoken%253Dsesame&page=2",
        "/a?next=https%25253A%25252F%25252Fb%25252F%25253Ftoken%25253Dsesame&page=2",
        "/a?next=%2Fb%3Ftoken=sesame&page=2",
        "/a?next=%2Fb%3Ftok%2565n%3Dx%2526sesame&page=2",
        "/a?access%255Ftoken=sesame&page=2",
        "/a?page=2&next=https%3A%2F%2Fu%3Asesame%40b%2F",
        "/r/https%3A%2F%2Fu%3Asesame%40b%2F%3Fx%3Dy?page=2",
        "/r/https%3A%2F%2Fb%2F%3Ftoken%3Dsesame?page=2",
        "/a?state=%7B%22password%22%3A%22x%5C%22sesame%22%7D&page=2"}) {
    const std::string head = published(TestMessage::request("GET", address));
    EXPECT_THAT(head, Not(HasSubstr("sesame"))) << address;
    EXPECT_THAT(head, HasSubstr("page=2")) << address;
    for (const std::string_view name : {"Referer", "Location", "Content-Location", "X-Original-URL",
                                        "Refresh", "Origin", "Access-Control-Allow-Origin"}) {
      const std::string line = std::string(name) + ": " + std::string(address) + "\r\n";
      EXPECT_THAT(published(TestMessage::response(302, "Found", line)), Not(HasSubstr("sesame")))
          << line;
    }
  }
  EXPECT_THAT(published(TestMessage::request("CONNECT", "user:sesame@example.org:443")),
              HasSubstr("CONNECT ***********@example.org:443 "));
}

TEST(Masking, NamesOfOnesOwnAreAdded) {
  const SecretNames names{.fields = {"x-tenant"}, .parameters = {"code"}};
  EXPECT_TRUE(names.has_field("X-Tenant"));
  EXPECT_FALSE(names.has_field("X-Tenants"));
  EXPECT_TRUE(names.has_parameter("CODE"));
  EXPECT_FALSE(SecretNames{}.has_parameter("code"));
  EXPECT_FALSE(SecretNames{}.has_field("X-Tenant"));
}

// Arguments are written with | between them.
std::string masked_command(std::string text) {
  std::replace(text.begin(), text.end(), '|', '\0');
  mask_arguments(text, {});
  std::replace(text.begin(), text.end(), '\0', '|');
  return text;
}

TEST(Masking, CommandLinesKeepNoSecrets) {
  for (const char* command : {"curl|-s|-H|Authorization: Bearer sesame|-o|/dev/null",
                              "curl|-HX-Api-Key: sesame|http://a/",
                              "curl|--header=Cookie: a=sesame; b=sesame|http://a/",
                              "curl|-u|user:sesame|http://a/",
                              "curl|-uuser:sesame|http://a/",
                              "curl|--user=user:sesame",
                              "curl|--proxy-user|me:sesame",
                              "mysql|--password=sesame|db",
                              "mysql|-psesame|db",
                              "/usr/bin/mysqldump|-psesame",
                              "sshpass|-p|sesame|ssh|host",
                              "redis-cli|-a|sesame|ping",
                              "/usr/bin/mongosh|-u|me|-p|sesame",
                              "ldapsearch|-D|cn=me|-w|sesame",
                              "sqlcmd|-U|me|-P|sesame",
                              "tool|--password|sesame|--verbose",
                              "tool|--db-password|sesame",
                              "tool|-token|sesame",
                              "tool|--api-key=sesame",
                              "psql|postgresql://user:sesame@host/db",
                              "git|clone|https://sesame@github.com/a/b",
                              "env|GITHUB_TOKEN=sesame|make",
                              "sh|-c|PGPASSWORD=sesame psql",
                              "curl|-d|user=a&password=sesame|http://a/",
                              "curl|-d|{\"password\": \"sesame\"}",
                              "curl|http://a/?access_token=sesame",
                              "java|-Dspring.password=sesame",
                              "http|Authorization:Bearer sesame",
                              "nginx: worker --secret=sesame"}) {
    EXPECT_THAT(masked_command(command), Not(HasSubstr("sesame"))) << command;
  }
  for (const char* command :
       {"nginx: worker process", "docker|run|-p|80:80|nginx", "mysql|-u|root|db",
        "python3|-m|http.server|8080", "ssh|user@host", "curl|http://a/?page=2|-o|x"}) {
    EXPECT_EQ(masked_command(command), command);
  }
}

TEST(Masking, RevealLeavesThemAsTheyWere) {
  EXPECT_THAT(published(TestMessage::request("GET", "/", "Cookie: sesame\r\n"), true),
              HasSubstr("Cookie: sesame"));
}

TEST(Masking, AFoldedValueIsOverwrittenWhole) {
  const std::string head = published(
      TestMessage::request("GET", "/", "Cookie: sesame\r\n\tsesame=2\r\n  sesame=3\r\nX: y\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("sesame")));
  EXPECT_THAT(head, HasSubstr("X: y\r\n"));
}

TEST(Masking, TrailersAreMaskedToo) {
  const std::string head =
      published(TestMessage::response(200, "OK").trailers("Set-Cookie: sesame\r\n"));
  EXPECT_THAT(head, HasSubstr("Set-Cookie: ******"));
}

// Where spans cannot be trusted every line that anybody could read as a secret's goes.
TEST(Masking, InMalformedHeadsLinesAreMaskedThatNoSpanDescribes) {
  for (const std::string_view line :
       {"Cookie : sesame", " Cookie: sesame", "Cookie sesame", "Cookie\t: sesame",
        "x\nCookie: sesame", "x\rcookie:sesame", "Authorization:\n sesame\n\tsesame"}) {
    auto message = TestMessage::request("GET", "/").flagged(http::Anomaly::bad_field_name);
    auto with_line =
        TestMessage::request("GET", std::string("/ HTTP/1.1\r\n") + std::string(line) + "\r\nX: y")
            .flagged(http::Anomaly::bad_field_name);
    const std::string head = published(with_line);
    EXPECT_THAT(head, Not(HasSubstr("sesame"))) << line;
    EXPECT_THAT(head, HasSubstr("X: y")) << line;
  }
}

TEST(Masking, AnUnfinishedHeadIsMaskedUpToItsLastByte) {
  auto message = TestMessage::request("GET", "/ HTTP/1.1\r\nAuthorization: Basic ses")
                     .incomplete(http::End::fin);
  EXPECT_THAT(published(message), Not(HasSubstr("ses")));
}

} // namespace
} // namespace xdpcap::publish::test
