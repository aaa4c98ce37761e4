#pragma once

#include <map>
#include <span>
#include <vector>

#include "dispatch/contender.hpp"

namespace xdpcap::bench {

// Says what the right answer is: one thread, every packet in its turn, the
// standard library's plainest map.
class Reference {
 public:
  explicit Reference(const Setup& setup) : desk_({setup.factors.streams, setup.digests}) {}

  void run(std::span<const Packet> packets) {
    for (const Packet& packet : packets) {
      const auto at = streams_.try_emplace(packet.segment.key).first;
      if (desk_.process(at->second, packet, Pace{})) streams_.erase(at);
    }
  }
  [[nodiscard]] const Tally& tally() const { return desk_.tally(); }

 private:
  struct Less {
    bool operator()(const wire::FlowKey& a, const wire::FlowKey& b) const noexcept {
      return a.low != b.low ? a.low < b.low : a.high < b.high;
    }
  };
  std::map<wire::FlowKey, Stream, Less> streams_;
  Desk desk_;
};

// The right answers at many places of a workload: after the opening, and after
// each `step` packets of the steady phase.
class Expected {
 public:
  static constexpr std::uint32_t step = 1024;

  Expected(const Setup& setup, const Workload& workload) {
    Reference reference{setup};
    reference.run(workload.opening().all);
    tallies_.push_back(reference.tally());
    for (auto rest = workload.steady().all; rest.size() >= step; rest = rest.subspan(step)) {
      reference.run(rest.first(step));
      tallies_.push_back(reference.tally());
    }
  }
  [[nodiscard]] std::uint32_t packets() const {
    return static_cast<std::uint32_t>(tallies_.size() - 1) * step;
  }
  // `packets` is a multiple of `step`.
  [[nodiscard]] const Tally& after(std::uint32_t packets) const { return tallies_[packets / step]; }

 private:
  std::vector<Tally> tallies_;
};

} // namespace xdpcap::bench
