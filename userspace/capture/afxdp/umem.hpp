#pragma once

#include <xdp/xsk.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/region.hpp"

namespace xdpcap::capture {

// The memory that one AF_XDP socket receives into: equal frames, handed to the
// kernel through the fill ring and coming back through the RX ring
// (Documentation/networking/af_xdp.rst). The fill ring has room for every frame
// there is, so giving one back cannot fail. One thread.
class Umem {
 public:
  // The kernel keeps this much in front of a frame (XDP_PACKET_HEADROOM).
  static constexpr std::uint32_t headroom = 256;

  // `frames` and `frame_bytes` are powers of two, `frame_bytes` at most a page.
  // All frames are in the fill ring afterwards: drivers expect it full at bind.
  // On failure null, and `error` is an errno.
  static std::unique_ptr<Umem> create(std::uint32_t frames, std::uint32_t frame_bytes, int& error);
  ~Umem();
  Umem(const Umem&) = delete;
  Umem& operator=(const Umem&) = delete;

  // Where the kernel put the data it names by `address`.
  [[nodiscard]] std::byte* at(std::uint64_t address) const noexcept {
    return memory_.data() + address;
  }

  // Gives frames back to the kernel; any address inside a frame names it.
  void release(std::span<const std::uint64_t> addresses) noexcept;

  // The kernel asks to be woken, which zero-copy drivers do when they ran dry.
  [[nodiscard]] bool wants_wakeup() const noexcept {
    return xsk_ring_prod__needs_wakeup(&fill_) != 0;
  }

  [[nodiscard]] xsk_umem* handle() const noexcept { return umem_; }
  [[nodiscard]] std::uint32_t frames() const noexcept { return frames_; }
  [[nodiscard]] std::uint32_t frame_bytes() const noexcept { return frame_bytes_; }

 private:
  Umem(std::uint32_t frames, std::uint32_t frame_bytes);

  std::uint32_t frames_, frame_bytes_;
  Region memory_;
  // libxdp leaves the cached indices of rings as they are: without the braces it
  // starts from garbage and hands frames out twice.
  xsk_ring_prod fill_{};
  xsk_ring_cons completion_{};
  xsk_umem* umem_ = nullptr;
  std::vector<std::uint64_t>
      waiting_; // frames a full fill ring did not take; none, if the arithmetic above holds
};

} // namespace xdpcap::capture
