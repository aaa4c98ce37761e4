#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/nic/attached_programs.hpp"
#include "capture/tap/clsact.hpp"
#include "core/error.hpp"
#include "core/owned_fd.hpp"
#include "core/result.hpp"
#include "wire/filter.hpp"

struct tap_bpf;

namespace xdpcap::capture {

// What the tc program counted, summed over CPUs and both directions. A packet is
// what tc sees, which with GSO becomes many frames in the tap:
// seen = not_ip + not_tcp + malformed + filtered + cloned + clone_errors.
struct TapCounts {
  std::uint64_t seen = 0, not_ip = 0, not_tcp = 0, malformed = 0, filtered = 0, cloned = 0,
                clone_errors = 0;
  // Of the cloned ones:
  std::uint64_t fragments = 0, tunnels = 0;
};

struct TapProgramOptions {
  unsigned tap_index = 0; // outer end of the tap
  std::uint32_t queues = 1;
  bool tunnels = true;
  bool udp = false;
};

enum class TapAttach {
  best,        // tcx, else clsact
  clsact_only, // as on kernels before 6.6
};

// The tc program that clones an interface's packets into a tap, and its place on
// that interface. By tcx links (kernel 6.6) it is gone when the process ends in
// any way; a clsact filter of older kernels is removed by the destructor, or by
// the next start on the same interface. Cold path, one thread; counts() any.
class TapProgram {
 public:
  static Result<TapProgram, Error> load(const TapProgramOptions& options,
                                        const wire::Filter& filter);
  ~TapProgram();
  TapProgram(TapProgram&&) noexcept;
  TapProgram& operator=(TapProgram&&) = delete;

  // `ingress_only`: on the loopback every packet passes both ways, one is enough.
  // Answers in words how it was done.
  Result<std::string, Error> attach(unsigned ifindex, TapAttach how, bool ingress_only);
  void detach() noexcept;

  struct Standing {
    bool attached = true; // in every direction that was attached
    bool preceded =
        false; // a program that is no capture's is asked first, as far as the kernel says
  };
  [[nodiscard]] Standing standing() const;
  // What somebody detached, once more; 0 or an errno.
  int attach_again();

  [[nodiscard]] TapCounts counts() const; // needs no privilege
  [[nodiscard]] int program_fd() const noexcept;

 private:
  struct Destroy {
    void operator()(tap_bpf* skeleton) const noexcept;
  };
  TapProgram(std::unique_ptr<tap_bpf, Destroy> skeleton, unsigned tap_index) noexcept;
  int attach_tcx();
  int attach_tcx(TcSide side, OwnedFd& link);
  [[nodiscard]] bool preceded(TcSide side) const;

  std::unique_ptr<tap_bpf, Destroy> skeleton_;
  unsigned tap_index_;
  unsigned ifindex_ = 0;
  bool ingress_only_ = false;
  std::vector<std::uint32_t>
      companions_; // programs of other captures, as they were when their names could be read
  OwnedFd ingress_, egress_;          // tcx links
  std::optional<ClsactPlace> clsact_; // filters to be removed
};

} // namespace xdpcap::capture
