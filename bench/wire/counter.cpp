// wire-counter INTERFACE: takes frames as xdpcap-run does, with the same sockets,
// memory and XDP program, counts them and gives them back. What no capture built
// on this can exceed.
//
// Prints "ready" on standard error when it captures, ends on SIGTERM or SIGINT,
// and then prints what it counted as one JSON object.
#include <fmt/core.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <thread>

#include "capture/live_capture.hpp"
#include "engine/config.hpp"
#include "engine/memory_plan.hpp"

namespace xdpcap::bench {
namespace {

volatile std::sig_atomic_t ended = 0;

struct Count {
  std::uint64_t frames = 0, bytes = 0;
};

void count(capture::LiveSource& source, Count& seen) {
  while (!source.finished()) {
    const auto burst = source.receive();
    for (const wire::Frame& frame : burst.frames()) {
      ++seen.frames;
      seen.bytes += frame.wire_length;
    }
  }
}

int fail(const Error& error) {
  fmt::print(stderr, "wire-counter: {}\n", error.message);
  return static_cast<int>(error.code);
}

int run(const char* interface) {
  const engine::Config defaults;
  const auto plan = engine::plan_memory({.limit = defaults.memory_limit,
                                         .workers = 1,
                                         .live = true,
                                         .publishes = false,
                                         .body_max = defaults.body_max,
                                         .head_max = defaults.head_max});
  if (!plan) return fail(plan.error());
  capture::LiveOptions options;
  options.interfaces.push_back({interface, {}});
  options.mode = capture::CaptureMode::mirror;
  options.frames_per_queue = static_cast<std::uint32_t>(plan->umem_frames);
  options.ring = static_cast<std::uint32_t>(plan->umem_frames / 2);
  auto opened = capture::LiveCapture::open(options);
  if (!opened) return fail(opened.error());
  Count seen;
  std::thread worker([&] { count(*opened->source(0), seen); });
  ::pthread_setname_np(worker.native_handle(),
                       "xdpcap-worker"); // as in xdpcap-run: its CPU time is compared
  fmt::print(stderr, "ready\n");
  while (ended == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  opened->stop();
  worker.join();
  const capture::LiveLedger ledger = opened->close();
  const capture::QueueLedger& queue = ledger.interfaces.at(0).queues.at(0);
  fmt::print(R"({{"frames": {}, "bytes": {}, "seen": {}, "rx_dropped": {}, )"
             R"("rx_ring_full": {}, "elsewhere": {}}})"
             "\n",
             seen.frames, seen.bytes, queue.xdp.seen, queue.socket.rx_dropped,
             queue.socket.rx_ring_full, queue.elsewhere());
  return 0;
}

} // namespace
} // namespace xdpcap::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "wire-counter INTERFACE\n");
    return 1;
  }
  for (const int signal : {SIGINT, SIGTERM})
    std::signal(signal, [](int) { xdpcap::bench::ended = 1; });
  try {
    return xdpcap::bench::run(argv[1]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "wire-counter: {}\n", error.what());
    return 2;
  }
}
