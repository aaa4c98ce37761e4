#include "publish/encoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "support.hpp"

namespace xdpcap::publish::test {
namespace {

using ::testing::SizeIs;

constexpr LaneShape kSmall{
    .normal_batches = 4, .normal_bytes = 8192, .large_batches = 1, .large_bytes = 65536};

class EncoderTest : public ::testing::Test {
 protected:
  explicit EncoderTest(const LaneShape& shape = kSmall)
      : lane_(shape, 3, doorbell_), takes_(lane_) {}

  Encoder encoder(EncoderOptions options = {}) {
    options.sensor = "probe";
    options.epoch_ns = 77;
    return {std::move(options), lane_};
  }
  static std::uint64_t count(const Encoder& encoder, EncoderCount name) {
    return encoder.counters().get(name);
  }

  Doorbell doorbell_;
  BatchLane lane_;
  Takes takes_;
};

TEST_F(EncoderTest, EverythingOfAMessageComesBackAsItWas) {
  Encoder encoder = this->encoder();
  auto sent = TestMessage::response(200, "Fine", "Server: x\r\nX-A: b\r\n")
                  .body("hello")
                  .trailers("T: u\r\n")
                  .at(10, 25)
                  .gap(1, 2, GapCause::capture)
                  .index(9)
                  .hashed(std::byte{0xab})
                  .flagged(http::Anomaly::bare_lf)
                  .flagged(http::Anomaly::overlap_conflict)
                  .incomplete(http::End::rst);
  encoder.add(sent.get(), {42, v6(1, 4000), v4(2, 8080), 5});
  encoder.close();

  const auto batches = takes_.all();
  ASSERT_THAT(batches, SizeIs(1));
  EXPECT_EQ(codec::text_of(batches[0]->sensor()), "probe");
  EXPECT_EQ(batches[0]->epoch(), 77u);
  EXPECT_EQ(batches[0]->shard(), 3u);
  EXPECT_EQ(batches[0]->topic_seq(), 0u);
  ASSERT_EQ(batches[0]->messages()->size(), 1u);
  const schema::HttpMessage& got = *batches[0]->messages()->Get(0);
  EXPECT_EQ(got.flow(), 42u);
  EXPECT_EQ(got.kind(), schema::Kind::response);
  EXPECT_EQ(got.direction(), schema::Direction::to_client);
  EXPECT_EQ(got.index(), 9u);
  EXPECT_EQ(got.interface(), 5u);
  EXPECT_EQ(codec::text_of(got.client()), "[2001:db8::1]:4000");
  EXPECT_EQ(codec::text_of(got.server()), "10.0.0.2:8080");
  EXPECT_EQ(got.first_byte_ns(), 10u);
  EXPECT_EQ(got.last_byte_ns(), 25u);
  EXPECT_EQ(got.status(), 200u);
  EXPECT_EQ(codec::text_of(got.head()), sent.head());
  EXPECT_EQ(codec::text_in(got.head(), got.reason()), "Fine");
  ASSERT_EQ(got.fields()->size(), 2u);
  EXPECT_EQ(codec::text_in(got.head(), got.fields()->Get(1)->name()), "X-A");
  EXPECT_EQ(codec::text_in(got.head(), got.fields()->Get(1)->value()), "b");
  ASSERT_EQ(got.trailers()->size(), 1u);
  EXPECT_EQ(codec::text_in(got.trailer_section(), got.trailers()->Get(0)->value()), "u");
  EXPECT_EQ(got.framing(), schema::Framing::content_length);
  EXPECT_TRUE(got.has_declared_length());
  EXPECT_EQ(got.declared_length(), 5u);
  EXPECT_EQ(got.full_body_length(), 5u);
  EXPECT_EQ(codec::text_of(got.body()), "hello");
  EXPECT_EQ(codec::text_of(got.body_sha256()), std::string(32, '\xab'));
  EXPECT_FALSE(got.complete());
  EXPECT_EQ(got.end(), schema::End::rst);
  EXPECT_TRUE(codec::has(got, schema::Anomaly::bare_lf));
  EXPECT_TRUE(codec::has(got, schema::Anomaly::overlap_conflict));
  EXPECT_FALSE(codec::has(got, schema::Anomaly::truncated));
  ASSERT_EQ(got.gaps()->size(), 1u);
  EXPECT_EQ(got.gaps()->Get(0)->length(), 2u);
  EXPECT_EQ(got.gaps()->Get(0)->cause(), schema::GapCause::capture);
  EXPECT_FALSE(got.masked());
}

TEST_F(EncoderTest, FlowsAndSegmentsComeBackUnderTheirOwnTopics) {
  Encoder encoder = this->encoder({.community_id = true});
  record::FlowRecord flow;
  flow.flow = 7;
  flow.event = schema::FlowEvent::closed;
  flow.client = v4(1, 1);
  flow.server = v4(2, 80);
  flow.to_client.state = schema::TcpState::time_wait;
  flow.to_client.retransmitted_segments = 99;
  flow.to_client.rtt_ns = 1500;
  flow.handshake_server_ns = 11;
  flow.flags = bit(schema::FlowFlag::paws);
  flow.close = schema::CloseReason::evicted;
  encoder.add(flow);
  record::SegmentRecord segment;
  segment.seq = 4'000'000'000;
  segment.flags = 0x12; // SYN, ACK
  segment.mss = 1460;
  segment.verdict = schema::Verdict::keep_alive;
  segment.payload_bytes = 3;
  segment.payload = as_bytes("abc");
  encoder.add(segment);
  encoder.close();

  const auto batches = takes_.all();
  ASSERT_THAT(batches, SizeIs(2));
  EXPECT_EQ(codec::topic_of(*batches[0]), codec::Topic::flow);
  const schema::FlowRecord& got = *batches[0]->flows()->Get(0);
  EXPECT_EQ(got.flow(), 7u);
  EXPECT_EQ(got.event(), schema::FlowEvent::closed);
  EXPECT_EQ(got.to_client()->state(), schema::TcpState::time_wait);
  EXPECT_EQ(got.to_client()->retransmitted_segments(), 99u);
  EXPECT_EQ(got.to_client()->rtt_ns(), 1500u);
  EXPECT_EQ(got.to_server()->retransmitted_segments(), 0u);
  EXPECT_EQ(got.handshake_server_ns(), 11u);
  EXPECT_EQ(got.flags(), 1u << static_cast<unsigned>(schema::FlowFlag::paws));
  EXPECT_EQ(got.close(), schema::CloseReason::evicted);
  EXPECT_EQ(codec::text_of(got.community_id()).substr(0, 2), "1:");
  EXPECT_EQ(codec::topic_of(*batches[1]), codec::Topic::tcp);
  const schema::SegmentRecord& seen = *batches[1]->segments()->Get(0);
  EXPECT_EQ(seen.seq(), 4'000'000'000u);
  EXPECT_EQ(seen.flags(), 0x12);
  EXPECT_EQ(seen.mss(), 1460u);
  EXPECT_EQ(seen.verdict(), schema::Verdict::keep_alive);
  EXPECT_EQ(codec::text_of(seen.payload()), "abc");
}

TEST_F(EncoderTest, ManyMessagesSplitIntoNumberedBatchesInOrder) {
  Encoder encoder = this->encoder();
  std::vector<const schema::Batch*> batches;
  for (std::uint32_t i = 0; i < 200; ++i) {
    encoder.add(TestMessage::request("GET", "/" + std::string(100, 'x')).index(i).get(), context());
    for (const auto* batch : takes_.all()) batches.push_back(batch);
  }
  encoder.close();
  for (const auto* batch : takes_.all()) batches.push_back(batch);

  ASSERT_GT(batches.size(), 3u);
  std::uint32_t next_index = 0;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    EXPECT_EQ(batches[i]->topic_seq(), i);
    for (const auto* message : *batches[i]->messages()) EXPECT_EQ(message->index(), next_index++);
  }
  EXPECT_EQ(next_index, 200u);
  EXPECT_EQ(count(encoder, EncoderCount::messages_published), 200u);
  EXPECT_EQ(count(encoder, EncoderCount::batches_published), batches.size());
  EXPECT_EQ(lane_.next_seq(codec::Topic::http), batches.size());
}

TEST_F(EncoderTest, ABodyLargerThanABatchTravelsAloneAndWhole) {
  Encoder encoder = this->encoder();
  const std::string body(50'000, 'b');
  encoder.add(TestMessage::request("GET", "/before").get(), context());
  encoder.add(TestMessage::response(200, "OK").body(body).get(), context());
  encoder.add(TestMessage::request("GET", "/after").get(), context());
  encoder.close();
  const auto batches = takes_.all();
  ASSERT_THAT(batches, SizeIs(3));
  ASSERT_EQ(batches[1]->messages()->size(), 1u);
  EXPECT_EQ(codec::text_of(batches[1]->messages()->Get(0)->body()), body);
  EXPECT_FALSE(codec::has(*batches[1]->messages()->Get(0), schema::Anomaly::truncated));
  EXPECT_EQ(batches[2]->topic_seq(), 2u);
}

TEST_F(EncoderTest, ABodyLargerThanAnythingIsCutFlaggedAndCounted) {
  Encoder encoder = this->encoder();
  encoder.add(TestMessage::response(200, "OK").body(std::string(100'000, 'b')).get(), context());
  encoder.close();
  const auto batches = takes_.all();
  ASSERT_THAT(batches, SizeIs(1));
  const schema::HttpMessage& got = *batches[0]->messages()->Get(0);
  EXPECT_TRUE(codec::has(got, schema::Anomaly::truncated));
  EXPECT_EQ(got.full_body_length(), 100'000u);
  EXPECT_GT(got.body()->size(), 60'000u);
  EXPECT_EQ(count(encoder, EncoderCount::messages_cut), 1u);
  EXPECT_EQ(count(encoder, EncoderCount::bytes_cut) + got.body()->size(), 100'000u);
}

TEST_F(EncoderTest, MaxBodyCutsAndSaysSo) {
  Encoder encoder = this->encoder({.max_body = 3});
  encoder.add(TestMessage::response(200, "OK").body("abcdef").get(), context());
  encoder.add(TestMessage::response(200, "OK").body("abc").get(), context());
  encoder.close();
  const auto batches = takes_.all();
  ASSERT_THAT(batches, SizeIs(1));
  EXPECT_EQ(codec::text_of(batches[0]->messages()->Get(0)->body()), "abc");
  EXPECT_TRUE(codec::has(*batches[0]->messages()->Get(0), schema::Anomaly::truncated));
  EXPECT_FALSE(codec::has(*batches[0]->messages()->Get(1), schema::Anomaly::truncated));
  EXPECT_EQ(count(encoder, EncoderCount::messages_cut), 1u);
  EXPECT_EQ(count(encoder, EncoderCount::messages_cut_no_room), 0u);
}

// As the pool hands it out: in slabs, cut at, before and behind the border of one.
TEST_F(EncoderTest, ABodyInSeveralPiecesIsWhole) {
  SlabPool pool(48, 16);
  ByteChain chain;
  std::string text;
  for (int i = 0; i < 200; ++i) text += static_cast<char>('!' + i % 90);
  ASSERT_EQ(chain.append(pool, as_bytes(text)), text.size());
  const Pieces pieces(chain, pool);
  const std::size_t first = (*pieces.begin()).size();
  ASSERT_LT(first, text.size());
  for (const std::size_t most : {first - 1, first, first + 1, 2 * first, text.size()}) {
    Encoder encoder = this->encoder({.max_body = most, .reveal = true});
    auto sent = TestMessage::response(200, "OK").body(text);
    http::Message message = sent.get();
    message.body = pieces;
    encoder.add(message, context());
    encoder.close();
    EXPECT_EQ(codec::text_of(takes_.all().at(0)->messages()->Get(0)->body()), text.substr(0, most));
  }
  chain.clear(pool);
}

TEST_F(EncoderTest, WithoutALargeBatchABodyIsCutToANormalOne) {
  Encoder encoder = this->encoder();
  encoder.add(TestMessage::response(200, "OK").body(std::string(50'000, 'b')).get(), context());
  encoder.add(TestMessage::response(200, "OK").body(std::string(50'000, 'c')).get(), context());
  encoder.close();
  const auto batches = takes_.all();
  ASSERT_THAT(batches, SizeIs(2));
  EXPECT_EQ(batches[0]->messages()->Get(0)->body()->size(), 50'000u);
  EXPECT_TRUE(codec::has(*batches[1]->messages()->Get(0), schema::Anomaly::truncated));
  EXPECT_GT(batches[1]->messages()->Get(0)->body()->size(), 5'000u);
  EXPECT_EQ(count(encoder, EncoderCount::messages_cut), 1u);
  EXPECT_EQ(count(encoder, EncoderCount::messages_cut_no_room), 1u);
}

TEST_F(EncoderTest, AHeadLargerThanAnythingIsDroppedByItsOwnReason) {
  Encoder encoder = this->encoder();
  encoder.add(TestMessage::request("GET", std::string(70'000, 'x')).get(), context());
  encoder.close();
  EXPECT_THAT(takes_.all(), SizeIs(0));
  EXPECT_EQ(count(encoder, EncoderCount::messages_dropped_too_large), 1u);
  EXPECT_EQ(count(encoder, EncoderCount::bytes_dropped), 70'000u + 15u);
}

TEST_F(EncoderTest, WithoutRoomMessagesAreCountedAndTheirBatchesLeaveHolesInTheNumbers) {
  Encoder encoder = this->encoder();
  std::uint64_t bytes = 0;
  constexpr std::uint64_t kAdded = 400;
  for (std::uint32_t i = 0; i < kAdded; ++i) {
    auto message = TestMessage::request("GET", "/" + std::string(200, 'x')).index(i);
    bytes += message.get().head.size();
    encoder.add(message.get(), context());
  }
  // The publisher took none: what was published is what the four batches hold.
  auto batches = takes_.all();
  encoder.add(TestMessage::request("GET", "/again").index(kAdded).get(), context());
  encoder.close();
  for (const auto* batch : takes_.all()) batches.push_back(batch);

  ASSERT_THAT(batches, SizeIs(5));
  std::uint64_t messages = 0;
  std::uint64_t dropped_in_band = 0;
  for (const auto* batch : batches) {
    messages += batch->messages()->size();
    dropped_in_band += batch->dropped_records();
  }
  EXPECT_EQ(messages, count(encoder, EncoderCount::messages_published));
  EXPECT_EQ(messages + count(encoder, EncoderCount::messages_dropped_no_room), kAdded + 1);
  EXPECT_EQ(dropped_in_band, count(encoder, EncoderCount::messages_dropped_no_room));
  EXPECT_GT(dropped_in_band, 100u);
  EXPECT_EQ(
      count(encoder, EncoderCount::bytes_published) + count(encoder, EncoderCount::bytes_dropped),
      bytes + 21);
  const std::uint64_t holes = batches[4]->topic_seq() - batches[3]->topic_seq() - 1;
  EXPECT_GT(holes, 1u);
  EXPECT_EQ(holes, count(encoder, EncoderCount::batches_dropped));
  EXPECT_EQ(lane_.next_seq(codec::Topic::http), batches[4]->topic_seq() + 1);
}

TEST_F(EncoderTest, FlushHandsOverAtOnceAndGathersWhenThePublisherIsFarBehind) {
  Encoder encoder = this->encoder();
  const std::size_t half = lane_.batches() / 2;
  for (std::uint32_t i = 0; i < 10 * half; ++i) {
    encoder.add(TestMessage::request("GET", "/").index(i).get(), context());
    encoder.flush();
  }
  std::uint32_t next_index = 0;
  const auto early = takes_.all();
  EXPECT_THAT(early, SizeIs(::testing::AllOf(::testing::Ge(half / 2), ::testing::Le(half + 1))));
  for (const auto* batch : early) {
    ASSERT_EQ(batch->messages()->size(), 1u);
    EXPECT_EQ(batch->messages()->Get(0)->index(), next_index++);
  }
  encoder.flush();
  const auto rest = takes_.all();
  ASSERT_THAT(rest, SizeIs(1));
  EXPECT_EQ(rest[0]->messages()->size(), 10 * half - next_index);
}

TEST_F(EncoderTest, AWaitingEncoderLosesNothing) {
  Encoder encoder = this->encoder({.when_full = WhenFull::wait});
  constexpr std::uint32_t kAdded = 3000;
  std::uint32_t next_index = 0;
  bool in_order = true;
  std::atomic<bool> done{false};
  std::thread publisher([&] {
    for (bool last = false; !last;) {
      last = done.load();
      while (Batch* batch = lane_.next()) {
        for (const auto* message : *schema::GetBatch(batch->bytes().data())->messages()) {
          in_order = in_order && message->index() == next_index++;
        }
        lane_.recycle(batch);
      }
      std::this_thread::yield();
    }
  });
  for (std::uint32_t i = 0; i < kAdded; ++i) {
    auto message = TestMessage::response(200, "OK")
                       .body(std::string(i % 500 == 0 ? 40'000 : 100, 'b'))
                       .index(i);
    encoder.add(message.get(), context());
    if (i % 7 == 0) encoder.flush();
  }
  encoder.close();
  done.store(true);
  publisher.join();
  EXPECT_EQ(next_index, kAdded);
  EXPECT_TRUE(in_order);
  EXPECT_EQ(count(encoder, EncoderCount::messages_cut), 0u);
  EXPECT_EQ(count(encoder, EncoderCount::messages_dropped_no_room), 0u);
}

TEST_F(EncoderTest, AWaitingEncoderGoesOnWhenNobodyTakesBatchesAnyMore) {
  Encoder encoder = this->encoder({.when_full = WhenFull::wait});
  lane_.abandon();
  for (int i = 0; i < 200; ++i)
    encoder.add(TestMessage::request("GET", std::string(500, 'x')).get(), context());
  EXPECT_GT(count(encoder, EncoderCount::messages_dropped_no_room), 0u);
}

// The spec's own example values (corelight/community-id-spec, baseline_deflt.json).
TEST(BatchLaneDeathTest, ABatchComesBackOnce) {
  Doorbell bell;
  BatchLane lane{{.normal_batches = 1, .large_batches = 0}, 0, bell};
  Batch* const batch = lane.acquire(false);
  ASSERT_NE(batch, nullptr);
  EXPECT_DEATH(lane.publish(batch), "check failed at userspace/publish/batch.cpp"); // it is empty
  lane.recycle(batch);
  lane.recycle(batch);
  EXPECT_DEATH((void)lane.acquire(false), "check failed");
}

TEST_F(EncoderTest, CommunityIdsAreThoseOfOtherTools) {
  Encoder encoder = this->encoder({.community_id = true});
  const auto endpoint = [](std::array<unsigned char, 4> bytes, std::uint16_t port) {
    record::Endpoint made{0, 0xffff, port, 4};
    for (const unsigned char byte : bytes) made.address_low = made.address_low << 8 | byte;
    return made;
  };
  const record::Endpoint client = endpoint({128, 232, 110, 120}, 34855);
  const record::Endpoint server = endpoint({66, 35, 250, 204}, 80);
  encoder.add(TestMessage::request("GET", "/").get(), {1, client, server, 0});
  encoder.add(TestMessage::request("GET", "/").get(), {1, server, client, 0});
  encoder.close();
  const auto batches = takes_.all();
  ASSERT_THAT(batches, SizeIs(1));
  EXPECT_EQ(codec::text_of(batches[0]->messages()->Get(0)->community_id()),
            "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  EXPECT_EQ(codec::text_of(batches[0]->messages()->Get(1)->community_id()),
            "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
}

TEST_F(EncoderTest, ADamagedBatchIsRefusedAndAWildSpanIsEmpty) {
  Encoder encoder = this->encoder();
  encoder.add(TestMessage::request("GET", "/").get(), context());
  encoder.close();
  Batch* batch = lane_.next();
  ASSERT_NE(batch, nullptr);
  std::vector<std::byte> copy(batch->bytes().begin(), batch->bytes().end());
  codec::BatchReader reader;
  EXPECT_NE(reader.open(copy), nullptr);
  EXPECT_EQ(reader.open(Bytes(copy).first(copy.size() / 2)), nullptr);
  EXPECT_EQ(reader.open(Bytes(copy).first(3)), nullptr);
  copy[4] = std::byte{'?'}; // the file identifier
  EXPECT_EQ(reader.open(copy), nullptr);

  const schema::HttpMessage& message = *schema::GetBatch(batch->bytes().data())->messages()->Get(0);
  EXPECT_EQ(codec::text_in(message.head(), schema::Span(1, UINT32_MAX)), "");
  EXPECT_EQ(codec::text_in(message.head(), schema::Span(UINT32_MAX, 1)), "");
}

} // namespace
} // namespace xdpcap::publish::test
