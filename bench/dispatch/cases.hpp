#pragma once

#include <string>
#include <vector>

#include "dispatch/workload.hpp"

namespace xdpcap::bench {

struct Case {
  Factors factors;

  [[nodiscard]] std::string name() const {
    constexpr const char* kMixes[] = {"small", "bulk", "ack_heavy"};
    constexpr const char* kPopularities[] = {"uniform", "zipf", "elephant"};
    return "streams:" + std::to_string(factors.streams) +
           "/workers:" + std::to_string(factors.workers) +
           "/mix:" + kMixes[static_cast<std::size_t>(factors.mix)] +
           "/popularity:" + kPopularities[static_cast<std::size_t>(factors.popularity)] +
           "/life:" + (factors.churn ? "churn" : "long") +
           "/out_of_order:" + std::to_string(factors.out_of_order_percent);
  }
};

// Not the full cross product: one factor at a time is changed from the base point.
inline std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::uint32_t streams : {1U, 10U, 100U, 1000U, 10'000U, 100'000U})
    all.push_back({{.streams = streams}});
  for (const std::uint32_t workers : {1U, 4U}) all.push_back({{.workers = workers}});
  all.push_back({{.mix = Mix::bulk}});
  all.push_back({{.mix = Mix::ack_heavy}});
  all.push_back({{.popularity = Popularity::zipf}});
  all.push_back({{.popularity = Popularity::elephant}});
  all.push_back({{.churn = true}});
  all.push_back({{.out_of_order_percent = 1}});
  all.push_back({{.out_of_order_percent = 5}});
  return all;
}

} // namespace xdpcap::bench
