#include "http/pairing.hpp"

#include <gtest/gtest.h>

namespace xdpcap::http {
namespace {

class PairingTest : public testing::Test {
 protected:
  // A request that follows something its client received.
  std::uint32_t ask(RequestKind kind = RequestKind::plain) { return request(kind, true); }
  // One that follows another at once.
  std::uint32_t ask_at_once(RequestKind kind = RequestKind::plain) { return request(kind, false); }
  Pairing::Answered answer() { return pairing_.on_response(false, slabs_); }
  Pairing::Answered answer_behind_loss() { return pairing_.on_response(true, slabs_); }

  ~PairingTest() override {
    pairing_.release(slabs_);
    EXPECT_EQ(slabs_.in_use(), 0U);
  }

  Pairing pairing_{};
  SlabPool slabs_{1024, 2};
  unsigned untracked_ = 0;

 private:
  std::uint32_t request(RequestKind kind, bool reacting) {
    bool tracked = true;
    const std::uint32_t index = pairing_.on_request(kind, reacting, slabs_, tracked);
    untracked_ += tracked ? 0 : 1;
    return index;
  }
};

TEST_F(PairingTest, ResponsesAnswerRequestsInTheirOrder) {
  EXPECT_EQ(ask(RequestKind::head), 0U);
  EXPECT_EQ(ask_at_once(), 1U);
  EXPECT_EQ(ask_at_once(RequestKind::connect), 2U);
  for (const RequestKind kind : {RequestKind::head, RequestKind::plain, RequestKind::connect}) {
    const auto answered = answer();
    EXPECT_EQ(answered.request, kind);
    EXPECT_TRUE(answered.known);
  }
}

TEST_F(PairingTest, AnInterimResponseLeavesItsRequestToBeAnswered) {
  ask(RequestKind::head);
  EXPECT_EQ(pairing_.on_interim().index, 0U);
  EXPECT_EQ(pairing_.on_interim().request, RequestKind::head);
  EXPECT_EQ(answer().request, RequestKind::head);
}

TEST_F(PairingTest, RemembersThousandsOfRequestsInOrder) {
  for (unsigned i = 0; i < 1000; ++i)
    ask_at_once(i % 3 == 0 ? RequestKind::head : RequestKind::plain);
  EXPECT_EQ(untracked_, 0U);
  for (unsigned i = 0; i < 1000; ++i) {
    ASSERT_EQ(answer().request, i % 3 == 0 ? RequestKind::head : RequestKind::plain) << i;
    ask_at_once((1000 + i) % 3 == 0 ? RequestKind::head : RequestKind::plain);
  }
  for (unsigned i = 1000; i < 2000; ++i) {
    ASSERT_EQ(answer().request, i % 3 == 0 ? RequestKind::head : RequestKind::plain) << i;
  }
  EXPECT_EQ(slabs_.in_use(), 0U);
}

TEST_F(PairingTest, TakesRequestsBeyondItsMemoryForPlainAndStaysInStep) {
  constexpr unsigned kMany = 3000;
  for (unsigned i = 0; i < kMany; ++i) ask_at_once(RequestKind::head);
  EXPECT_GT(untracked_, 0U);
  const unsigned remembered = kMany - untracked_;
  for (unsigned i = 0; i < kMany; ++i) {
    const auto answered = answer();
    ASSERT_EQ(answered.index, i);
    ASSERT_EQ(answered.request, i < remembered ? RequestKind::head : RequestKind::plain) << i;
  }
  ask(RequestKind::head);
  EXPECT_EQ(answer().request, RequestKind::head);
}

TEST_F(PairingTest, ComesIntoStepAgainAlsoAfterMoreRequestsThanItCanCount) {
  constexpr unsigned kMany = 100'000;
  for (unsigned i = 0; i < kMany; ++i) ask_at_once(RequestKind::head);
  for (unsigned i = 0; i < kMany; ++i) answer();
  ask(RequestKind::head);
  const auto answered = answer();
  EXPECT_EQ(answered.index, kMany);
  EXPECT_EQ(answered.request, RequestKind::head);
  EXPECT_TRUE(answered.known);
}

TEST_F(PairingTest, AResponseThatIsSeenBeforeItsRequestKeepsItsNumber) {
  EXPECT_FALSE(answer().known);
  EXPECT_EQ(ask(RequestKind::head), 0U); // answered already
  EXPECT_EQ(ask(), 1U);
  const auto second = answer();
  EXPECT_EQ(second.index, 1U);
  EXPECT_EQ(second.request, RequestKind::plain);
  EXPECT_TRUE(second.known);
}

TEST_F(PairingTest, InAConnectionPickedUpInTheMiddleTheFirstAnswerBelongsToARequestNobodySaw) {
  pairing_.assume_lost_requests();
  EXPECT_FALSE(answer().known);
  EXPECT_EQ(ask(RequestKind::head), 1U);
  const auto second = answer();
  EXPECT_EQ(second.index, 1U);
  EXPECT_EQ(second.request, RequestKind::head);
  EXPECT_TRUE(second.known);
}

TEST_F(PairingTest, ALostRequestIsCountedWhenItsAnswerComes) {
  ask();
  answer();
  pairing_.on_requests_lost();
  EXPECT_FALSE(answer().known);
  EXPECT_EQ(ask(RequestKind::head), 2U);
  EXPECT_EQ(answer().request, RequestKind::head);
}

TEST_F(PairingTest, ALostRequestIsCountedAlsoWhenItsLossIsKnownAfterItsAnswer) {
  EXPECT_FALSE(answer().known);
  pairing_.on_requests_lost();
  EXPECT_EQ(ask(RequestKind::head), 1U);
  EXPECT_EQ(answer().request, RequestKind::head);
}

TEST_F(PairingTest, BehindALostAnswerTheNewestRequestIsTheOneAnswered) {
  ask(RequestKind::head); // its answer is lost
  ask();
  pairing_.on_responses_lost();
  const auto answered = answer_behind_loss();
  EXPECT_EQ(answered.index, 1U);
  EXPECT_EQ(answered.request, RequestKind::plain);
  EXPECT_TRUE(answered.known);
}

TEST_F(PairingTest, AQuestionAfterALostAnswerForgetsTheEarlierOnes) {
  ask(RequestKind::head);
  pairing_.on_responses_lost();
  EXPECT_EQ(ask(), 1U);
  EXPECT_EQ(answer().request, RequestKind::plain);
}

TEST_F(PairingTest, WhereAClientPipelinesALossMakesPairingUncertainUntilItReactsToAnAnswer) {
  ask();
  ask_at_once();
  answer();
  ask_at_once();
  ask_at_once(RequestKind::head);
  pairing_.on_responses_lost();
  EXPECT_FALSE(answer_behind_loss().known);
  EXPECT_FALSE(answer().known);
  EXPECT_EQ(ask(RequestKind::head), 4U);
  const auto certain = answer();
  EXPECT_EQ(certain.index, 4U);
  EXPECT_EQ(certain.request, RequestKind::head);
  EXPECT_TRUE(certain.known);
}

} // namespace
} // namespace xdpcap::http
