#include "apps/xdpcap_web/server/guess_limit.hpp"

#include <algorithm>

namespace xdpcap::web {

bool GuessLimit::count(const std::string& address, Time now) {
  const auto left_at = [now](const Allowance& allowance) {
    const std::chrono::duration<double> passed = now - allowance.at;
    return std::min(kBurst, allowance.left + std::max(0.0, passed.count()) * kPerSecond);
  };
  const MutexLock lock{mutex_};
  ++wrong_;
  auto known = allowances_.find(address);
  if (known == allowances_.end()) {
    if (allowances_.size() >= kAddressesMax)
      std::erase_if(allowances_, [&](const auto& each) { return left_at(each.second) >= kBurst; });
    if (allowances_.size() < kAddressesMax)
      known = allowances_.emplace(address, Allowance{kBurst, now}).first;
  }
  Allowance& allowance = known == allowances_.end() ? shared_ : known->second;
  allowance = {left_at(allowance), now};
  if (allowance.left < 1) return false;
  allowance.left -= 1;
  return true;
}

std::uint64_t GuessLimit::wrong() const {
  const MutexLock lock{mutex_};
  return wrong_;
}

} // namespace xdpcap::web
