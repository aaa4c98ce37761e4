#include "http/body_decoder.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/guarded.hpp"

namespace xdpcap::http {
namespace {

struct Decoded {
  std::string data;
  ChunkDecoder::Found last = ChunkDecoder::Found::need_more;
  std::size_t left = 0; // bytes behind the last chunk's line
  Anomalies anomalies;
};

Decoded decode(std::string_view text, std::size_t piece) {
  ChunkDecoder decoder;
  Decoded decoded;
  for (std::size_t at = 0; at < text.size() && decoded.last == ChunkDecoder::Found::need_more;
       at += piece) {
    const xdpcap::test::Guarded guarded{as_bytes(text.substr(at, piece))};
    Bytes rest = guarded.bytes();
    do {
      Bytes data;
      decoded.last = decoder.next(rest, data, decoded.anomalies);
      decoded.data += as_text(data);
    } while (decoded.last == ChunkDecoder::Found::data);
    decoded.left = text.size() - at - std::min(piece, text.size() - at) + rest.size();
  }
  return decoded;
}

struct Good {
  std::string_view text, data;
};

TEST(ChunkDecoder, TakesTheCodingOffHoweverItIsSpeltAndCut) {
  constexpr Good good[] = {
      {"0\r\n", ""},
      {"5\r\nhello\r\n0\r\n", "hello"},
      {"0000A\r\n0123456789\r\n0a;x=\"y;z\"\r\nabcdefghij\r\n000\r\n", "0123456789abcdefghij"},
      {"3 \t;x\r\nabc\r\n1 \r\nd\r\n0;last\r\n", "abcd"},
      {"7\r\n0\r\n\r\nab\r\n0\r\n", "0\r\n\r\nab"},
      {"3\nabc\n0\n", "abc"},
  };
  for (const Good& one : good) {
    for (std::size_t piece = 1; piece <= one.text.size(); ++piece) {
      const Decoded decoded = decode(one.text, piece);
      EXPECT_EQ(decoded.last, ChunkDecoder::Found::last) << one.text << " in pieces of " << piece;
      EXPECT_EQ(decoded.data, one.data) << one.text << " in pieces of " << piece;
    }
  }
}

TEST(ChunkDecoder, LeavesWhatComesBehindTheLastChunk) {
  EXPECT_EQ(decode("1\r\na\r\n0\r\nTrailer: x\r\n", 100).left, 12U);
}

TEST(ChunkDecoder, FlagsWhatIsUnusual) {
  EXPECT_TRUE(decode("0;x\r\n", 9).anomalies.has(Anomaly::chunk_extension));
  EXPECT_TRUE(decode("0\n", 9).anomalies.has(Anomaly::bare_lf));
  EXPECT_EQ(decode("1\r\na\r\n0\r\n", 99).anomalies.bits(), 0U);
}

struct Bad {
  std::string_view text;
  Anomaly anomaly;
};

TEST(ChunkDecoder, HasNoSafeReadingOfTheseHoweverTheyAreCut) {
  constexpr Bad bad[] = {
      {"g\r\n", Anomaly::bad_chunk_size},
      {"\r\n", Anomaly::bad_chunk_size},
      {" 3\r\nabc", Anomaly::bad_chunk_size},
      {"-3\r\n", Anomaly::bad_chunk_size},
      {"0x3\r\n", Anomaly::bad_chunk_size},
      {"2 e\r\naa", Anomaly::bad_chunk_size},
      {"3\rabc", Anomaly::bad_chunk_size},
      {";x\r\n", Anomaly::bad_chunk_size},
      {"fffffffffffffffff", Anomaly::bad_chunk_size},
      {"3\r\nabc0\r\n", Anomaly::missing_chunk_crlf},
      {"3\r\nabc\r0\r\n", Anomaly::missing_chunk_crlf},
  };
  for (const Bad& one : bad) {
    for (std::size_t piece = 1; piece <= one.text.size(); ++piece) {
      const Decoded decoded = decode(one.text, piece);
      EXPECT_EQ(decoded.last, ChunkDecoder::Found::wrong) << one.text << " in pieces of " << piece;
      EXPECT_TRUE(decoded.anomalies.has(one.anomaly)) << one.text << " in pieces of " << piece;
    }
  }
}

TEST(ChunkDecoder, ReadsTheLargestSizeThatFits) {
  EXPECT_EQ(decode("00ffffffffffffffff\r\nabc", 99).data, "abc");
}

} // namespace
} // namespace xdpcap::http
