#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xdpcap::capture {

// A BPF program on an interface.
struct AttachedProgram {
  std::uint32_t id = 0;
  std::string name; // empty where looking needs more privilege (CAP_SYS_ADMIN)
};

// The XDP program on the interface now, native or generic.
std::optional<AttachedProgram> attached_xdp_program(unsigned ifindex);

enum class TcSide : std::uint8_t { ingress, egress };

// The tcx programs of one side, in the order in which the kernel runs them: one that
// answers anything but "next" ends the row. Empty before Linux 6.6; nothing where the
// kernel does not answer (CAP_NET_ADMIN).
std::optional<std::vector<AttachedProgram>> tcx_programs(unsigned ifindex, TcSide side);

// What others have on the interface: XDP, tcx programs, tc filters; a phrase each.
std::vector<std::string> programs_of_others(unsigned ifindex);

// Makes a tcx link: before every program of another, behind those of other captures,
// which end nothing. Answers the descriptor, or an errno as a negative number.
int attach_tcx_first(unsigned ifindex, TcSide side, int program_fd);

// Where a bpf_link (tcx or XDP) is attached: 0 after somebody detached it, or its
// interface has gone. Needs no privilege.
unsigned attached_ifindex(int link_fd);

// The kernel's number of a program of ours.
std::uint32_t program_id(int program_fd);

// What the tc programs of this and every other capture are called.
inline constexpr const char* tap_program_name = "xdpcap_tap";

} // namespace xdpcap::capture
