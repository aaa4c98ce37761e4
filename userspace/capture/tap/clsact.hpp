#pragma once

#include <cstdint>

#include "core/result.hpp"

namespace xdpcap::capture {

// Filters of the clsact queueing discipline, for kernels without tcx links. They
// outlive the process that was killed; so each is marked with the interface index
// of its tap, and one whose tap is gone is a leftover that anybody may remove.
// Filters of others are never touched, nor is a clsact that somebody else made.
struct ClsactPlace {
  unsigned ifindex = 0;
  std::uint32_t handle = 0;                                // of our filters: the index of the tap
  std::uint32_t ingress_priority = 0, egress_priority = 0; // 0: no filter there
  bool made_qdisc = false;

  // Attaches the program in both directions, or only to what comes in, as early in
  // the row as it goes. An errno where it cannot.
  static Result<ClsactPlace, int> attach(unsigned ifindex, int program_fd, unsigned tap_index,
                                         bool ingress_only);

  // Removes the filters; clsact itself only if it was made here and holds nothing.
  void remove() const noexcept;

  struct Standing {
    bool attached = true;  // our filters are there, as far as the kernel says
    bool preceded = false; // one of another is asked before ours
  };
  [[nodiscard]] Standing standing() const;
};

// Filters on the interface that are of no capture.
int foreign_clsact_filters(unsigned ifindex);

// Removes filters of ours whose tap is gone; answers how many.
int remove_clsact_leftovers(unsigned ifindex);

} // namespace xdpcap::capture
