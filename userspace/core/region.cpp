#include "core/region.hpp"

#include <sys/mman.h>

#include <atomic>
#include <new>
#include <utility>

#include "core/check.hpp"

namespace xdpcap {
namespace {

std::atomic<std::size_t> reserved_bytes{0};

} // namespace

std::size_t Region::reserved() noexcept {
  return reserved_bytes.load(std::memory_order_relaxed);
}

Region::Region(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<std::byte*>(at);
  reserved_bytes.fetch_add(bytes, std::memory_order_relaxed);
}

Region::~Region() {
  if (data_ == nullptr) return;
  const int unmapped = ::munmap(data_, size_);
  XDPCAP_CHECK(unmapped == 0); // else these pages were never ours, or given back before
  const std::size_t before = reserved_bytes.fetch_sub(size_, std::memory_order_relaxed);
  XDPCAP_CHECK(before >= size_);
}

Region::Region(Region&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Region& Region::operator=(Region&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

} // namespace xdpcap
