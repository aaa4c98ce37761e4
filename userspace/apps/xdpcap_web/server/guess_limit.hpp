#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "core/mutex.hpp"

namespace xdpcap::web {

// How many wrong tokens a client may send: kBurst at once, then one a second, counted by address. A
// right token is never refused: it has 128 bits, so no rate finds it, and a limit that also stopped
// its owner would let any local user shut them out.
//
// Bounded: addresses beyond kAddressesMax share one allowance. Any thread.
class GuessLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Counts a wrong token. False: this address sent too many.
  bool count(const std::string& address, Time now);
  [[nodiscard]] std::uint64_t wrong() const;

  static constexpr double kBurst = 10, kPerSecond = 1;

 private:
  static constexpr std::size_t kAddressesMax = 1024;
  struct Allowance {
    double left = kBurst;
    Time at;
  };

  mutable Mutex mutex_;
  std::map<std::string, Allowance> allowances_ XDPCAP_GUARDED_BY(mutex_);
  Allowance shared_ XDPCAP_GUARDED_BY(mutex_);
  std::uint64_t wrong_ XDPCAP_GUARDED_BY(mutex_) = 0;
};

} // namespace xdpcap::web
