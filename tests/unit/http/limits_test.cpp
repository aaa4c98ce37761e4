// What happens at the limits: everything is bounded, nothing is lost silently.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nettle/sha2.h>

#include "script.hpp"

namespace xdpcap::http::test {
namespace {

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string sha256_of(std::string_view text) {
  sha256_ctx context;
  sha256_init(&context);
  sha256_update(&context, text.size(), reinterpret_cast<const std::uint8_t*>(text.data()));
  std::string digest(SHA256_DIGEST_SIZE, '\0');
  sha256_digest(&context, digest.size(), reinterpret_cast<std::uint8_t*>(digest.data()));
  return digest;
}

TEST(Limits, CutABodyThatIsTooLongAndCountAndHashAllOfIt) {
  const std::string body(5000, 'b');
  const std::string chunked =
      "1000\r\n" + body.substr(0, 4096) + "\r\n388\r\n" + body.substr(4096) + "\r\n0\r\n\r\n";
  const auto seen =
      Script{}
          .client("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + body)
          .client("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked)
          .client(kGet)
          .messages({.body_kept_max = 1234, .hash_bodies = true});
  ASSERT_EQ(seen.size(), 3U);
  for (const Seen& cut : {seen[0], seen[1]}) {
    EXPECT_TRUE(cut.complete);
    EXPECT_EQ(cut.body_length, 5000U);
    EXPECT_EQ(cut.body, body.substr(0, 1234));
    EXPECT_EQ(cut.sha256, sha256_of(body));
    EXPECT_EQ(cut.anomaly_bits, Anomalies::bit(Anomaly::truncated));
  }
  EXPECT_EQ(seen[2].sha256, sha256_of(""));
  EXPECT_EQ(seen[2].anomaly_bits, 0U);
}

TEST(Limits, HashOnlyWholeBodies) {
  const std::string head = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
  const Limits limits{.hash_bodies = true};
  EXPECT_EQ(Script{}.client(head + "abcd").messages(limits)[0].sha256, sha256_of("abcd"));
  EXPECT_EQ(Script{}.client(head + "ab").client_gap(2).messages(limits)[0].sha256, "");
  EXPECT_EQ(Script{}.client(head + "ab").close().messages(limits)[0].sha256, "");
  EXPECT_EQ(Script{}.client(head + "abcd").messages()[0].sha256, "");
}

TEST(Limits, EndADirectionWhoseHeadIsTooLongAndShowItsBeginning) {
  const auto seen =
      Script{}
          .client("GET /x HTTP/1.1\r\nHost: a\r\nX: " + std::string(500, 'x') + "\r\n\r\n" + kGet)
          .messages({.head_bytes_max = 100});
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].head, "GET /x HTTP/1.1\r\nHost: a\r\n");
  EXPECT_EQ(seen[0].fields.size(), 1U);
  EXPECT_FALSE(seen[0].complete);
  EXPECT_EQ(seen[0].end, End::malformed);
  EXPECT_TRUE(seen[0].has(Anomaly::head_too_large));
}

TEST(Limits, ReadAHeadOfExactlyTheLongestLength) {
  const std::string head = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(Script{}.client(head).messages({.head_bytes_max = head.size()})[0].complete, true);
  EXPECT_EQ(Script{}.client(head).messages({.head_bytes_max = head.size() - 1})[0].complete, false);
}

TEST(Limits, HaveNothingToShowOfAStartLineThatIsTooLong) {
  Workspace workspace{{.head_bytes_max = 100}, 1 << 20};
  const Script script =
      Script{}.client("GET /" + std::string(500, 'x') + " HTTP/1.1\r\n\r\n" + kGet);
  EXPECT_TRUE(script.play(Split::random, workspace).empty());
  EXPECT_EQ(workspace.counts().get(HttpCount::heads_too_large), 1U);
}

TEST(Limits, HoldForARefusedStartLineToo) {
  const std::string line = "\x01" + std::string(500, 'x') + "\r\n";
  const auto seen = Script{}.client(kGet).client(line).messages({.head_bytes_max = 100});
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].head, line.substr(0, 100));
  EXPECT_EQ(seen[1].end, End::malformed);
  EXPECT_TRUE(seen[1].has(Anomaly::bad_start_line) && seen[1].has(Anomaly::head_cut));
}

