#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "support.hpp"

namespace xdpcap::publish::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Published {
  std::string body;
  bool masked = false;
};

// A body as a consumer gets it.
Published published(TestMessage message, EncoderOptions options = {}) {
  Doorbell doorbell;
  BatchLane lane({.normal_batches = 2, .normal_bytes = 65536, .large_batches = 0, .large_bytes = 0},
                 0, doorbell);
  Encoder encoder(std::move(options), lane);
  encoder.add(message.get(), context());
  encoder.close();
  Takes takes(lane);
  const auto batches = takes.all();
  const schema::HttpMessage& got = *batches.at(0)->messages()->Get(0);
  return {std::string(codec::text_of(got.body())), got.masked()};
}

TestMessage request(std::string_view type, std::string_view body, std::string_view fields = "") {
  const std::string type_line = type.empty() ? "" : "Content-Type: " + std::string(type) + "\r\n";
  return TestMessage::request("POST", "/", type_line + std::string(fields)).body(body);
}
TestMessage response(std::string_view type, std::string_view body, std::string_view fields = "") {
  return TestMessage::response(200, "OK",
                               "Content-Type: " + std::string(type) + "\r\n" + std::string(fields))
      .body(body);
}

std::string masked_json(std::string_view text) {
  const Published got = published(request("application/json", text));
  EXPECT_EQ(got.body.size(), text.size()) << "masking keeps lengths";
  EXPECT_EQ(got.masked, got.body != text) << text;
  return got.body;
}

std::string stars(std::string_view text) {
  return std::string(text.size(), '*');
}

TEST(MaskingBody, OfFormsTheSecretParametersGoInBothDirections) {
  constexpr std::string_view kType = "application/X-WWW-form-urlencoded; charset=utf-8";
  constexpr std::string_view kForm = "client_secret=sesame&grant=x&user%5Bpassword%5D=sesame&y=";
  constexpr std::string_view kMasked = "client_secret=******&grant=x&user%5Bpassword%5D=******&y=";
  EXPECT_EQ(published(request(kType, kForm)).body, kMasked);
  EXPECT_EQ(published(response(kType, kForm)).body, kMasked);
  EXPECT_TRUE(published(request(kType, kForm)).masked);
  EXPECT_EQ(published(request("", kForm)).body, kMasked) << "a request without a type";
  EXPECT_EQ(published(request(kType, "password=")).body, "password=");
  // Slack posts JSON like this.
  EXPECT_EQ(
      published(request(kType, "a=b&payload=%7B%22token%22%3A%22ses%5C%22ame%22%7D&x=y")).body,
      "a=b&payload=%7B%22token%22%3A%22************%22%7D&x=y");
}

TEST(MaskingBody, OfJsonSecretMembersGoAtAnyDepthAndItStaysJson) {
  EXPECT_EQ(masked_json(R"({"user":"a","password":"sesame","x":1})"),
            R"({"user":"a","password":"******","x":1})");
  EXPECT_EQ(masked_json(R"({"a":[{"b":{"accessToken" : "sesame"}}],"c":"d"})"),
            R"({"a":[{"b":{"accessToken" : "******"}}],"c":"d"})");
  EXPECT_EQ(masked_json(R"({"pin":1234,"otp":12,"cvv":7,"b":[1,2]})"),
            R"({"pin":"**","otp":"","cvv":0,"b":[1,2]})");
  EXPECT_EQ(masked_json(R"({"password":"a\"ses\\","x":"y"})"),
            R"({"password":"********","x":"y"})");
  EXPECT_EQ(masked_json(R"({"password":null,"token":true,"session":false})"),
            R"({"password":null,"token":true,"session":false})");
  EXPECT_EQ(masked_json(R"({"tokens":["sesame",{"a":"sesame"},[12345]],"x":"y"})"),
            R"({"tokens":["******",{"a":"******"},["***"]],"x":"y"})");
  EXPECT_EQ(masked_json(R"({"pass\u0077ord":"sesame","x":"y"})"),
            R"({"pass\u0077ord":"******","x":"y"})");
  EXPECT_EQ(masked_json("{\n  \"client_secret\" :\n\t\"sesame\"\n}"),
            "{\n  \"client_secret\" :\n\t\"******\"\n}");
}

