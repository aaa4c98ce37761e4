#include "consume/content.hpp"

#include <brotli/encode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>

namespace xdpcap::consume {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kGzip = 15 + 16, kZlib = 15, kRaw = -15;
constexpr std::size_t kPlenty = 4 << 20;

std::string deflated(std::string_view text, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(::deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(::deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  ::deflateEnd(&stream);
  return out;
}
std::string brotli(std::string_view text) {
  std::size_t size = ::BrotliEncoderMaxCompressedSize(text.size()) + 64;
  std::string out(size, '\0');
  EXPECT_EQ(::BrotliEncoderCompress(5, 22, BROTLI_MODE_TEXT, text.size(),
                                    reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                                    reinterpret_cast<std::uint8_t*>(out.data())),
            BROTLI_TRUE);
  out.resize(size);
  return out;
}
std::string zstd(std::string_view text) {
  std::string out(::ZSTD_compressBound(text.size()), '\0');
  out.resize(::ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}
std::string coded(std::string_view text, const std::string& coding) {
  if (coding == "br") return brotli(text);
  if (coding == "zstd") return zstd(text);
  return deflated(text, coding == "deflate" ? kZlib : kGzip);
}

// Words, so that it can be compressed, but not to nothing.
std::string prose(std::size_t bytes) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < bytes) text += "word" + std::to_string(random() % 5000) + ' ';
  text.resize(bytes);
  return text;
}

TEST(Content, EveryCodingThatServersSendIsUndone) {
  const std::string text = prose(300'000);
  for (const char* coding : {"gzip", "x-gzip", "deflate", "br", "zstd", "GZip", " br "}) {
    const bool is_br = std::string_view(coding) == " br ";
    const DecodedBody body = decode_body(coded(text, is_br ? "br" : coding), coding, kPlenty, true);
    EXPECT_TRUE(body.decoded) << coding;
    EXPECT_EQ(body.bytes, text) << coding;
    EXPECT_EQ(body.error, "") << coding;
    EXPECT_FALSE(body.cut) << coding;
  }
}

TEST(Content, DeflateIsTakenWithAndWithoutTheZlibHeader) {
  const std::string text = prose(5000);
  EXPECT_EQ(decode_body(deflated(text, kZlib), "deflate", kPlenty, true).bytes, text);
  EXPECT_EQ(decode_body(deflated(text, kRaw), "deflate", kPlenty, true).bytes, text);
}

TEST(Content, WhatTheCaptureWithheldSaysSo) {
  const DecodedBody body = decode_body("******", "gzip", kPlenty, true);
  EXPECT_FALSE(body.decoded);
  EXPECT_EQ(body.bytes, "******");
  EXPECT_THAT(body.error, ::testing::HasSubstr("withheld"));
}

TEST(Content, WithoutACodingTheBodyIsTheContent) {
  for (const char* field : {"", "identity", " , identity,"}) {
    const DecodedBody body = decode_body("hello", field, kPlenty, true);
    EXPECT_TRUE(body.decoded);
    EXPECT_EQ(body.bytes, "hello");
    EXPECT_THAT(body.codings, IsEmpty());
  }
}

TEST(Content, AnEmptyBodyIsNoFaultWhateverItsCoding) {
  const DecodedBody body = decode_body("", "gzip", kPlenty, true);
  EXPECT_TRUE(body.decoded);
  EXPECT_EQ(body.error, "");
}

TEST(Content, SeveralCodingsAreUndoneTheLastFirst) {
  const std::string text = prose(20'000);
  const DecodedBody body =
      decode_body(brotli(deflated(zstd(text), kGzip)), "zstd, gzip, br", kPlenty, true);
  EXPECT_EQ(body.bytes, text);
  EXPECT_THAT(body.codings, ElementsAre("zstd", "gzip", "br"));
  const DecodedBody too_many = decode_body("x", "br,br,br,br,br", kPlenty, true);
  EXPECT_FALSE(too_many.decoded);
  EXPECT_THAT(too_many.error, HasSubstr("more than 4"));
}

TEST(Content, MembersOfGzipAndFramesOfZstdFollowEachOther) {
  EXPECT_EQ(
      decode_body(deflated("one ", kGzip) + deflated("two", kGzip), "gzip", kPlenty, true).bytes,
      "one two");
  EXPECT_EQ(decode_body(zstd("one ") + zstd("two"), "zstd", kPlenty, true).bytes, "one two");
}

TEST(Content, ManyEmptyMembersTakeNoTimeWorthWaitingFor) {
  const std::string empty = deflated("", kGzip);
  std::string many;
  while (many.size() < (1 << 20)) many += empty;
  EXPECT_EQ(decode_body(many + deflated("end", kGzip), "gzip", kPlenty, true).bytes, "end");
}

TEST(Content, BytesBehindTheEndAreReported) {
  const DecodedBody body = decode_body(deflated("text", kGzip) + "tail", "gzip", kPlenty, true);
  EXPECT_EQ(body.bytes, "text");
  EXPECT_THAT(body.error, HasSubstr("4 bytes follow"));
}

TEST(Content, ABombIsBounded) {
  const std::string zeros(50 << 20, '\0');
  for (const char* coding : {"gzip", "deflate", "br", "zstd"}) {
    const DecodedBody body = decode_body(coded(zeros, coding), coding, 100'000, true);
    EXPECT_TRUE(body.cut) << coding;
    EXPECT_TRUE(body.decoded) << coding;
    EXPECT_EQ(body.error, "") << coding;
    EXPECT_EQ(body.bytes.size(), 100'000u) << coding;
    EXPECT_LE(body.bytes.capacity(), 200'000u) << coding;
  }
  const DecodedBody twice =
      decode_body(deflated(deflated(zeros, kGzip), kGzip), "gzip, gzip", 10'000, true);
  EXPECT_TRUE(twice.cut);
  EXPECT_LE(twice.bytes.size(), 10'000u);
  EXPECT_EQ(twice.error, "") << "the first coding was cut by us: no fault of the sender";
}

TEST(Content, WhatFitsExactlyIsNotCut) {
  const std::string text = prose(100'000);
  for (const char* coding : {"gzip", "deflate", "br", "zstd"}) {
    EXPECT_FALSE(decode_body(coded(text, coding), coding, text.size(), true).cut) << coding;
    EXPECT_TRUE(decode_body(coded(text, coding), coding, text.size() - 1, true).cut) << coding;
  }
  EXPECT_FALSE(decode_body("12345", "", 5, true).cut);
  EXPECT_TRUE(decode_body("12345", "", 4, true).cut);
  EXPECT_EQ(decode_body("12345", "", 4, true).bytes, "1234");
}

TEST(Content, AFrameOfZstdThatAsksForTooMuchMemoryIsRefused) {
  // A frame header that claims a window of 2 GiB: descriptor 0, window exponent 21.
  const DecodedBody body =
      decode_body(std::string("\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9), "zstd", kPlenty, true);
  EXPECT_FALSE(body.decoded);
  EXPECT_THAT(body.error, HasSubstr("memory"));
}

TEST(Content, OfAPartWhatCanBeDecodedIsGivenWithTheReason) {
  const std::string text = prose(300'000);
  for (const char* coding : {"gzip", "deflate", "br", "zstd"}) {
    const std::string all = coded(text, coding);
    const std::string_view part = std::string_view(all).substr(0, all.size() * 3 / 4);
    const DecodedBody captured = decode_body(part, coding, kPlenty, false);
    EXPECT_TRUE(captured.decoded) << coding;
    EXPECT_GT(captured.bytes.size(), 1000u) << coding;
    EXPECT_TRUE(text.starts_with(captured.bytes)) << coding;
    EXPECT_THAT(captured.error, HasSubstr("only a part of the body was captured")) << coding;
    EXPECT_THAT(decode_body(part, coding, kPlenty, true).error,
                HasSubstr("its sender left it unfinished"))
        << coding;
  }
}

TEST(Content, DamageIsSaidAndWhatCameBeforeItIsGiven) {
  const std::string text = prose(300'000);
  for (const char* coding : {"gzip", "deflate", "zstd"}) {
    std::string all = coded(text, coding);
    for (std::size_t i = all.size() / 2; i < all.size() / 2 + 40; ++i)
      all[i] = static_cast<char>(all[i] ^ 0x55);
    const DecodedBody body = decode_body(all, coding, kPlenty, true);
    EXPECT_TRUE(body.decoded) << coding;
    EXPECT_GT(body.bytes.size(), 1000u) << coding;
    EXPECT_FALSE(body.error.empty()) << coding;
  }
}

TEST(Content, WhatCannotBeDecodedIsGivenAsItCame) {
  for (const char* coding : {"gzip", "deflate", "br", "zstd", "compress", "gzip, unheard-of"}) {
    const DecodedBody body = decode_body("\xff\xfe no such data", coding, kPlenty, true);
    EXPECT_FALSE(body.decoded) << coding;
    EXPECT_EQ(body.bytes, "\xff\xfe no such data") << coding;
    EXPECT_NE(body.error, "") << coding;
  }
  const std::string inner = deflated("text", kGzip);
  EXPECT_EQ(decode_body(inner, "unheard-of, gzip", kPlenty, true).bytes, inner);
}

} // namespace
} // namespace xdpcap::consume
