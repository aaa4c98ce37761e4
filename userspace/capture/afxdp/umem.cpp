#include "capture/afxdp/umem.hpp"

#include <sys/mman.h>

#include <array>
#include <bit>
#include <cerrno>
#include <new>

#include "core/check.hpp"

namespace xdpcap::capture {
namespace {

constexpr std::uint32_t kCompletionRing = 64; // we never send; the kernel wants one all the same

} // namespace

Umem::Umem(std::uint32_t frames, std::uint32_t frame_bytes)
    : frames_(frames), frame_bytes_(frame_bytes), memory_(std::size_t{frames} * frame_bytes) {
  waiting_.reserve(frames);
}

Umem::~Umem() {
  if (umem_ != nullptr) ::xsk_umem__delete(umem_);
}

std::unique_ptr<Umem> Umem::create(std::uint32_t frames, std::uint32_t frame_bytes, int& error) {
  XDPCAP_CHECK(std::has_single_bit(frames) && std::has_single_bit(frame_bytes));
  std::unique_ptr<Umem> umem;
  try {
    umem.reset(new Umem(
        frames, frame_bytes)); // NOLINT(cppcoreguidelines-owning-memory): private constructor
  } catch (const std::bad_alloc&) {
    error = ENOMEM;
    return nullptr;
  }
  // A forked child would turn the pages the kernel writes into copies; huge pages
  // spare TLB misses where there are some.
  ::madvise(umem->memory_.data(), umem->memory_.size(), MADV_DONTFORK);
  ::madvise(umem->memory_.data(), umem->memory_.size(), MADV_HUGEPAGE);
  const xsk_umem_config config{.fill_size = frames,
                               .comp_size = kCompletionRing,
                               .frame_size = frame_bytes,
                               .frame_headroom = 0,
                               .flags = 0};
  error = -::xsk_umem__create(&umem->umem_, umem->memory_.data(), umem->memory_.size(),
                              &umem->fill_, &umem->completion_, &config);
  if (error != 0) {
    umem->umem_ = nullptr;
    return nullptr;
  }
  for (std::uint64_t frame = 0; frame < frames; ++frame)
    umem->release(std::array{frame * frame_bytes});
  return umem;
}

void Umem::release(std::span<const std::uint64_t> addresses) noexcept {
  waiting_.insert(waiting_.end(), addresses.begin(), addresses.end()); // within its reservation
  const auto count = static_cast<std::uint32_t>(waiting_.size());
  std::uint32_t first = 0;
  if (xsk_ring_prod__reserve(&fill_, count, &first) != count) return;
  const std::uint64_t frame_of = ~std::uint64_t{frame_bytes_ - 1};
  for (std::uint32_t i = 0; i < count; ++i) {
    *xsk_ring_prod__fill_addr(&fill_, first + i) = waiting_[i] & frame_of;
  }
  xsk_ring_prod__submit(&fill_, count);
  waiting_.clear();
}

} // namespace xdpcap::capture
