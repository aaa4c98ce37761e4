#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "capture/afxdp/umem.hpp"
#include "capture/afxdp/xsk_socket.hpp"
#include "core/counters.hpp"
#include "core/region.hpp"
#include "wire/frame.hpp"

namespace xdpcap::capture {

enum class SourceCount : std::uint8_t {
  delivered, // frames handed to the worker
  delivered_bytes,
  joined,   // of delivered: came in several pieces (jumbo frames, super-packets)
  untimed,  // of delivered: without metadata, so the time of reading was taken
  oversize, // not delivered: more pieces than a burst holds
  count_,
};

// The frames of one queue of one interface, through AF_XDP; a FrameSource. Owns
// the socket and its memory. The worker's thread calls receive() and finished();
// stop(), counters(), statistics() may be called from any. Never allocates after
// construction.
class XskSource {
 public:
  static constexpr std::uint32_t burst_max = 64;

  // The frames of one receive(), in the order they came. They go back to the
  // kernel when the burst is destroyed; no view of them may be kept longer.
  class Burst {
   public:
    explicit Burst(XskSource& source) noexcept : source_(source) {}
    ~Burst() { source_.release_frames(); }
    Burst(const Burst&) = delete;
    Burst& operator=(const Burst&) = delete;

    [[nodiscard]] std::span<const wire::Frame> frames() const& noexcept {
      return {source_.frames_.data(), source_.frame_count_};
    }
    void frames() const&& = delete; // they would not outlive the statement
    [[nodiscard]] Instant now() const noexcept { return source_.now_; }

   private:
    XskSource& source_;
  };

  // `interface` is the engine's number: each frame gets it, and its metadata must name it.
  XskSource(std::unique_ptr<Umem> umem, std::unique_ptr<XskSocket> socket, std::uint16_t interface,
            std::uint32_t queue);
  ~XskSource() = default;
  XskSource(const XskSource&) = delete;
  XskSource& operator=(const XskSource&) = delete;

  // Waits up to `timeout_ms` for frames when there are none.
  [[nodiscard]] Burst receive(int timeout_ms = default_timeout_ms) noexcept;
  static constexpr int default_timeout_ms = 20;

  // Frames are in the ring, or there is an end to be noticed: receive() will not wait.
  [[nodiscard]] bool is_ready() noexcept {
    return !finished_ && (xsk_cons_nb_avail(&socket_->ring(), 1) != 0 ||
                          stopping_.load(std::memory_order_acquire));
  }

  // Told to stop and drained, or the interface was removed.
  [[nodiscard]] bool finished() const noexcept { return finished_; }
  void stop() noexcept { stopping_.store(true, std::memory_order_release); }

  [[nodiscard]] std::uint16_t interface() const noexcept { return interface_; }
  [[nodiscard]] std::uint32_t queue() const noexcept { return queue_; }
  [[nodiscard]] int fd() const noexcept { return socket_->fd(); }
  [[nodiscard]] const Counters<SourceCount>& counters() const noexcept { return counters_; }
  [[nodiscard]] XskStatistics statistics() const noexcept { return socket_->statistics(); }

 private:
  [[nodiscard]] std::uint32_t wait(std::uint32_t& first, int timeout_ms) noexcept;
  void read_burst(std::uint32_t first, std::uint32_t count) noexcept;
  [[nodiscard]] std::uint32_t join(std::uint32_t first, std::uint32_t count) noexcept;
  void add(Bytes bytes, std::byte* head) noexcept;
  void release_frames() noexcept;

  std::unique_ptr<Umem> umem_;
  std::unique_ptr<XskSocket> socket_; // closed before its memory goes
  Instant now_;
  std::uint16_t interface_;
  std::uint32_t queue_;
  bool finished_ = false;
  bool skipping_ = false; // inside a packet of too many pieces
  std::atomic<bool> stopping_{false};

  std::uint32_t frame_count_ = 0;
  std::uint32_t address_count_ = 0;
  std::uint64_t burst_bytes_ = 0;
  std::array<wire::Frame, burst_max> frames_;
  std::array<std::uint64_t, burst_max> addresses_{}; // of the burst, to be given back
  Region joined_;                                    // where pieces become one frame again
  std::size_t joined_used_ = 0;
  Counters<SourceCount> counters_;
};

} // namespace xdpcap::capture