TEST(MaskingBody, OfJsonNothingElseIsTouched) {
  for (const std::string_view text :
       {R"({"key":"color","value":"red"})", R"({"max_tokens":4096,"usage":{"prompt_tokens":12}})",
        R"({"passenger":"a","author":"b","keyboard":"c","spin":1,"option":"d","monkey":"e"})",
        R"({"url":"https://a.example/b?c=d#e","at":"2026-11-27T10:20:30Z"})", R"([1,2,"a"])",
        R"("password")", R"({"type":"password","name":"token"})", "{}", "[]", "null", ""}) {
    EXPECT_EQ(masked_json(text), text);
  }
}

// What lies within a string of JSON, in whatever way it is escaped there.
TEST(MaskingBody, SecretsInStringsOfJsonGoToo) {
  EXPECT_EQ(masked_json(R"({"body":"{\"password\":\"ses\\\"ame\",\"a\":\"b\"}","x":"y"})"),
            R"({"body":"{\"password\":\"**********\",\"a\":\"b\"}","x":"y"})");
  EXPECT_EQ(masked_json(R"({"b":"{\"c\":\"{\\\"token\\\":\\\"sesame\\\"}\"}","x":"y"})"),
            R"({"b":"{\"c\":\"{\\\"token\\\":\\\"******\\\"}\"}","x":"y"})");
  EXPECT_EQ(masked_json(R"({"b":"{\"tokens\":[\"sesame\",\"sesame\"]}","x":"y"})"),
            R"({"b":"{\"tokens\":[\"******\",\"******\"]}","x":"y"})");
  EXPECT_EQ(masked_json(R"({"url":"https://u:sesame@a/?token=sesame&b=c","x":"y"})"),
            R"({"url":"https://********@a/?token=******&b=c","x":"y"})");
  EXPECT_EQ(masked_json(R"({"url":"https:\/\/u:sesame@a\/?token\u003dsesame\u0026b=c"})"),
            R"({"url":"https:\/\/********@a\/?token\u003d******\u0026b=c"})");
  EXPECT_EQ(
      masked_json(R"({"query":"mutation { login(user: \"a\", password: \"sesame\") { id } }"})"),
      R"({"query":"mutation { login(user: \"a\", password: \"******\") { id } }"})");
  EXPECT_EQ(masked_json(R"({"log":"Authorization: Bearer sesame\nX: y"})"),
            R"({"log":"Authorization: *************\nX: y"})");
}

// Cut, broken or wrapped: a name that can be read has no value that can.
TEST(MaskingBody, JsonThatIsNoneHidesNothing) {
  for (const std::string_view text :
       {R"({"password":"sesa)", R"({"password":"sesame)", R"({"a":"b","token":["sesame)",
        R"({"a":"broken, "password":"sesame"})", "{\"a\":\"broken\n{\"password\":\"sesame\"}",
        R"({'password':'sesame'})", R"({password: sesame, "x": 1})", R"({"password": sesame})",
        R"(}}]]{"password":"sesame"})", R"({"token":{"a":"sesame")",
        "{\"a\":1}\n{\"token\":\"sesame\"}\n", R"(callback({"token":"sesame"}))",
        ")]}',\n{\"token\":\"sesame\"}", "data: {\"delta\":{\"token\":\"sesame\"}}\n\n",
        "\xef\xbb\xbf{\"token\":\"sesame\"}", R"({"password":"\)", R"({"password":"ses\u00)",
        R"({"token":"password":"sesame"})", R"({"x":"%2","password":"%sesame%"})"}) {
    EXPECT_THAT(masked_json(text), Not(HasSubstr("sesa"))) << text;
    EXPECT_THAT(masked_json(text), Not(HasSubstr("ses\\u"))) << text;
  }
}

TEST(MaskingBody, EachEndOfACutBodyIsMasked) {
  const std::string text =
      R"({"a":"{\"password\":\"sesame\"}","tokens":[{"b":"sesame"},12345678]})";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string got = masked_json(text.substr(0, size));
    EXPECT_THAT(got, Not(HasSubstr("ses"))) << size;
    EXPECT_THAT(got, Not(HasSubstr("123"))) << size;
  }
}

TEST(MaskingBody, JsonIsKnownByItsTypeOrByHowItBegins) {
  constexpr std::string_view kText = R"( {"token":"sesame"})";
  for (const std::string_view type :
       {"application/json; charset=utf-8", "application/vnd.api+json", "text/JSON",
        "application/x-ndjson", "text/plain", "application/octet-stream"}) {
    EXPECT_THAT(published(request(type, kText)).body, Not(HasSubstr("sesame"))) << type;
    EXPECT_THAT(published(response(type, kText)).body, Not(HasSubstr("sesame"))) << type;
  }
  EXPECT_THAT(published(request("", kText)).body, Not(HasSubstr("sesame")));
  EXPECT_EQ(published(response("text/html", "<a href='?token=x'>")).body, "<a href='?token=x'>");
}

// No input makes it slow or deep: a quadratic look at any of these would not end.
TEST(MaskingBody, HostileTextTakesLinearTime) {
  for (const std::string_view unit :
       {"[",     "{\"a\":",        "\\", "\"",          "\\\"", "%25",       "%",
        "token", "token:",         "a:", "\"token\":[", "://",  "://@",      "token={",
        ":   ",  "\"token\":\"\\", "'",  "\\u0041",     "%22a", "t-o-k-e-n-"}) {
    std::string text = "{";
    while (text.size() < (1U << 18)) text += unit;
    Doorbell doorbell;
    BatchLane lane(
        {.normal_batches = 2, .normal_bytes = 1 << 20, .large_batches = 0, .large_bytes = 0}, 0,
        doorbell);
    Encoder encoder({}, lane);
    auto message = request("application/json", text);
    encoder.add(message.get(), context());
    encoder.close();
    EXPECT_EQ(encoder.counters().get(EncoderCount::messages_published), 1u) << unit;
  }
}

std::string part(std::string_view fields, std::string_view content) {
  return "--bound\r\n" + std::string(fields) + "\r\n\r\n" + std::string(content) + "\r\n";
}
std::string named(std::string_view name) {
  return "Content-Disposition: form-data; name=" + std::string(name);
}
std::string masked_parts(const std::string& body,
                         std::string_view type = "multipart/form-data; boundary=bound") {
  return published(request(type, body)).body;
}

TEST(MaskingBody, OfMultipartThePartsOfSecretNamesGo) {
  EXPECT_EQ(masked_parts(part(named("\"user\""), "a") + part(named("\"password\""), "ses\r\name") +
                         part(named("\"b\""), "c") + "--bound--\r\n"),
            part(named("\"user\""), "a") + part(named("\"password\""), "********") +
                part(named("\"b\""), "c") + "--bound--\r\n");
  for (const std::string_view fields :
       {"content-disposition:form-data;name=token",
        "Content-Disposition: form-data; name = \"token\"",
        "Content-Disposition: form-data; filename=\"name=x; a\"; name=\"token\"",
        "Content-Disposition: form-data; name=\"a\"; name=\"token\"",
        "Content-Disposition: form-data; name*=UTF-8''to%6Ben",
        "Content-Type: text/plain\r\nContent-Disposition: form-data;\r\n name=\"token\"",
        "Content-Disposition: form-data; name=\"to%6ben\"; filename=\"x\""}) {
    EXPECT_THAT(masked_parts(part(fields, "sesame") + "--bound--"), Not(HasSubstr("sesame")))
        << fields;
  }
  EXPECT_THAT(masked_parts(part(named("\"a\""), R"({"token":"sesame"})") + "--bound--"),
              Not(HasSubstr("sesame")));
  EXPECT_THAT(masked_parts(part(named("\"a\""), "token=keep") + "--bound--"), HasSubstr("keep"));
  EXPECT_THAT(masked_parts(part("Content-Disposition: form-data; name=a; filename=token", "keep")),
              HasSubstr("keep"));
}

TEST(MaskingBody, MultipartThatIsCutOrWrongHidesNothing) {
  const std::string body = part(named("\"a\""), "b") + part(named("\"password\""), "sesame");
  for (std::size_t size = 0; size <= body.size(); ++size)
    EXPECT_THAT(masked_parts(body.substr(0, size)), Not(HasSubstr("ses"))) << size;
  for (const std::string_view type :
       {"multipart/form-data", "multipart/form-data; boundary=other",
        "multipart/form-data; boundary=",
        "multipart/mixed; a=\"b;boundary=other\"; boundary=\"bound\""}) {
    EXPECT_THAT(masked_parts(body, type), Not(HasSubstr("sesame"))) << type;
  }
  std::string bare = body;
  bare.erase(std::remove(bare.begin(), bare.end(), '\r'), bare.end());
  EXPECT_THAT(masked_parts(bare), Not(HasSubstr("sesame")));
}

TEST(MaskingBody, BehindAGapAllGoes) {
  const std::string text = R"({"a":"keep","b":")";
  for (const std::string_view type : {"application/json", "application/x-www-form-urlencoded"}) {
    auto message = request(type, text + R"(sesame"})");
    message.gap(text.size(), 100, GapCause::network);
    EXPECT_EQ(published(std::move(message)).body, text + stars(R"(sesame"})")) << type;
  }
}

// What is compressed cannot be masked in place.
TEST(MaskingBody, CompressedBodiesThatMayHoldSecretsAreWithheld) {
  constexpr std::string_view kBytes = "\x1f\x8b\x08 compressed";
  const auto is_withheld = [&](TestMessage message) {
    const Published got = published(std::move(message));
    EXPECT_EQ(got.masked, got.body == stars(kBytes));
    return got.masked;
  };
  for (const std::string_view type : {"application/json", "application/x-www-form-urlencoded",
                                      "multipart/form-data; boundary=b"}) {
    EXPECT_TRUE(is_withheld(request(type, kBytes, "Content-Encoding: gzip\r\n"))) << type;
    EXPECT_TRUE(is_withheld(request(type, kBytes, "Content-encoding: identity, br\r\n"))) << type;
    EXPECT_TRUE(is_withheld(request(type, kBytes, "Transfer-Encoding: gzip, chunked\r\n"))) << type;
    EXPECT_TRUE(is_withheld(request(type, kBytes))) << type << ", no field says so";
    EXPECT_FALSE(is_withheld(response(type, kBytes, "Content-Encoding: gzip\r\n"))) << type;
    EXPECT_TRUE(is_withheld(
        response(type, kBytes, "Content-Encoding: gzip\r\nCache-Control: private, No-Store\r\n")));
    EXPECT_TRUE(
        is_withheld(response(type, kBytes, "Content-Encoding: br\r\nSet-Cookie: id=sesame\r\n")));
  }
  EXPECT_TRUE(is_withheld(request("", kBytes, "Content-Encoding: zstd\r\n")));
  EXPECT_FALSE(is_withheld(request("image/png", kBytes, "Content-Encoding: gzip\r\n")));
  EXPECT_EQ(published(request("application/json", R"({"a":1,"token":"x"})",
                              "Content-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"))
                .body,
            R"({"a":1,"token":"*"})");
}

TEST(MaskingBody, NamesOfOnesOwnCountAndRevealShowsAll) {
  const auto code = [] {
    return request("application/json", R"({"code":"sesame","key":"sesame"})");
  };
  EXPECT_FALSE(published(code()).masked);
  EXPECT_EQ(published(code(), {.secrets = {.fields = {}, .parameters = {"code", "key"}}}).body,
            R"({"code":"******","key":"******"})");
  EXPECT_EQ(published(request("application/json", R"({"token":"sesame"})"), {.reveal = true}).body,
            R"({"token":"sesame"})");
  EXPECT_EQ(published(request("application/json", "\x1f\x8b", "Content-Encoding: gzip\r\n"),
                      {.reveal = true})
                .body,
            "\x1f\x8b");
}

} // namespace
} // namespace xdpcap::publish::test
