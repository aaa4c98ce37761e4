#include "apps/xdpcap_sub/matcher.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace xdpcap::sub {
namespace {

using namespace std::chrono_literals;

Seen request(std::uint32_t index, std::uint64_t flow = 1) {
  Seen seen;
  seen.request = true;
  seen.flow = flow;
  seen.index = index;
  seen.last_ns = 100;
  return seen;
}
Seen response(std::uint32_t index, std::uint64_t flow = 1) {
  Seen seen = request(index, flow);
  seen.request = false;
  seen.first_ns = 350;
  return seen;
}

class MatcherTest : public ::testing::Test {
 protected:
  // What came out, as "request/response" of indexes, "-" for a missing half.
  std::vector<std::string> taken() {
    std::vector<std::string> texts;
    for (const Exchange& exchange : std::exchange(out_, {})) {
      const auto half = [](const std::optional<Seen>& seen) {
        return seen ? std::to_string(seen->index) : "-";
      };
      texts.push_back(half(exchange.request) + '/' + half(exchange.response) +
                      (exchange.interim() ? " interim" : ""));
    }
    return texts;
  }
  using Texts = std::vector<std::string>;

  Matcher::Clock::time_point now_ = Matcher::Clock::now();
  std::vector<Exchange> out_;
  Matcher matcher_{[this](Exchange&& exchange) { out_.push_back(std::move(exchange)); }};
};

TEST_F(MatcherTest, AResponseIsJoinedToItsRequest) {
  matcher_.add(request(0), now_);
  matcher_.add(request(1), now_);
  EXPECT_EQ(taken(), Texts{});
  matcher_.add(response(1), now_);
  matcher_.add(response(0), now_);
  ASSERT_EQ(out_.size(), 2u);
  EXPECT_EQ(out_[0].latency_ns(), 250u);
  EXPECT_EQ(taken(), (Texts{"1/1", "0/0"}));
  EXPECT_EQ(matcher_.waiting(), 0u);
}

TEST_F(MatcherTest, AResponseThatComesFirstWaitsForItsRequest) {
  matcher_.add(response(0), now_);
  EXPECT_EQ(taken(), Texts{});
  matcher_.add(request(0), now_);
  EXPECT_EQ(taken(), Texts{"0/0"});
}

TEST_F(MatcherTest, EqualNumbersOfOtherConnectionsAreOthers) {
  matcher_.add(request(0, 1), now_);
  matcher_.add(response(0, 2), now_);
  Seen other_capture = response(0, 1);
  other_capture.source = 9;
  matcher_.add(other_capture, now_);
  EXPECT_EQ(taken(), Texts{});
  EXPECT_EQ(matcher_.waiting(), 3u);
}

TEST_F(MatcherTest, AnInterimResponseDoesNotTakeTheRequestsAnswer) {
  matcher_.add(request(0), now_);
  Seen interim = response(0);
  interim.interim = true;
  matcher_.add(interim, now_);
  matcher_.add(response(0), now_);
  EXPECT_EQ(taken(), (Texts{"0/0 interim", "0/0"}));
}

TEST_F(MatcherTest, AnInterimResponseWaitsForItsRequestWhichEndsAfterIt) {
  Seen interim = response(0);
  interim.interim = true;
  matcher_.add(interim, now_);
  matcher_.add(interim, now_);
  EXPECT_EQ(taken(), Texts{});
  matcher_.add(request(0), now_);
  matcher_.add(response(0), now_);
  EXPECT_EQ(taken(), (Texts{"0/0 interim", "0/0 interim", "0/0"}));
  // Not for ever, and not without bound.
  matcher_.add(interim, now_);
  matcher_.expire(now_ + 11s);
  EXPECT_EQ(taken(), Texts{"-/0 interim"});
  for (int i = 0; i < 300; ++i) matcher_.add(interim, now_);
  EXPECT_LT(matcher_.waiting(), 300u);
  matcher_.finish();
  EXPECT_EQ(taken().size(), 300u);
  EXPECT_EQ(matcher_.waiting(), 0u);
}

TEST_F(MatcherTest, WhatIsNeverAnsweredComesOutAlone) {
  matcher_.add(request(0), now_);
  matcher_.add(response(5), now_ + 1ms);
  matcher_.expire(now_ + 500ms);
  EXPECT_EQ(taken(), Texts{});
  matcher_.expire(now_ + 2s);
  EXPECT_EQ(taken(), Texts{"-/5"}) << "a response waits for its request a second";
  matcher_.expire(now_ + 11s);
  EXPECT_EQ(taken(), Texts{"0/-"});
}

TEST_F(MatcherTest, AnUnpairedResponseDoesNotWait) {
  Seen unpaired = response(3);
  unpaired.unpaired = true;
  matcher_.add(unpaired, now_);
  EXPECT_EQ(taken(), Texts{"-/3"});
}

TEST_F(MatcherTest, TheNumberOfThoseWaitingIsBoundedAndTheOldestGoFirst) {
  Matcher small([this](Exchange&& exchange) { out_.push_back(std::move(exchange)); },
                {.waiting_max = 2});
  for (std::uint32_t i = 0; i < 5; ++i) small.add(request(i), now_);
  EXPECT_EQ(taken(), (Texts{"0/-", "1/-", "2/-"}));
  small.finish();
  EXPECT_EQ(taken(), (Texts{"3/-", "4/-"}));
}

TEST_F(MatcherTest, TheMemoryOfThoseWaitingIsBounded) {
  Matcher small([this](Exchange&& exchange) { out_.push_back(std::move(exchange)); },
                {.bytes_max = 100'000});
  for (std::uint32_t i = 0; i < 10; ++i) {
    Seen large = request(i);
    large.body.assign(30'000, 'b');
    small.add(large, now_);
  }
  EXPECT_EQ(small.waiting(), 3u);
  EXPECT_EQ(out_.size(), 7u);
}

} // namespace
} // namespace xdpcap::sub
