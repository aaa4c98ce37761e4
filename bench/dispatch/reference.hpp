#pragma once

#include <map>

#include "dispatch/contender.hpp"

namespace xdpcap::bench {

// Says what the right answer is: one thread, every packet in its turn, the
// standard library's plainest map.
inline Tally reference(const Setup& setup, std::initializer_list<Input> inputs) {
  struct Less {
    bool operator()(const wire::FlowKey& a, const wire::FlowKey& b) const noexcept {
      return a.low != b.low ? a.low < b.low : a.high < b.high;
    }
  };
  std::map<wire::FlowKey, Stream, Less> streams;
  Desk desk{{setup.factors.streams, setup.digests}};
  for (const Input& input : inputs) {
    for (const Packet& packet : input.all) {
      const auto at = streams.try_emplace(packet.segment.key).first;
      if (desk.process(at->second, packet, Pace{})) streams.erase(at);
    }
  }
  return desk.tally();
}

} // namespace xdpcap::bench
