#include "codec/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "codec/json_text.hpp"
#include "core/utf8.hpp"
#include "publish/stats_writer.hpp"
#include "unit/publish/support.hpp"

namespace xdpcap::publish::test {
namespace {

using nlohmann::json;

// The JSON lines of one message, parsed.
json line_of(TestMessage message, const codec::JsonOptions& options = {},
             MessageContext with = context(6)) {
  Doorbell doorbell;
  BatchLane lane({.normal_batches = 2, .normal_bytes = 65536, .large_batches = 0, .large_bytes = 0},
                 0, doorbell);
  Encoder encoder({.reveal = true}, lane);
  encoder.add(message.get(), with);
  encoder.close();
  Takes takes(lane);
  std::string lines;
  codec::append_json(lines, *takes.all().at(0), options);
  EXPECT_EQ(lines.back(), '\n');
  EXPECT_EQ(lines.find('\n'), lines.size() - 1) << "one message, one line";
  return json::parse(lines);
}

TEST(Json, ARequestHasTheDocumentedShape) {
  const json line = line_of(TestMessage::request("GET", "/a?b", "Host: h\r\nHost: i\r\n")
                                .at(1'714'564'800'000'000'001, 1'714'564'800'000'000'101)
                                .index(3)
                                .trailers("T: u\r\n")
                                .body("abc")
                                .hashed(std::byte{0x0f})
                                .gap(1, 2, GapCause::network)
                                .flagged(http::Anomaly::host_repeated));
  const json expected = json::parse(R"({
    "kind":"request","src":"10.0.0.1:4000","dst":"10.0.0.2:80","flow":6,"index":3,
    "time":"2024-05-01T12:00:00.000000001Z","duration_ns":100,
    "method":"GET","target":"/a?b","version":"1.1",
    "headers":[["Host","h"],["Host","i"]],"header_count":2,"trailers":[["T","u"]],
    "framing":"content_length",
    "declared_length":3,"body_len":3,"body_sha256":"","flags":["host_repeated"],
    "gaps":[{"offset":1,"length":2,"cause":"network"}],"complete":true,
    "end":"complete","pairing":"counted","interface":0})");
  json with_hash = expected;
  with_hash["body_sha256"] = std::string(64, '0');
  for (std::size_t i = 1; i < 64; i += 2) with_hash["body_sha256"].get_ref<std::string&>()[i] = 'f';
  EXPECT_EQ(line, with_hash);
}

// A body of megabytes leaves in pieces, and is the same line.
TEST(Json, ALongBodyNeedsNoRoomOfItsOwn) {
  for (const auto& [format, bytes] :
       {std::pair{codec::BodyFormat::text, std::string(50'000, '\x01') + "\xc3\xa9"},
        std::pair{codec::BodyFormat::text, std::string(49'151, 'a') + "\xc3\xa9 end"},
        std::pair{codec::BodyFormat::base64, std::string(60'001, '\xff')}}) {
    TestMessage message = TestMessage::response(200, "OK").body(bytes);
    Doorbell doorbell;
    BatchLane lane(
        {.normal_batches = 2, .normal_bytes = 65536, .large_batches = 0, .large_bytes = 0}, 0,
        doorbell);
    Encoder encoder({.reveal = true}, lane);
    encoder.add(message.get(), context());
    encoder.close();
    Takes takes(lane);
    const schema::Batch& batch = *takes.all().at(0);
    std::string whole, lines, pieces;
    codec::append_json(whole, batch, {.body = format, .drain = {}});
    std::size_t largest = 0;
    codec::append_json(lines, batch, {.body = format, .drain = [&](std::string& so_far) {
                                        largest = std::max(largest, so_far.size());
                                        pieces += so_far;
                                        so_far.clear();
                                      }});
    EXPECT_EQ(pieces + lines, whole);
    EXPECT_LT(largest, 6 * std::size_t{49'152} + 2000);
    EXPECT_GT(pieces.size(), bytes.size() / 2);
    EXPECT_TRUE(json::accept(whole));
  }
}

TEST(Json, AResponseComesFromTheServer) {
  const json line = line_of(TestMessage::response(404, "Not Found").incomplete(http::End::timeout),
                            {}, {6, v6(1, 4000), v6(2, 80), 0});
  EXPECT_EQ(line["kind"], "response");
  EXPECT_EQ(line["src"], "[2001:db8::2]:80");
  EXPECT_EQ(line["dst"], "[2001:db8::1]:4000");
  EXPECT_EQ(line["status"], 404);
  EXPECT_EQ(line["reason"], "Not Found");
  EXPECT_EQ(line["complete"], false);
  EXPECT_EQ(line["end"], "timeout");
  EXPECT_FALSE(line.contains("method"));
}

TEST(Json, AFoldBecomesOneSpace) {
  EXPECT_EQ(
      line_of(TestMessage::request("GET", "/", "A: b  \r\n \t c\r\n\td\r\n"))["headers"][0][1],
      "b c d");
}

TEST(Json, EveryByteIsOneCharacter) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  std::string out;
  codec::json::append_latin1(out, all);
  std::string expected;
  for (int byte = 0; byte < 256; ++byte) {
    if (byte < 0x80) {
      expected += static_cast<char>(byte);
    } else {
      expected += static_cast<char>(0xc0 | byte >> 6);
      expected += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  EXPECT_EQ(json::parse(out).get<std::string>(), expected);
}

TEST(Json, RandomBytesAnywhereAreStillValidJson) {
  constexpr std::uint32_t kSeed = 20240501;
  std::mt19937 random(kSeed);
  const auto bytes = [&random](std::size_t length_max) {
    std::string text(random() % (length_max + 1), '\0');
    // Mostly the bytes that are special to someone.
    constexpr std::string_view kSpecial("\r\n\t \"\\\x00\x7f\x80\xff\xc3\xed\xf4:", 14);
    for (char& c : text)
      c = random() % 2 == 0 ? kSpecial[random() % kSpecial.size()] : static_cast<char>(random());
    return text;
  };
  for (int round = 0; round < 3000; ++round) {
    const std::string target = bytes(20);
    const std::string body = bytes(30);
    const std::string value = bytes(20);
    auto message = round % 2 == 0
                       ? TestMessage::request(bytes(5), target, "A: " + value + "\r\n")
                       : TestMessage::response(200, target, bytes(4) + ": " + value + "\r\n");
    const auto format = static_cast<codec::BodyFormat>(round % 3);
    json line;
    ASSERT_NO_THROW(line = line_of(message.body(body), {.body = format}))
        << "seed " << kSeed << " round " << round;
    ASSERT_EQ(line["body_len"], body.size());
    ASSERT_EQ(line.contains("body"), format != codec::BodyFormat::none);
  }
}

TEST(Json, ABodyIsTextWhereItIsUtf8AndBase64WhereItIsNot) {
  EXPECT_EQ(line_of(TestMessage::response(200, "").body("gr\xc3\xbc\xc3\x9f\n"),
                    {.body = codec::BodyFormat::text})["body"],
            "grüß\n");
  const json binary =
      line_of(TestMessage::response(200, "").body("\xff\xfe"), {.body = codec::BodyFormat::text});
  EXPECT_EQ(binary["body"], "//4=");
  EXPECT_EQ(binary["body_encoding"], "base64");
  EXPECT_EQ(line_of(TestMessage::response(200, "").body("a"),
                    {.body = codec::BodyFormat::base64})["body"],
            "YQ==");
}

TEST(Json, Utf8IsDistinguishedFromWhatOnlyLooksLikeIt) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("a\xe2\x82\xac\xf0\x9f\x98\x80"));
  EXPECT_FALSE(is_utf8("\xc0\x80")) << "overlong";
  EXPECT_FALSE(is_utf8("\xed\xa0\x80")) << "surrogate";
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80")) << "beyond U+10FFFF";
  EXPECT_FALSE(is_utf8("\xe2\x82")) << "cut";
  EXPECT_FALSE(is_utf8("\x80"));
}

TEST(Json, FlowsSegmentsAndStatsAreLinesToo) {
  Doorbell doorbell;
  BatchLane lane({.normal_batches = 4, .normal_bytes = 65536, .large_batches = 0, .large_bytes = 0},
                 0, doorbell);
  Encoder encoder({}, lane);
  record::FlowRecord flow;
  flow.event = schema::FlowEvent::closed;
  flow.flags = bit(schema::FlowFlag::partial);
  flow.close = schema::CloseReason::fin;
  encoder.add(flow);
  record::SegmentRecord segment;
  segment.client = v4(1, 1);
  segment.server = v4(2, 2);
  segment.direction = Direction::to_client;
  segment.flags = 0x11;
  segment.verdict = schema::Verdict::retransmit;
  encoder.add(segment);
  encoder.close();
  Takes takes(lane);
  const auto batches = takes.all();
  std::string out;
  codec::append_json(out, *batches.at(0), {});
  json line = json::parse(out);
  EXPECT_EQ(line["kind"], "flow");
  EXPECT_EQ(line["event"], "closed");
  EXPECT_EQ(line["close"], "fin");
  EXPECT_EQ(line["flags"], json::array({"partial"}));
  EXPECT_EQ(line["to_server"]["retransmitted_segments"], 0);
  out.clear();
  codec::append_json(out, *batches.at(1), {});
  line = json::parse(out);
  EXPECT_EQ(line["kind"], "segment");
  EXPECT_EQ(line["src"], "10.0.0.2:2");
  EXPECT_EQ(line["flags"], json::array({"fin", "ack"}));
  EXPECT_EQ(line["verdict"], "retransmit");

  flatbuffers::FlatBufferBuilder builder;
  const std::array counters{record::Counter{"frames", 5, "eth0", 1}};
  const std::array topics{record::TopicPosition{0, "http", 9}};
  const std::array<std::string_view, 2> publishes{"http", "socket"};
  Heartbeat beat;
  beat.sensor = "s";
  beat.stats.counters = counters;
  beat.stats.topics = topics;
  beat.stats.publishes = publishes;
  out.clear();
  codec::append_json(out, *takes.keep(write_heartbeat(builder, beat)), {});
  line = json::parse(out);
  EXPECT_EQ(line["kind"], "stats");
  EXPECT_EQ(line["counters"][0],
            json::parse(R"({"name":"frames","value":5,"interface":"eth0","queue":1})"));
  EXPECT_EQ(line["topics"][0], json::parse(R"({"shard":0,"topic":"http","next_seq":9})"));
  EXPECT_EQ(line["publishes"], json::array({"http", "socket"}));
}

TEST(Json, TimesAreWrittenAsTheCalendarHasThem) {
  const auto time = [](std::uint64_t ns) {
    std::string out;
    codec::json::append_time(out, ns);
    return out;
  };
  EXPECT_EQ(time(0), "\"1970-01-01T00:00:00.000000000Z\"");
  EXPECT_EQ(time(951'782'399'999'999'999), "\"2000-02-28T23:59:59.999999999Z\"");
  EXPECT_EQ(time(951'782'400'000'000'000), "\"2000-02-29T00:00:00.000000000Z\"");
  EXPECT_TRUE(json::accept(time(UINT64_MAX)));
}

} // namespace
} // namespace xdpcap::publish::test