TEST(Limits, EndADirectionWhoseTrailersAreTooLong) {
  const auto seen =
      Script{}
          .client("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: " +
                  std::string(500, 'x') + "\r\n\r\n" + kGet)
          .messages({.head_bytes_max = 100});
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].body, "a");
  EXPECT_EQ(seen[0].end, End::malformed);
  EXPECT_TRUE(seen[0].has(Anomaly::head_too_large));
}

TEST(Memory, WhenSpentCutsBodiesFirstAndStillTakesHeads) {
  Workspace workspace{{.body_kept_max = 1 << 20}, 256 << 10};
  std::vector<Conversation> large(5), small(4);
  Collector collector;
  const auto say = [&](Conversation& conversation, const std::string& text) {
    conversation.on_bytes({Direction::to_server, true, 0, as_bytes(text), {}}, workspace,
                          collector);
  };
  for (Conversation& one : large) {
    say(one,
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + std::string(100000, 'b'));
  }
  for (Conversation& one : small) say(one, "GET /small HTTP/1.1\r\n");
  for (Conversation& one : small) say(one, "Host: a\r\n\r\n");
  EXPECT_EQ(collector.messages.size(), small.size());
  for (Conversation& one : large) say(one, std::string(100000, 'b'));
  ASSERT_EQ(collector.messages.size(), small.size() + 5);
  EXPECT_EQ(collector.messages.back().body_length, 200000U);
  EXPECT_TRUE(collector.messages.back().has(Anomaly::truncated));
  EXPECT_LE(workspace.memory_size(), (256U << 10) + 8192);
}

TEST(Memory, WhenAllIsSpentShedsMessagesCountsThemAndGoesOnBehindThem) {
  Workspace workspace{{}, 16 << 10};
  std::vector<Conversation> slow(100);
  Collector collector;
  const auto say = [&](Conversation& conversation, std::string_view text) {
    conversation.on_bytes({Direction::to_server, true, 0, as_bytes(text), {}}, workspace,
                          collector);
  };
  for (Conversation& one : slow) say(one, "GET /slow HTTP/1.1\r\n");
  const std::uint64_t shed = workspace.counts().get(HttpCount::shed_for_memory);
  EXPECT_GT(shed, 50U);
  say(slow.back(), "Host: a\r\n\r\n");
  EXPECT_TRUE(collector.messages.empty());
  say(slow.back(), kGet);
  ASSERT_EQ(collector.messages.size(), 1U);
  EXPECT_TRUE(collector.messages[0].has(Anomaly::resynchronised));
  for (Conversation& one : slow) one.release(workspace);
  EXPECT_EQ(workspace.memory_in_use(), 0U);
}

TEST(Memory, IsGivenBackWhenBothDirectionsClose) {
  Workspace workspace{{}, 1 << 20};
  Conversation conversation{};
  Collector collector;
  std::string many;
  for (int i = 0; i < 100; ++i) many += kGet;
  conversation.on_bytes({Direction::to_server, true, 0, as_bytes(many + "GET / HT"), {}}, workspace,
                        collector);
  conversation.on_bytes(
      {Direction::to_client, true, 0, as_bytes("HTTP/1.1 200 OK\r\n\r\nbody"), {}}, workspace,
      collector);
  EXPECT_GT(workspace.memory_in_use(), 0U);
  conversation.on_close(Direction::to_client, StreamEnd::fin, {}, workspace, collector);
  conversation.on_close(Direction::to_server, StreamEnd::fin, {}, workspace, collector);
  EXPECT_EQ(workspace.memory_in_use(), 0U);
  EXPECT_EQ(workspace.counts().get(HttpCount::heads_cut_by_close), 1U);
}

TEST(Memory, OfAForgedLengthIsOnlyWhatCame) {
  Workspace workspace{{.body_kept_max = std::uint64_t{1} << 40}, 1 << 20};
  Conversation conversation{};
  Collector collector;
  const std::string head = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10737418240\r\n\r\nx";
  conversation.on_bytes({Direction::to_server, true, 0, as_bytes(head), {}}, workspace, collector);
  EXPECT_LT(workspace.memory_in_use(), 4096U);
  conversation.release(workspace);
}

} // namespace
} // namespace xdpcap::http::test
