#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "support.hpp"

// Counts what a thread allocates while it is watched. operator new comes by here
// as well: the standard library's calls malloc. A sanitizer has its own malloc in
// the way, so there the counting is left to the other builds.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define XDPCAP_HOOKED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define XDPCAP_HOOKED 0
#endif
#endif
#ifndef XDPCAP_HOOKED
#define XDPCAP_HOOKED 1
#endif

namespace {
// volatile: a compiler may take it that operator new touches nothing of ours.
thread_local volatile bool watched = false;
thread_local volatile std::size_t allocations = 0;
} // namespace

#if XDPCAP_HOOKED
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* at, std::size_t size);

void* malloc(std::size_t size) {
  if (watched) allocations = allocations + 1;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  if (watched) allocations = allocations + 1;
  return __libc_calloc(count, size);
}
void* realloc(void* at, std::size_t size) {
  if (watched) allocations = allocations + 1;
  return __libc_realloc(at, size);
}
}
#endif

namespace xdpcap::publish::test {
namespace {

std::size_t allocations_of(auto&& work) {
  allocations = 0;
  watched = true;
  work();
  watched = false;
  return allocations;
}

TEST(NoAllocation, TheHookSeesAnAllocation) {
  if (!XDPCAP_HOOKED) GTEST_SKIP() << "a sanitizer owns malloc";
  int* volatile kept = nullptr;
  EXPECT_EQ(allocations_of([&] { kept = new int(3); }), 1u);
  delete kept;
}

TEST(NoAllocation, AnEncoderNeverAllocatesFromTheFirstMessageOn) {
  if (!XDPCAP_HOOKED) GTEST_SKIP() << "a sanitizer owns malloc";
  Doorbell doorbell;
  BatchLane lane({.normal_batches = 4, .normal_bytes = 16384, .large_batches = 1, .large_bytes = 65536}, 0, doorbell);
  Encoder encoder({.sensor = "sensor", .community_id = true}, lane);
  auto small = TestMessage::request("GET", "/", "Cookie: secret\r\nA: b\r\n").gap(0, 1, GapCause::network);
  auto large = TestMessage::response(200, "OK", "X: y\r\n").body(std::string(40'000, 'b')).trailers("T: u\r\n");
  const http::Message& request = small.get();
  const http::Message& response = large.get();
  const MessageContext with = context();
  const FlowRecord flow;
  const SegmentRecord segment;
  std::uint64_t batches = 0;

  EXPECT_EQ(allocations_of([&] {
              for (int round = 0; round < 2000; ++round) {
                encoder.add(request, with);
                for (int large_ones = round % 50 == 0 ? 2 : 0; large_ones > 0; --large_ones)
                  encoder.add(response, with);
                encoder.add(flow);
                encoder.add(segment);
                if (round % 3 == 0) encoder.flush();
                if (round % 400 < 200) continue; // the publisher falls behind: drops and cuts
                while (Batch* batch = lane.next()) {
                  ++batches;
                  lane.give_back(batch);
                }
              }
              encoder.close();
            }),
            0u);
  EXPECT_GT(batches, 100u);
  EXPECT_GT(encoder.counters().get(EncoderCount::messages_dropped_no_room), 0u);
  EXPECT_GT(encoder.counters().get(EncoderCount::messages_cut), 0u);
  EXPECT_GT(encoder.counters().get(EncoderCount::messages_masked), 500u);
}

} // namespace
} // namespace xdpcap::publish::test
