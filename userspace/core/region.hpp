#pragma once

#include <cstddef>
#include <span>

namespace xdpcap {

// Memory taken from the kernel once, at start, and given back at the end. Pages
// are committed when first touched, so a generous region costs what is used of
// it and never more than its size.
class Region {
 public:
  Region() noexcept = default;
  // Throws std::bad_alloc where the address space or the limits refuse.
  explicit Region(std::size_t bytes);
  ~Region();

  Region(Region&& other) noexcept;
  Region& operator=(Region&& other) noexcept;
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // Bytes in all regions of the process. Any thread.
  [[nodiscard]] static std::size_t reserved() noexcept;

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace xdpcap
