#include "capture/afxdp/xsk_source.hpp"

#include <linux/if_xdp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "bpf/shared.h"
#include "capture/frame_source.hpp"
#include "core/live_clock.hpp"

namespace xdpcap::capture {

static_assert(FrameSource<XskSource>);

namespace {

constexpr std::uint32_t kContinues =
    1; // XDP_PKT_CONTD, kernel 6.6: the packet goes on in the next descriptor
constexpr std::uint32_t kPrefetchAhead = 4;

} // namespace

XskSource::XskSource(std::unique_ptr<Umem> umem, std::unique_ptr<XskSocket> socket,
                     std::uint16_t interface, std::uint32_t queue)
    : umem_(std::move(umem)),
      socket_(std::move(socket)),
      interface_(interface),
      queue_(queue),
      joined_(std::size_t{burst_max} * umem_->frame_bytes()) {
  now_ = LiveClock::now();
}

XskSource::Burst XskSource::receive(int timeout_ms) noexcept {
  // Read before the ring: frames that were there when stop() was called are still delivered.
  const bool stopping = stopping_.load(std::memory_order_acquire);
  std::uint32_t first = 0;
  std::uint32_t count = xsk_ring_cons__peek(&socket_->ring(), burst_max, &first);
  if (count == 0) [[unlikely]] {
    if (stopping) {
      finished_ = true;
    } else {
      count = wait(first, timeout_ms);
    }
  }
  if (count != 0) read_burst(first, count);
  return Burst(*this);
}

// Nothing is there: time passes, and the kernel may want to be woken, which
// poll() does. The clock is read before, not after, the wait: a frame that comes
// in at its end is then not older than now().
std::uint32_t XskSource::wait(std::uint32_t& first, int timeout_ms) noexcept {
  const Instant before = LiveClock::now();
  pollfd event{socket_->fd(), POLLIN, 0};
  ::poll(&event, 1, timeout_ms);
  const std::uint32_t count = xsk_ring_cons__peek(&socket_->ring(), burst_max, &first);
  if (count == 0) {
    now_ = std::max(now_, before);
    finished_ = socket_->is_dead();
  }
  return count;
}

void XskSource::read_burst(std::uint32_t first, std::uint32_t count) noexcept {
  xsk_ring_cons& ring = socket_->ring();
  std::uint32_t taken = 0;
  while (taken < count) {
    const xdp_desc& piece = *xsk_ring_cons__rx_desc(&ring, first + taken);
    if (taken + kPrefetchAhead < count) {
      __builtin_prefetch(
          umem_->at(xsk_ring_cons__rx_desc(&ring, first + taken + kPrefetchAhead)->addr) -
          sizeof(xdpcap_meta));
    }
    if ((piece.options & kContinues) != 0 || skipping_) [[unlikely]] {
      const std::uint32_t pieces = join(first + taken, count - taken);
      if (pieces == 0) break; // its end is not in the ring yet
      taken += pieces;
      continue;
    }
    addresses_[address_count_++] = piece.addr;
    add({umem_->at(piece.addr), piece.len}, umem_->at(piece.addr));
    ++taken;
  }
  if (taken < count) xsk_ring_cons__cancel(&ring, count - taken);
  xsk_ring_cons__release(&ring, taken);
  counters_.add(SourceCount::delivered, frame_count_);
  counters_.add(SourceCount::delivered_bytes, burst_bytes_);
}

// Copies the pieces of one packet together; answers how many descriptors that
// took, 0 when the last one is still to come. The metadata is before the first.
std::uint32_t XskSource::join(std::uint32_t first, std::uint32_t count) noexcept {
  xsk_ring_cons& ring = socket_->ring();
  std::uint32_t pieces = 0;
  bool ended = false;
  while (pieces < count && !ended) {
    ended = (xsk_ring_cons__rx_desc(&ring, first + pieces++)->options & kContinues) == 0;
  }
  if (!ended && pieces < burst_max && !skipping_) return 0;
  const bool whole = ended && !skipping_;
  std::byte* const start = joined_.data() + joined_used_;
  std::size_t length = 0;
  for (std::uint32_t i = 0; i < pieces; ++i) {
    const xdp_desc& piece = *xsk_ring_cons__rx_desc(&ring, first + i);
    addresses_[address_count_++] = piece.addr;
    if (!whole) continue;
    std::memcpy(start + length, umem_->at(piece.addr), piece.len);
    length += piece.len;
  }
  if (whole) {
    joined_used_ += length;
    counters_.add(SourceCount::joined);
    add({start, length}, umem_->at(xsk_ring_cons__rx_desc(&ring, first)->addr));
  } else if (ended) {
    counters_.add(SourceCount::oversize);
  }
  skipping_ = !ended;
  return pieces;
}

// `head` is where the kernel put the first byte; the metadata lies before it.
void XskSource::add(Bytes bytes, std::byte* head) noexcept {
  std::byte* const at = head - sizeof(xdpcap_meta);
  const auto meta = load_native<xdpcap_meta>(at);
  Instant arrived;
  if (meta.magic == (XDPCAP_META_MAGIC | interface_)) [[likely]] {
    arrived = LiveClock::from_monotonic(meta.time_ns);
    // The frame will be used again, perhaps by a packet without metadata.
    std::memset(at, 0, sizeof meta);
  } else {
    arrived = LiveClock::now();
    counters_.add(SourceCount::untimed);
  }
  now_ = std::max(now_, arrived);
  wire::Frame& frame = frames_[frame_count_++];
  frame.bytes = bytes;
  frame.wire_length = static_cast<std::uint32_t>(bytes.size());
  frame.arrived = arrived;
  frame.interface = interface_;
  burst_bytes_ += bytes.size();
}

void XskSource::release_frames() noexcept {
  if (address_count_ == 0) return;
  umem_->release({addresses_.data(), address_count_});
  // A zero-copy driver that ran out of frames sleeps until it is woken for new ones.
  if (umem_->wants_wakeup()) [[unlikely]]
    ::recvfrom(socket_->fd(), nullptr, 0, MSG_DONTWAIT, nullptr, nullptr);
  frame_count_ = 0;
  address_count_ = 0;
  joined_used_ = 0;
  burst_bytes_ = 0;
}

} // namespace xdpcap::capture
