#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/error.hpp"
#include "core/result.hpp"
#include "host/process_table.hpp"

struct ring_buffer;
struct sockets_bpf;
struct xdpcap_socket_event;

namespace xdpcap::host {

// What the probe reports; both are called inside poll(), what they get is borrowed.
struct ProbeSink {
  std::function<void(const ProcessNews&)> on_process; // before the first event that names it
  std::function<void(const xdpcap_socket_event&)> on_socket;
};

// The BPF programs that look at TCP sockets being opened, accepted, used and closed
// (bpf/sockets.bpf.c). They only look, hold no packet, and are gone when the process
// ends in any way. Loading needs CAP_BPF and CAP_PERFMON, all else nothing. One thread.
class SocketProbe {
 public:
  // `network_namespace`: only sockets in the one with that inode; 0: all.
  static Result<std::unique_ptr<SocketProbe>, Error> open(std::uint32_t network_namespace,
                                                          ProbeSink sink);
  ~SocketProbe();
  SocketProbe(const SocketProbe&) = delete;
  SocketProbe& operator=(const SocketProbe&) = delete;

  // Waits at most so long for events and hands on all there are. Answers how many.
  int poll(int timeout_ms);
  // Events that the ring had no room for, or that the kernel passed over, so far.
  [[nodiscard]] std::uint64_t lost() const noexcept;
  // Whether accept() itself is seen; else the first read, or the end, tells the owner.
  [[nodiscard]] bool sees_accept() const noexcept { return sees_accept_; }

  // Goes through every descriptor of every process and hands on (cookie, pid, start of
  // the process on CLOCK_BOOTTIME) of those that are TCP or UDP sockets. False where
  // the kernel does not let it.
  using OwnerVisitor = std::function<void(std::uint64_t, std::uint32_t, std::uint64_t)>;
  bool each_owner(const OwnerVisitor& visit);

 private:
  explicit SocketProbe(ProbeSink sink);
  static int on_event(void* self, void* data, std::size_t bytes);

  struct Destroy {
    void operator()(sockets_bpf* skeleton) const noexcept;
    void operator()(ring_buffer* ring) const noexcept;
  };
  ProbeSink sink_;
  std::unique_ptr<sockets_bpf, Destroy> skeleton_;
  std::unique_ptr<ring_buffer, Destroy> ring_;
  bool sees_accept_ = false;
};

} // namespace xdpcap::host
