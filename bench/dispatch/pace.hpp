#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace xdpcap::bench {

// When packets come. In a closed loop each is there as soon as somebody wants it;
// in an open loop each has its time, however late its predecessors are, and the
// time from then to its being done is its latency. Any thread.
class Pace {
 public:
  Pace() = default; // a closed loop
  // An open loop of `packets` from `first_number` on. `latencies_ns`, indexed from 0, gets one
  // entry for each.
  Pace(double packets_per_s, std::uint32_t first_number, std::vector<std::uint32_t>& latencies_ns)
      : start_ns_(now_ns() + 200'000),
        ns_per_packet_(1e9 / packets_per_s),
        first_number_(first_number),
        latencies_ns_(latencies_ns.data()) {}

  [[nodiscard]] bool is_due(std::uint32_t number) const noexcept {
    return latencies_ns_ == nullptr || now_ns() >= due_ns(number);
  }
  // Gives the processor to whoever else has work, as a poll would.
  void wait_for(std::uint32_t number) const noexcept {
    while (!is_due(number)) std::this_thread::yield();
  }
  void note_done(std::uint32_t number) const noexcept {
    if (latencies_ns_ == nullptr) [[likely]]
      return;
    latencies_ns_[number - first_number_] = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(now_ns() - due_ns(number), 0, UINT32_MAX));
  }

 private:
  static std::int64_t now_ns() noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  [[nodiscard]] std::int64_t due_ns(std::uint32_t number) const noexcept {
    return start_ns_ + static_cast<std::int64_t>(ns_per_packet_ * (number - first_number_));
  }

  std::int64_t start_ns_ = 0;
  double ns_per_packet_ = 0;
  std::uint32_t first_number_ = 0;
  std::uint32_t* latencies_ns_ = nullptr;
};

} // namespace xdpcap::bench
