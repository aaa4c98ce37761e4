#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/error.hpp"
#include "core/owned_fd.hpp"
#include "core/result.hpp"
#include "wire/filter.hpp"

struct capture_bpf;

namespace xdpcap::capture {

// What the XDP program counted for one receive queue, summed over CPUs; every
// frame once: seen = not_ip + not_tcp + malformed + filtered + no_socket + redirected.
struct XdpCounts {
  std::uint64_t seen = 0, not_ip = 0, not_tcp = 0, malformed = 0, filtered = 0, no_socket = 0,
                redirected = 0;
  // Of the redirected ones:
  std::uint64_t fragments = 0, tunnels = 0, no_metadata = 0;
};

enum class XdpAttach { native, generic };
enum class MissAction { pass, drop };

struct XdpProgramOptions {
  std::uint16_t interface = 0; // the engine's number, put into each frame's metadata
  std::uint32_t queues = 1;    // receive queues of the interface
  MissAction miss = MissAction::pass;
  bool select = true; // false: everything goes to the sockets
  bool tunnels = true;
  bool udp = false;
  bool multi_buffer = false; // frames longer than a page (kernel 5.18)
};

// The XDP program of one interface with its maps. Attached by bpf_link: when the
// process ends, by any signal, the kernel detaches it. Cold path, one thread;
// counts() may be called from any.
class XdpProgram {
 public:
  // Loads into the kernel; attaches nothing yet.
  static Result<XdpProgram, Error> load(const XdpProgramOptions& options,
                                        const wire::Filter& filter);
  ~XdpProgram();
  XdpProgram(XdpProgram&&) noexcept;
  XdpProgram& operator=(XdpProgram&&) noexcept;

  // In the network namespace of the calling thread. Answers 0 or an errno, so
  // that the caller can try the next rung of its ladder.
  int attach(unsigned ifindex, XdpAttach how);
  // False after somebody detached it, or its interface has gone. Needs no privilege.
  [[nodiscard]] bool attached() const;
  // Once more, as the last time; 0 or an errno.
  int attach_again();
  // Detach before the sockets are closed: drivers free rings the program still fills.
  void detach() noexcept;

  // The socket that frames of `queue` go to, until it is closed or taken out.
  Result<void, Error> insert_socket(std::uint32_t queue, int socket_fd);
  // From now on nothing is redirected; what comes takes the no-socket action.
  void remove_sockets() noexcept;

  // One entry for each queue; needs no privilege.
  [[nodiscard]] std::vector<XdpCounts> counts() const;
  [[nodiscard]] int program_fd() const noexcept; // for tests with BPF_PROG_TEST_RUN

 private:
  struct Destroy {
    void operator()(capture_bpf* skeleton) const noexcept;
  };
  explicit XdpProgram(std::unique_ptr<capture_bpf, Destroy> skeleton,
                      std::uint32_t queues) noexcept;

  std::unique_ptr<capture_bpf, Destroy> skeleton_;
  std::uint32_t queues_;
  OwnedFd link_;
  unsigned ifindex_ = 0;
  XdpAttach how_ = XdpAttach::native;
};

} // namespace xdpcap::capture
