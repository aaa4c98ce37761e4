#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/owned_fd.hpp"
#include "core/result.hpp"

namespace xdpcap::capture {

// The bytes of a file, or of standard input, in order. One thread.
class FileInput {
 public:
  // "-" is standard input. The error says what is wrong with the path.
  static Result<FileInput, Error> open(const std::string& path);

  // Fills `to` as far as the file goes, and answers how far that was.
  [[nodiscard]] std::size_t read(std::span<std::byte> to) noexcept;
  // The same, looking away.
  [[nodiscard]] std::size_t skip(std::size_t bytes) noexcept;

  // Something can be read without waiting, be it the end. A regular file always is.
  [[nodiscard]] bool is_ready() const noexcept;

  // Back to the first byte; false where that cannot be had (a pipe).
  [[nodiscard]] bool rewind() noexcept;

  // errno of the read that failed, or 0.
  [[nodiscard]] int failure() const noexcept { return failure_; }
  // For sentences: the path in quotes, or "standard input".
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  FileInput(OwnedFd fd, std::string name);
  [[nodiscard]] bool refill() noexcept;

  OwnedFd fd_;
  int failure_ = 0;
  std::string name_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0, end_ = 0; // what of the buffer was not handed out yet
};

} // namespace xdpcap::capture
