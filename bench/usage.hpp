#pragma once

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <fstream>

namespace xdpcap::bench {

// What this process has used up so far, its threads together, also those that have ended.
struct Usage {
  double wall_s = 0;
  double cpu_s = 0;
  std::int64_t switches = 0; // of context, voluntary or not

  static Usage now() noexcept {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return {
        std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(),
        seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_nvcsw + used.ru_nivcsw};
  }
  friend Usage operator-(const Usage& after, const Usage& before) noexcept {
    return {after.wall_s - before.wall_s, after.cpu_s - before.cpu_s,
            after.switches - before.switches};
  }
};

// Memory of this process that is really there, after what is free was given back.
inline std::uint64_t resident_bytes() {
  ::malloc_trim(0);
  std::ifstream file{"/proc/self/statm"};
  std::uint64_t pages = 0;
  file >> pages >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace xdpcap::bench
