#pragma once

namespace xdpcap::capture {

// Filters of the clsact queueing discipline, for kernels without tcx links. They
// outlive the process that was killed; so each is marked with the interface index
// of its tap, and one whose tap is gone is a leftover that anybody may remove.

// Attaches the program in both directions, or only to what comes in. 0 or an errno.
int attach_clsact(unsigned ifindex, int program_fd, unsigned tap_index, bool ingress_only);

// Removes what attach_clsact() with the same tap made, and clsact itself when
// nothing else uses it.
void detach_clsact(unsigned ifindex, unsigned tap_index) noexcept;

// Removes filters of ours whose tap is gone; answers how many.
int remove_clsact_leftovers(unsigned ifindex);

} // namespace xdpcap::capture
