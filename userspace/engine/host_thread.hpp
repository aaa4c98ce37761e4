#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/mutex.hpp"
#include "engine/privileges.hpp"
#include "host/host_watch.hpp"
#include "publish/encoder.hpp"
#include "publish/publisher.hpp"

namespace xdpcap::engine {

struct HostThreadOptions {
  bool whole_host = false;
  std::chrono::nanoseconds period = std::chrono::seconds{1};
  std::vector<std::string> interfaces; // captured ones, in the order of their numbers
  std::size_t sockets_max = 65536;
  std::size_t processes_max = 8192;
  Duties duties; // what it becomes once it is set up
};

// The thread that watches the host and publishes what it sees on topic `socket`. It
// opens everything itself, because capabilities and namespaces are a thread's own, and
// then keeps only what it goes on needing:
//   nothing                          where one network namespace is watched
//   CAP_SYS_ADMIN, CAP_SYS_PTRACE    to enter the namespaces of other processes (whole_host)
//   CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH   to read descriptors in /proc, where the kernel has no BTF
// also as another user (--user), with everything else given up (Duties::host).
// Nothing it does holds up a worker; all records of a round fit into the batches there
// are, one after the other. The constructor waits until it is set up; all calls on one
// thread, counters may be read by any.
class HostThread {
 public:
  explicit HostThread(HostThreadOptions options);
  ~HostThread();
  HostThread(const HostThread&) = delete;
  HostThread& operator=(const HostThread&) = delete;

  [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }
  // Of setting up: then it must not be started.
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }

  // Both outlive stop().
  void start(publish::Encoder& encoder, const publish::Publisher& publisher);
  // Reports what is still to be reported, and ends.
  void stop();

  [[nodiscard]] const host::HostWatch& watch() const noexcept { return *watch_; }
  [[nodiscard]] const publish::Encoder* encoder() const noexcept { return encoder_; }
  // Records handed to the encoder.
  [[nodiscard]] std::uint64_t sockets_published() const noexcept {
    return sockets_published_.load(std::memory_order_relaxed);
  }

 private:
  void set_up();
  void run();
  void publish_round();
  void publish(const host::Socket& socket);
  [[nodiscard]] bool is_wanted() const noexcept;

  HostThreadOptions options_;
  std::vector<std::string> notes_;
  std::optional<Error> failure_;
  std::unique_ptr<host::HostWatch> watch_;
  std::atomic<publish::Encoder*> encoder_{nullptr}; // the ledger looks at it from other threads
  const publish::Publisher* publisher_ = nullptr;
  std::atomic<std::uint64_t> sockets_published_{0};

  enum class Phase : std::uint8_t { setting_up, ready, running, stopping };
  Mutex mutex_;
  CondVar changed_;
  std::atomic<Phase> phase_{Phase::setting_up};
  std::thread thread_;
};

} // namespace xdpcap::engine
