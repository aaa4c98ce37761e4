#pragma once

#include <string>

namespace xdpcap::sub {

// Standard output, written in whole lines as soon as there is nothing more to add.
class Output {
 public:
  std::string& text() noexcept { return text_; }
  // Writes what has gathered. Answers false where standard output is gone for good.
  bool flush();
  [[nodiscard]] bool full() const noexcept { return text_.size() >= kEnough; }
  // errno of the failure, or 0.
  [[nodiscard]] int failure() const noexcept { return failure_; }

 private:
  static constexpr std::size_t kEnough = std::size_t{64} << 10;
  std::string text_;
  int failure_ = 0;
};

} // namespace xdpcap::sub
