#pragma once

#include <time.h>

#include <cstdint>

namespace xdpcap::host {

inline std::int64_t clock_ns(clockid_t clock) noexcept {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// When processes started, as UTC. That names a process, so it must not wander with the wall clock:
// it goes by one comparison, and by the kernel's clock ticks, as /proc says no more. One thread.
class HostClock {
 public:
  static constexpr std::int64_t kTickNs = 10'000'000; // USER_HZ is 100 wherever this runs

  HostClock() noexcept
      : boot_ns_(whole_seconds(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME))) {}

  // Of a process that started so many ticks after the boot.
  [[nodiscard]] std::uint64_t started_ns(std::uint64_t ticks) const noexcept {
    return static_cast<std::uint64_t>(boot_ns_ + static_cast<std::int64_t>(ticks) * kTickNs);
  }
  static constexpr std::uint64_t ticks_of(std::uint64_t boottime_ns) noexcept {
    return boottime_ns / static_cast<std::uint64_t>(kTickNs);
  }

 private:
  // Two runs must agree when a process started, for that names it; readings differ by microseconds.
  static constexpr std::int64_t whole_seconds(std::int64_t ns) noexcept {
    constexpr std::int64_t kSecondNs = 1'000'000'000;
    return (ns + kSecondNs / 2) / kSecondNs * kSecondNs;
  }

  std::int64_t boot_ns_;
};

} // namespace xdpcap::host
