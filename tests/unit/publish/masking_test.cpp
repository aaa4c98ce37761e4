#include "publish/masking.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.hpp"

namespace xdpcap::publish::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The head of the message as a consumer gets it.
std::string published(TestMessage message, bool reveal = false) {
  Doorbell doorbell;
  BatchLane lane({.normal_batches = 2, .normal_bytes = 16384, .large_batches = 0, .large_bytes = 0}, 0, doorbell);
  Encoder encoder({.reveal = reveal}, lane);
  encoder.add(message.get(), context());
  encoder.close();
  Takes takes(lane);
  const auto batches = takes.all();
  const schema::HttpMessage& got = *batches.at(0)->messages()->Get(0);
  EXPECT_EQ(got.head()->size(), message.head().size()) << "masking keeps lengths";
  std::string text(text_of(got.head()));
  text += text_of(got.trailer_section());
  text += got.masked() ? "[masked]" : "[as sent]";
  return text;
}

TEST(Masking, TheFourSecretFieldsAreOverwrittenWhateverTheirCase) {
  const std::string head =
      published(TestMessage::request("GET", "/",
                                     "Host: a\r\ncOOkie: sesame\r\nAUTHORIZATION: Basic sesame\r\nX: keep\r\n"
                                     "Set-Cookie: id=sesame\r\nproxy-authorization: sesame\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("sesame")));
  EXPECT_THAT(head, HasSubstr("cOOkie: ******\r\n"));
  EXPECT_THAT(head, HasSubstr("AUTHORIZATION: ************\r\n"));
  EXPECT_THAT(head, HasSubstr("X: keep\r\n"));
  EXPECT_THAT(head, HasSubstr("[masked]"));
}

TEST(Masking, NamesThatOnlyLookAlikeAreLeftAlone) {
  const std::string head = published(TestMessage::request("GET", "/", "Cookies: a\r\nX-Authorization: b\r\n"));
  EXPECT_THAT(head, HasSubstr("Cookies: a\r\nX-Authorization: b\r\n"));
  EXPECT_THAT(head, HasSubstr("[as sent]"));
}

TEST(Masking, RevealLeavesThemAsTheyWere) {
  EXPECT_THAT(published(TestMessage::request("GET", "/", "Cookie: sesame\r\n"), true), HasSubstr("Cookie: sesame"));
}

TEST(Masking, AFoldedValueIsOverwrittenWhole) {
  const std::string head =
      published(TestMessage::request("GET", "/", "Cookie: sesame\r\n\tsesame=2\r\n  sesame=3\r\nX: y\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("sesame")));
  EXPECT_THAT(head, HasSubstr("X: y\r\n"));
}

TEST(Masking, TrailersAreMaskedToo) {
  const std::string head = published(TestMessage::response(200, "OK").trailers("Set-Cookie: sesame\r\n"));
  EXPECT_THAT(head, HasSubstr("Set-Cookie: ******"));
}

// Where spans cannot be trusted every line that anybody could read as a secret's goes.
TEST(Masking, InMalformedHeadsLinesAreMaskedThatNoSpanDescribes) {
  for (const std::string_view line : {"Cookie : sesame", " Cookie: sesame", "Cookie sesame", "Cookie\t: sesame",
                                      "x\nCookie: sesame", "x\rcookie:sesame", "Authorization:\n sesame\n\tsesame"}) {
    auto message = TestMessage::request("GET", "/").flagged(http::Anomaly::bad_field_name);
    auto with_line = TestMessage::request("GET", std::string("/ HTTP/1.1\r\n") + std::string(line) + "\r\nX: y")
                         .flagged(http::Anomaly::bad_field_name);
    const std::string head = published(with_line);
    EXPECT_THAT(head, Not(HasSubstr("sesame"))) << line;
    EXPECT_THAT(head, HasSubstr("X: y")) << line;
  }
}

TEST(Masking, AnUnfinishedHeadIsMaskedUpToItsLastByte) {
  auto message = TestMessage::request("GET", "/ HTTP/1.1\r\nAuthorization: Basic ses").incomplete(http::End::fin);
  EXPECT_THAT(published(message), Not(HasSubstr("ses")));
}

} // namespace
} // namespace xdpcap::publish::test
