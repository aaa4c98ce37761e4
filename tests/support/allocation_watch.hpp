#pragma once

#include <cstddef>

namespace xdpcap::test {

// Counts what the calling thread allocates between two points: malloc and all
// that ends in it. A sanitizer has its own malloc in the way; there the count stays
// 0 and `works()` is false, and the other builds prove what has to be proved.
class AllocationWatch {
 public:
  AllocationWatch() noexcept;
  ~AllocationWatch();
  AllocationWatch(const AllocationWatch&) = delete;
  AllocationWatch& operator=(const AllocationWatch&) = delete;

  [[nodiscard]] std::size_t count() const noexcept;
  [[nodiscard]] static bool works() noexcept;
};

} // namespace xdpcap::test
