#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace xdpcap::web {

// Bytes that may wait for clients at once, of all of them together. Any thread.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  // Gives its bytes back when it goes. The budget outlives it.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() {
      if (budget_ != nullptr) budget_->used_ -= bytes_;
    }
    explicit operator bool() const noexcept { return budget_ != nullptr; }

   private:
    friend class ByteBudget;
    Share(ByteBudget* budget, std::size_t bytes) : budget_(budget), bytes_(bytes) {}
    ByteBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
  };

  // An empty share where there is no room.
  [[nodiscard]] Share reserve(std::size_t bytes) {
    if (used_.fetch_add(bytes) + bytes <= bytes_max_) return {this, bytes};
    used_ -= bytes;
    return {};
  }
  [[nodiscard]] std::size_t used() const noexcept { return used_; }
  [[nodiscard]] std::size_t bytes_max() const noexcept { return bytes_max_; }
  [[nodiscard]] bool is_full() const noexcept { return used_ >= bytes_max_; }

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> used_{0};
};

} // namespace xdpcap::web
