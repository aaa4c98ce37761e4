// The contenders of bench/dispatch: each gives the reference's answer, and one that
// does not is found out.
#include <gtest/gtest.h>

#include <string>

#include "dispatch/contenders.hpp"
#include "dispatch/harness.hpp"

// Debian's oneTBB is not built with the thread sanitizer, which therefore does not
// see how it hands a task from thread to thread.
extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_suppressions() {
  return "race:tbb::detail\n";
}

namespace xdpcap::bench {
namespace {

constexpr std::uint32_t kPackets = 6000;

std::vector<Factors> kinds() {
  return {
      {.streams = 40},
      {.streams = 1, .workers = 1},
      {.streams = 40, .workers = 3, .mix = Mix::bulk, .out_of_order_percent = 5},
      {.streams = 40, .mix = Mix::ack_heavy, .popularity = Popularity::zipf},
      {.streams = 40, .popularity = Popularity::elephant, .out_of_order_percent = 1},
      {.streams = 40, .churn = true},
      {.streams = 40, .mix = Mix::bulk, .churn = true, .out_of_order_percent = 5},
  };
}

TEST(Workload, IsWholeHttpWithEveryPacketInItsPlace) {
  const Factors factors{.streams = 40};
  const Workload workload{factors, kPackets};
  Reference reference{{factors, true}};
  reference.run(workload.opening().all);
  EXPECT_EQ(reference.tally().messages, 80U); // one request and its response each
  reference.run(workload.steady().all);
  EXPECT_EQ(reference.tally().packets,
            workload.opening().all.size() + workload.steady().all.size());
  EXPECT_EQ(reference.tally().messages,
            80U + workload.steady().all.size()); // each small message is one segment
  EXPECT_EQ(reference.tally().order_violations, 0U);
}

TEST(Workload, StreamsOfAChurnComeAndGo) {
  const Factors factors{.streams = 40, .churn = true};
  const Workload workload{factors, kPackets};
  EXPECT_GT(workload.streams_opened(), 200U);
  EXPECT_TRUE(workload.opening().all.empty());
}

TEST(Contenders, GiveTheAnswerOfTheReference) {
  for_each_contender([]<Contender C>() {
    for (const Factors& factors : kinds()) EXPECT_EQ(prove<C>(factors, kPackets), "") << C::name;
  });
}

// Takes each pair of packets the wrong way round.
struct Swapping : Sharded<OwnMap> {
  using Sharded::Sharded;
  void run(const Input& input, const Pace& pace) {
    std::vector<Packet> swapped(input.all.begin(), input.all.end());
    for (std::size_t i = 0; i + 1 < swapped.size(); i += 2) std::swap(swapped[i], swapped[i + 1]);
    Sharded::run({swapped, {swapped}}, pace);
  }
};
// Forgets the last packet.
struct Forgetful : Sharded<OwnMap> {
  using Sharded::Sharded;
  void run(const Input& input, const Pace& pace) {
    const auto packets = input.all.first(input.all.size() - (input.all.empty() ? 0 : 1));
    Sharded::run({packets, {packets}}, pace);
  }
};

TEST(Contenders, ThatSwapOrForgetPacketsAreFoundOut) {
  const Factors factors{.streams = 4, .workers = 1};
  EXPECT_NE(prove<Swapping>(factors, kPackets), "");
  EXPECT_NE(prove<Forgetful>(factors, kPackets), "");
}

} // namespace
} // namespace xdpcap::bench
